//! The queue of a worker. The worker pushes and pops while another one steals. Each entry is taken
//! once.

use std::{
    future::ready,
    sync::{Arc, Mutex},
};

use lesson_fast_executor::{
    parts::{
        shared_owner::SharedOwner,
        task::{Schedule, ScheduledTask},
    },
    s3_stealing::ring::{RING_SIZE, TaskRing, ring},
};
use loom::thread;

use super::tools::{Dropped, bounded};

/// Keeps the scheduled tasks in a mutex that is not part of the model.
#[derive(Default)]
struct Kept(Mutex<Vec<ScheduledTask>>);

impl Schedule for Kept {
    fn schedule(&self, woken: ScheduledTask) {
        self.0.lock().unwrap().push(woken);
    }

    fn close(&self) {}
}

/// This many entries, and a function for each that counts the drops of its future. It shows a task
/// that was run twice, or never.
fn entries(count: usize) -> (SharedOwner<Kept>, Vec<ScheduledTask>, Vec<impl Fn() -> usize>) {
    let owner = SharedOwner::new(Kept::default());
    let drops = (0..count).map(|_| {
        let (held, drops) = Dropped::new();
        drop(owner.spawn(async move { drop(held) }));
        drops
    });
    let drops = drops.collect();
    let entries = owner.scheduler().0.lock().unwrap().drain(..).collect();
    (owner, entries, drops)
}

/// A thief, which steals into a queue of its own and then takes the tasks from there.
fn thief(from: Arc<TaskRing>) -> thread::JoinHandle<Vec<ScheduledTask>> {
    thief_who_comes(1, from)
}

/// A thief that steals this many times.
fn thief_who_comes(times: usize, from: Arc<TaskRing>) -> thread::JoinHandle<Vec<ScheduledTask>> {
    thread::spawn(move || {
        let (own, _) = ring();
        let mut stolen = Vec::new();
        for _ in 0..times {
            stolen.extend(own.steal(&from, RING_SIZE).map(|(first, _)| first));
            stolen.extend(std::iter::from_fn(|| own.pop()));
        }
        stolen
    })
}

fn all_are_taken(owner: &SharedOwner<Kept>, taken: Vec<ScheduledTask>, drops: &[impl Fn() -> usize]) {
    assert_eq!(taken.len(), drops.len(), "entries that were taken");
    for woken in taken {
        owner.run(woken);
    }
    drops.iter().for_each(|drops| assert_eq!(drops(), 1, "each task is run, once"));
}

#[test]
fn ring_is_taken_from_by_two() {
    loom::model(|| {
        let (owner, entries, drops) = entries(3);
        let (own, others) = ring();
        let thief = thief(others);
        for woken in entries {
            assert!(own.push(woken).is_ok());
        }
        let mut taken: Vec<_> = std::iter::from_fn(|| own.pop()).collect();
        taken.extend(thief.join().unwrap());
        all_are_taken(&owner, taken, &drops);
    });
}

/// Slots are used again while a thief may still look at their old entries.
#[test]
fn ring_begins_anew() {
    bounded(3, || {
        let (owner, mut entries, drops) = entries(RING_SIZE + 2);
        let (own, others) = ring();
        let late = entries.split_off(RING_SIZE);
        for woken in entries {
            assert!(own.push(woken).is_ok());
        }
        let thief = thief(others);
        let mut taken: Vec<_> = [own.pop(), own.pop()].into_iter().flatten().collect();
        for woken in late {
            assert!(own.push(woken).is_ok());
        }
        taken.extend(std::iter::from_fn(|| own.pop()));
        taken.extend(thief.join().unwrap());
        all_are_taken(&owner, taken, &drops);
    });
}

/// A push into a full ring moves half of it out. A thief may make room meanwhile, twice: then there
/// is less than half.
#[test]
fn ring_overflows() {
    bounded(3, || {
        let (owner, entries, drops) = entries(RING_SIZE + 1);
        let (own, others) = ring();
        let thief = thief_who_comes(2, others);
        let mut taken: Vec<_> = entries.into_iter().filter_map(|woken| own.push(woken).err()).flatten().collect();
        assert!([0, RING_SIZE / 2 + 1].contains(&taken.len()));
        taken.extend(std::iter::from_fn(|| own.pop()));
        taken.extend(thief.join().unwrap());
        all_are_taken(&owner, taken, &drops);
    });
}

/// The worker takes everything at once while a thief takes half.
#[test]
fn ring_is_emptied() {
    loom::model(|| {
        let (owner, entries, drops) = entries(3);
        let (own, others) = ring();
        let thief = thief(others);
        for woken in entries {
            assert!(own.push(woken).is_ok());
        }
        let mut taken = own.take_all();
        assert!(own.pop().is_none(), "only its worker fills a queue");
        taken.extend(thief.join().unwrap());
        all_are_taken(&owner, taken, &drops);
    });
}

/// Two thieves compete.
#[test]
fn ring_has_two_thieves() {
    bounded(3, || {
        let (owner, entries, drops) = entries(RING_SIZE);
        let (own, others) = ring();
        for woken in entries {
            assert!(own.push(woken).is_ok());
        }
        let thieves = [thief(Arc::clone(&others)), thief(others)];
        let mut taken = Vec::new();
        for thief in thieves {
            taken.extend(thief.join().unwrap());
        }
        taken.extend(std::iter::from_fn(|| own.pop()));
        all_are_taken(&owner, taken, &drops);
    });
}

/// The owner closes while another thread spawns, and while it runs a task.
#[test]
fn shared_owner_closes() {
    loom::model(|| {
        let owner = Arc::new(SharedOwner::new(Kept::default()));
        let ((early, early_drops), (late, late_drops)) = (Dropped::new(), Dropped::new());
        let (held, _) = owner.spawn(async move {
            let _early = early;
            ready(()).await;
        });
        let entry = owner.scheduler().0.lock().unwrap().pop().unwrap();
        let theirs = Arc::clone(&owner);
        let thread = thread::spawn(move || {
            theirs.run(entry);
            drop(theirs.spawn(async move { drop(late) }));
        });
        owner.close();
        thread.join().unwrap();
        // A real scheduler that is closed drops such an entry.
        owner.scheduler().0.lock().unwrap().clear();
        drop(held);
        assert_eq!([early_drops(), late_drops()], [1, 1], "drops of the futures");
    });
}
