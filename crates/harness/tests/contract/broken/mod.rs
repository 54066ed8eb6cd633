//! Futures, wakers, executors and servers that are broken in one place each. A table says exactly
//! which checks each of them fails. A check that no broken subject fails does not count.

use harness::{Check, Subject, Suite, executor, future, waker};

mod executors;
mod futures;
#[cfg(feature = "chat")]
pub mod servers;
mod wakers;

/// The checks that a subject fails, each with the reason.
type Fails = &'static [(&'static str, &'static str)];

/// Which checks the default run leaves to `just long`.
struct Sample {
    /// Checks that take long on every subject. By default they run on the subjects that fail them,
    /// and on those with nothing wrong.
    heavy: &'static [&'static str],
    /// Further checks that take seconds on one subject, by its name: most of them wait for
    /// something that never happens.
    slow: &'static [(&'static str, &'static [&'static str])],
}

impl Sample {
    fn of<S>(&self, subjects: Vec<Subject<S>>) -> Vec<Subject<S>> {
        for (name, _) in self.slow {
            assert!(subjects.iter().any(|subject| subject.name == *name), "no subject is called {name}");
        }
        subjects.into_iter().map(|subject| self.sampled(subject)).collect()
    }

    fn sampled<S>(&self, subject: Subject<S>) -> Subject<S> {
        let runs_all = subject.name.ends_with("nothing-wrong");
        let fails = |id: &str| subject.fails.iter().any(|(failed, _)| *failed == id);
        let heavy = self.heavy.iter().filter(|id| !runs_all && !fails(id));
        let slow = self.slow.iter().filter(|(name, _)| *name == subject.name).flat_map(|(_, ids)| *ids);
        let long: Vec<_> = heavy.chain(slow).copied().collect();
        subject.long(long.leak())
    }
}

/// Adds all subjects to a suite.
pub fn add_to(suite: Suite) -> Suite {
    #[cfg(feature = "chat")]
    let suite = suite.checks(&harness::chat::CHECKS, servers::subjects());
    suite
        .checks(&executor::CHECKS, executors::subjects())
        .checks(&waker::CHECKS, wakers::subjects())
        .checks(&future::CHECKS, futures::subjects())
        .alone("each_check_is_failed_by_default", each_check_is_failed_by_default)
}

fn each_check_is_failed_by_default() {
    #[cfg(feature = "chat")]
    assert_each_is_failed(&harness::chat::CHECKS, &servers::subjects());
    assert_each_is_failed(&executor::CHECKS, &executors::subjects());
    assert_each_is_failed(&waker::CHECKS, &wakers::subjects());
    assert_each_is_failed(&future::CHECKS, &futures::subjects());
}

fn assert_each_is_failed<S>(checks: &[Check<S>], subjects: &[Subject<S>]) {
    let fails =
        |subject: &Subject<S>, id| subject.fails.iter().any(|(failed, _)| *failed == id) && !subject.long.contains(&id);
    for Check { id, .. } in checks {
        assert!(subjects.iter().any(|subject| fails(subject, id)), "no subject of the default run fails {id}");
    }
}
