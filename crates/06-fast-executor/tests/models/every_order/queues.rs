//! The injector. A worker takes its share while another one takes its own share, or steals from the
//! first share.

use std::{iter::from_fn, sync::Arc};

use lesson_fast_executor::{
    parts::{
        shared_owner::SharedOwner,
        task::{Schedule, ScheduledTask},
    },
    s3_stealing::{
        injector::Injector,
        ring::{LocalRing, RING_SIZE, TaskRing, ring},
    },
};
use loom::thread;

use super::tools::{Dropped, bounded};

struct All(Injector);

impl Schedule for All {
    fn schedule(&self, woken: ScheduledTask) {
        self.0.push([woken]);
    }

    fn close(&self) {
        self.0.close();
    }
}

/// A worker that looks everywhere once. It steals first, before the lock of the injector has shown
/// it anything.
fn work(own: &LocalRing, all: &Injector, other: &TaskRing) -> Vec<ScheduledTask> {
    let mut taken: Vec<_> = own.steal(other, RING_SIZE).map(|(first, _)| first).into_iter().collect();
    taken.extend(all.take(own, 2));
    taken.extend(from_fn(|| own.pop()));
    taken
}

/// Meanwhile a task is pushed from outside, by the thread that is then the second worker. Each
/// entry is taken once.
#[test]
fn queues_give_each_entry_to_one() {
    bounded(3, || {
        let owner = Arc::new(SharedOwner::new(All(Injector::new())));
        let spawn = || {
            let (held, drops) = Dropped::new();
            drop(owner.spawn(async move { drop(held) }));
            drops
        };
        let mut drops = vec![spawn(), spawn(), spawn()];
        let ((first, first_ring), (second, second_ring)) = (ring(), ring());
        let theirs = Arc::clone(&owner);
        let worker = thread::spawn(move || work(&first, &theirs.scheduler().0, &second_ring));
        drops.push(spawn());
        let all = &owner.scheduler().0;
        let mut taken = work(&second, all, &first_ring);
        taken.extend(worker.join().unwrap());
        taken.extend(from_fn(|| all.take_one()));
        assert_eq!(taken.len(), drops.len(), "entries that were taken");
        for woken in taken {
            owner.run(woken);
        }
        drops.iter().for_each(|drops| assert_eq!(drops(), 1, "each task is run, once"));
    });
}
