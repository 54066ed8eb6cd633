//! A delay that a test decides about: its thread waits at a gate, and the test sees when that
//! thread has ended.

use std::{
    cell::Cell,
    sync::mpsc::{Receiver, Sender, channel},
};

use harness::probe::Gate;

thread_local! {
    /// Goes when its thread ends.
    static ALIVE: Cell<Option<Sender<()>>> = const { Cell::new(None) };
}

/// What a delay waits for, and the test's side of it.
pub fn gated() -> (impl FnOnce() + Send + 'static, Opener) {
    let (gate, (alive, ended)) = (Gate::new(), channel());
    let opener = Opener { gate: gate.clone(), ended };
    let wait = move || {
        ALIVE.set(Some(alive));
        gate.wait();
    };
    (wait, opener)
}

/// Opens the gate.
pub struct Opener {
    gate: Gate,
    ended: Receiver<()>,
}

impl Opener {
    /// Opens it.
    pub fn open(&self) {
        self.gate.open();
    }

    /// Opens it, and returns once the delay's thread has ended, or the delay was dropped before it
    /// had one.
    pub fn open_and_wait(&self) {
        self.open();
        self.ended.recv().expect_err("nobody sends anything");
    }
}
