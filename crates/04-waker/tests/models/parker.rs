//! The parker: an unpark before, while or after it parks is not lost, and each shows what came
//! before it.

use std::sync::{Arc, atomic::Ordering::Relaxed};

use lesson_waker::s8_parker::Parker;
use loom::{sync::atomic::AtomicBool, thread};

#[test]
fn parker_sees_what_came_before_the_unpark() {
    loom::model(|| {
        let (parker, flag) = (Parker::new(), Arc::new(AtomicBool::new(false)));
        let (unparker, there) = (Arc::clone(parker.unparker()), Arc::clone(&flag));
        let thread = thread::spawn(move || {
            there.store(true, Relaxed);
            unparker.unpark();
        });
        parker.park();
        assert!(flag.load(Relaxed), "there was one unpark, and what came before it is not seen");
        thread.join().unwrap();
    });
}

/// The token of the thread is anybody's, and the park looks at its word each time it wakes up.
#[test]
fn parker_does_not_mind_unparks_by_others() {
    loom::model(|| {
        let (parker, flag) = (Parker::new(), Arc::new(AtomicBool::new(false)));
        let (unparker, there) = (Arc::clone(parker.unparker()), Arc::clone(&flag));
        let parked = thread::current();
        let thread = thread::spawn(move || {
            parked.unpark();
            there.store(true, Relaxed);
            unparker.unpark();
        });
        parker.park();
        assert!(flag.load(Relaxed), "the park ended before the unpark that it waits for");
        thread.join().unwrap();
    });
}

/// B12: also the unpark that finds the word notified already.
#[test]
fn parker_answers_two_unparks_at_once_and_sees_both() {
    loom::model(|| {
        let (parker, flags) = (Parker::new(), Arc::new([AtomicBool::new(false), AtomicBool::new(false)]));
        let threads = [0, 1].map(|number| {
            let (unparker, flags) = (Arc::clone(parker.unparker()), Arc::clone(&flags));
            thread::spawn(move || {
                flags[number].store(true, Relaxed);
                unparker.unpark();
            })
        });
        while !flags.iter().all(|flag| flag.load(Relaxed)) {
            parker.park();
        }
        threads.into_iter().for_each(|thread| thread.join().unwrap());
    });
}
