//! The waker that a traced future gets. All clones of one share a data pointer, so that `will_wake`
//! says what it would say of the runtime's wakers, and one clone of the runtime's waker, which is
//! made when the first of them is.
#![allow(unsafe_code)]

use std::{
    mem::{self, ManuallyDrop},
    sync::{
        Arc, OnceLock, Weak,
        atomic::{AtomicPtr, Ordering::Relaxed},
    },
    task::{RawWaker, RawWakerVTable, Waker},
};

use tracing::trace;

use crate::event::TARGET;

/// One waker of a task: what all of its clones point to.
///
/// It is borrowed from the runtime as long as nobody has cloned it, which can only be during one
/// poll; from the first clone on it has a clone of the runtime's waker as its own, and goes with
/// the last of its clones.
#[derive(Debug)]
pub struct Handed {
    task: u64,
    number: u64,
    /// The runtime's waker of the poll for which this was made. Only a waker that was lent to that
    /// poll reads it.
    lent: AtomicPtr<Waker>,
    /// Set before the first clone exists, and never changed.
    own: OnceLock<Waker>,
}

/// The wakers of one task that still have clones, and the number of the last one.
#[derive(Debug)]
pub struct Generations {
    task: u64,
    number: u64,
    /// Whose waker the last poll was given.
    seen: (u64, u64),
    alive: Vec<Weak<Handed>>,
}

static VTABLE: RawWakerVTable = RawWakerVTable::new(clone, wake, wake_by_ref, release);

/// Calls `poll` with a waker that stands for `handed`. What `handed` was made for must be this very
/// poll, or it must have clones: so [`Generations::for_poll`] gives it.
pub fn lend<T>(handed: Arc<Handed>, poll: impl FnOnce(&Waker) -> T) -> T {
    // SAFETY: the functions of the vtable ask for a pointer to a `Handed` in a live `Arc`. `handed`
    // keeps it alive until after `poll`, and the waker is never dropped, since it owns no share of
    // the `Arc`; its clones own one each.
    let waker = ManuallyDrop::new(unsafe { Waker::new(Arc::as_ptr(&handed).cast(), &VTABLE) });
    poll(&waker)
}

impl Generations {
    /// Those of a new task.
    pub fn new(task: u64) -> Self {
        Generations { task, number: 0, seen: (0, 0), alive: Vec::new() }
    }

    /// What stands for the runtime's waker in the poll that begins: the same as before if it wakes
    /// the same.
    pub fn for_poll(&mut self, runtime: &Waker) -> Arc<Handed> {
        let seen = identity(runtime);
        self.alive.retain(|handed| handed.strong_count() > 0);
        let mut alive = self.alive.iter().filter_map(Weak::upgrade);
        let same = alive.find(|handed| handed.own.get().is_some_and(|own| own.will_wake(runtime)));
        let handed = same.unwrap_or_else(|| {
            // The same again, with no clone left of the one before, is the same waker to whoever
            // looks on.
            let number = if self.seen == seen { self.number } else { self.number + 1 };
            let lent = AtomicPtr::new(std::ptr::from_ref(runtime).cast_mut());
            let handed = Arc::new(Handed { task: self.task, number, lent, own: OnceLock::new() });
            self.alive.push(Arc::downgrade(&handed));
            handed
        });
        (self.seen, self.number) = (seen, handed.number);
        handed
    }
}

/// What two wakers of a runtime have in common exactly if they are the same to whoever looks on.
fn identity(runtime: &Waker) -> (u64, u64) {
    if std::ptr::eq(runtime.vtable(), &raw const VTABLE) {
        // SAFETY: wakers of our vtable point to a `Handed` in a live `Arc`.
        let outer = unsafe { &*runtime.data().cast::<Handed>() };
        // An outer task's waker that nobody keeps may be at another address in each poll: with a
        // sanitizer it is.
        return (outer.task, outer.number);
    }
    (runtime.data().addr() as u64, std::ptr::from_ref(runtime.vtable()).addr() as u64)
}

impl Handed {
    /// Its number among the wakers of its task, from 1 on.
    pub fn number(&self) -> u64 {
        self.number
    }

    /// The runtime's waker.
    fn runtime(&self) -> &Waker {
        self.own.get().unwrap_or_else(|| {
            let lent = self.lent.load(Relaxed);
            // SAFETY: `own` is not set, so there is no clone, and whoever calls holds the waker
            // that was lent to the poll for which this was made. It cannot outlive that poll, and
            // neither does the pointer.
            unsafe { &*lent }
        })
    }

    /// Takes a clone of the runtime's waker, unless there is one.
    fn keep(&self) {
        if self.own.get().is_none() {
            let own = self.runtime().clone();
            // Of two threads that clone at once one is late; its clone of the runtime's waker is
            // dropped here.
            let late = self.own.set(own);
            drop(late);
        }
    }
}

/// Takes back the report of a clone, if the runtime's waker panicked when it was to be cloned.
struct OnUnwind<'a>(&'a Handed);

