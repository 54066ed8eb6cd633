//! Part B of the contract on the wakers of this lesson, as far as a waker without an executor can
//! be asked. The white halves (B5, B12, B13) are not here: `sync.rs` names loom's words only under
//! `--cfg loom_model`, and then no word works outside of a model, so that no other check could run.
//! They are `parker_*` and `atomic_waker_*` in `tests/models`: `just loom`.

use std::{sync::Arc, task::Waker};

use harness::{
    Subject, Work,
    waker::{Target, Tested},
};
use lesson_waker::{s1_raw_waker, s2_wake, s4_counting::Counting, s8_parker::Parker};

pub fn stages() -> Vec<Subject<Tested>> {
    vec![
        Subject::new(
            "s1-raw-waker",
            Tested::calls(|target: Target| s1_raw_waker::waker(Arc::new(s1_raw_waker::OnWake(move || target.woken())))),
        ),
        Subject::new(
            "s2-wake",
            Tested::calls(|target: Target| s2_wake::waker(Arc::new(s2_wake::OnWake(move || target.woken())))),
        ),
        Subject::new("s3-noop", Tested::inert(|| Waker::noop().clone())),
        Subject::new(
            "s4-counting",
            Tested::counts(|| {
                let counting = Counting::new(Waker::noop().clone());
                let references = Arc::downgrade(&counting);
                let counts = references.clone();
                let woken = move || counts.upgrade().map_or(0, |counting| counting.by_value() + counting.by_ref());
                let waker = Waker::from(Arc::clone(&counting));
                let keeps = counting;
                (
                    waker,
                    move || {
                        let _ = &keeps;
                        woken()
                    },
                    move || references.strong_count(),
                )
            }),
        ),
        Subject::new("s8-parker", Tested::block_on(block_on)),
    ]
}

/// As much of an executor as stands on a parker: one future, driven to its end.
fn block_on(mut future: Work) {
    let parker = Parker::new();
    let waker = parker.waker();
    while future.as_mut().poll(&mut std::task::Context::from_waker(&waker)).is_pending() {
        parker.park();
    }
}