impl Drop for OnUnwind<'_> {
    fn drop(&mut self) {
        trace!(target: TARGET, event = "release", task = self.0.task, waker = self.0.number);
    }
}

unsafe fn clone(data: *const ()) -> RawWaker {
    // SAFETY: `data` is of a waker of this vtable, which points to a `Handed` in a live `Arc`; the
    // caller borrows it.
    let handed = unsafe { &*data.cast::<Handed>() };
    trace!(target: TARGET, event = "clone", task = handed.task, waker = handed.number);
    let unwinding = OnUnwind(handed);
    handed.keep();
    mem::forget(unwinding);
    // SAFETY: as above; the new waker owns the share that is added.
    unsafe { Arc::increment_strong_count(data.cast::<Handed>()) };
    RawWaker::new(data, &VTABLE)
}

unsafe fn wake(data: *const ()) {
    // SAFETY: only a clone is woken by value, and it gives up its share of the `Arc` here, also if
    // the wake unwinds.
    let handed = unsafe { Arc::from_raw(data.cast::<Handed>()) };
    trace!(target: TARGET, event = "wake", task = handed.task, waker = handed.number, by = "value");
    match Arc::try_unwrap(handed) {
        Ok(Handed { own, .. }) => own.into_inner().expect("a clone was made, so there is one of the runtime's").wake(),
        Err(handed) => handed.runtime().wake_by_ref(),
    }
}

unsafe fn wake_by_ref(data: *const ()) {
    // SAFETY: as in `clone`.
    let handed = unsafe { &*data.cast::<Handed>() };
    trace!(target: TARGET, event = "wake", task = handed.task, waker = handed.number, by = "ref");
    handed.runtime().wake_by_ref();
}

unsafe fn release(data: *const ()) {
    // SAFETY: only clones are dropped, and each gives up its share of the `Arc` here.
    let handed = unsafe { Arc::from_raw(data.cast::<Handed>()) };
    trace!(target: TARGET, event = "release", task = handed.task, waker = handed.number);
    drop(handed);
}

#[cfg(test)]
#[expect(clippy::waker_clone_wake, reason = "what a clone does is what is tested")]
mod tests {
    use std::{
        future::{Future, poll_fn},
        panic::{AssertUnwindSafe, catch_unwind},
        pin::Pin,
        sync::{
            Barrier, Mutex,
            atomic::{AtomicIsize, Ordering::SeqCst},
        },
        task::{Context, Poll},
        thread,
    };

    use tracing_subscriber::layer::SubscriberExt;

    use super::*;
    use crate::{Event, Recording, Traced};

    /// A runtime whose waker does as it is told whenever it is cloned, woken or dropped.
    struct Runtime {
        wakes: AtomicIsize,
        hook: Box<dyn Fn(&str) + Send + Sync>,
    }

    static PROBE: RawWakerVTable = RawWakerVTable::new(
        |data| {
            // SAFETY: a waker of this vtable owns a share of an `Arc` of a `Runtime`, and this one
            // is borrowed.
            let runtime = ManuallyDrop::new(unsafe { Arc::from_raw(data.cast::<Runtime>()) });
            (runtime.hook)("clone");
            runtime.raw_waker()
        },
        |data| {
            // SAFETY: as above, and this one is used up.
            let runtime = unsafe { Arc::from_raw(data.cast::<Runtime>()) };
            runtime.wakes.fetch_add(1, SeqCst);
            (runtime.hook)("wake");
        },
        |data| {
            // SAFETY: as for `clone`.
            let runtime = ManuallyDrop::new(unsafe { Arc::from_raw(data.cast::<Runtime>()) });
            runtime.wakes.fetch_add(1, SeqCst);
            (runtime.hook)("wake");
        },
        |data| {
            // SAFETY: as for a wake by value.
            let runtime = unsafe { Arc::from_raw(data.cast::<Runtime>()) };
            (runtime.hook)("drop");
        },
    );

    impl Runtime {
        fn new(hook: impl Fn(&str) + Send + Sync + 'static) -> Arc<Runtime> {
            Arc::new(Runtime { wakes: AtomicIsize::new(0), hook: Box::new(hook) })
        }

        fn raw_waker(self: &Arc<Self>) -> RawWaker {
            RawWaker::new(Arc::into_raw(self.clone()).cast(), &PROBE)
        }

        fn poll<F: Future>(self: &Arc<Self>, future: Pin<&mut F>) -> Poll<F::Output> {
            // SAFETY: the functions of `PROBE` are right for what `raw_waker` makes.
            let waker = unsafe { Waker::from_raw(self.raw_waker()) };
            future.poll(&mut Context::from_waker(&waker))
        }

        /// How many wakers of it there are, and how often they were woken.
        fn counts(self: &Arc<Self>) -> (usize, isize) {
            (Arc::strong_count(self) - 1, self.wakes.load(SeqCst))
        }
    }

    /// Records on this thread, and gives the names of the events about wakers.
    fn recorded(body: impl FnOnce()) -> Vec<&'static str> {
        let (layer, recording) = Recording::layer();
        tracing::subscriber::with_default(tracing_subscriber::registry().with(layer), body);
        let timeline = recording.finish();
        let of_wakers =
            |event: &&Event| matches!(event, Event::Clone { .. } | Event::Wake { .. } | Event::Release { .. });
        timeline.records().iter().map(|record| &record.event).filter(of_wakers).map(Event::name).collect()
    }

    fn panics(body: impl FnOnce()) -> bool {
        catch_unwind(AssertUnwindSafe(body)).is_err()
    }

    /// A hook that panics at the first call for `what`.
    fn panics_once_at(what: &'static str) -> impl Fn(&str) + Send + Sync {
        let left = AtomicIsize::new(1);
        move |now| assert!(now != what || left.fetch_sub(1, SeqCst) != 1, "on purpose")
    }

    #[test]
    fn a_panic_in_the_runtimes_clone_leaves_no_clone_behind() {
        let runtime = Runtime::new(panics_once_at("clone"));
        let events = recorded(|| {
            let future = poll_fn(|context| {
                assert!(panics(|| drop(context.waker().clone())));
                drop(context.waker().clone());
                context.waker().wake_by_ref();
                Poll::Ready(())
            });
            assert!(runtime.poll(Box::pin(Traced::new("clone", future)).as_mut()).is_ready());
        });
        assert_eq!(events, ["clone", "release", "clone", "release", "wake"]);
        assert_eq!(runtime.counts(), (0, 1));
    }

    #[test]
    fn a_panic_in_the_runtimes_wake_uses_up_what_was_woken_by_value_and_nothing_else() {
        let by_value: fn(&Waker) = |waker| waker.clone().wake();
        for (wake, events) in [
            (by_value, ["clone", "clone", "wake", "wake"].as_slice()),
            (Waker::wake_by_ref, &["clone", "wake", "wake"]),
        ] {
            let runtime = Runtime::new(panics_once_at("wake"));
            let recorded = recorded(|| {
                let future = poll_fn(|context| {
                    let kept = context.waker().clone();
                    assert!(panics(|| wake(&kept)));
                    kept.wake();
                    Poll::Ready(())
                });
                assert!(runtime.poll(Box::pin(Traced::new("wake", future)).as_mut()).is_ready());
            });
            assert_eq!(recorded, events);
            assert_eq!(runtime.counts(), (0, 2));
        }
    }

    #[test]
    fn a_panic_in_the_runtimes_drop_drops_nothing_twice() {
        let runtime = Runtime::new(panics_once_at("drop"));
        let events = recorded(|| {
            let mut kept = None;
            {
                let future = poll_fn(|context| {
                    kept = Some(context.waker().clone());
                    Poll::Ready(())
                });
                // The waker that `poll` lent is dropped first, and panics.
                let mut future = Box::pin(Traced::new("drop", future));
                assert!(panics(|| _ = runtime.poll(future.as_mut())));
            }
            kept.unwrap().wake();
        });
        assert_eq!(events, ["clone", "wake"]);
        assert_eq!(runtime.counts(), (0, 1));
    }

    #[test]
    fn of_two_clones_at_once_one_clone_of_the_runtimes_is_too_many_and_dropped() {
        let both = Barrier::new(2);
        let runtime = Runtime::new(move |what| {
            if what == "clone" {
                _ = both.wait()
            }
        });
        recorded(|| {
            let future = poll_fn(|context| {
                let waker = context.waker();
                thread::scope(|scope| {
                    scope.spawn(|| waker.clone().wake());
                    waker.clone().wake();
                });
                Poll::Ready(())
            });
            assert!(runtime.poll(Box::pin(Traced::new("two", future)).as_mut()).is_ready());
        });
        assert_eq!(runtime.counts(), (0, 2));
    }

    #[test]
    fn a_runtime_may_use_the_handed_waker_while_its_own_is_cloned_woken_or_dropped() {
        static SHELF: Mutex<Vec<Waker>> = Mutex::new(Vec::new());
        // Each use of the runtime's waker takes a clone of the handed one, clones it, wakes by the
        // one and drops the other.
        let runtime = Runtime::new(|_| {
            let taken = SHELF.lock().unwrap().pop();
            if let Some(waker) = taken {
                waker.clone().wake();
            }
        });
        recorded(|| {
            let future = poll_fn(|context| {
                let waker = context.waker().clone();
                SHELF.lock().unwrap().extend([waker.clone(), waker.clone(), waker.clone()]);
                waker.wake();
                Poll::<()>::Pending
            });
            let mut future = Box::pin(Traced::new("again", future));
            assert!(runtime.poll(future.as_mut()).is_pending());
            assert!(runtime.poll(future.as_mut()).is_pending());
        });
        SHELF.lock().unwrap().clear();
        assert_eq!(runtime.counts(), (0, 8), "one at each poll, and by each of the three on the shelf");
    }
}
