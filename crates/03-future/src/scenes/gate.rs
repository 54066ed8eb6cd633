//! A gate that a delay waits at instead of a clock, until the scene opens it.

use std::{
    cell::Cell,
    sync::mpsc::{Receiver, Sender, channel},
};

/// What a delay of a scene waits for.
pub struct Gate {
    open: Sender<()>,
    ended: Receiver<()>,
}

thread_local! {
    /// Dropped when its thread ends: so a scene sees that the thread of a delay has ended.
    static ALIVE: Cell<Option<Sender<()>>> = const { Cell::new(None) };
}

impl Gate {
    /// A gate, and a function that blocks until the gate is open.
    pub fn new() -> (Gate, impl FnOnce() + Send + 'static) {
        let ((open, opened), (alive, ended)) = (channel(), channel());
        let wait = move || {
            ALIVE.set(Some(alive));
            // An error says that the scene has dropped its gate.
            let _ = opened.recv();
        };
        (Gate { open, ended }, wait)
    }

    /// Opens it, and returns once the thread that waited at it has ended.
    pub fn open(self) {
        drop(self.open);
        self.ended.recv().expect_err("nobody sends anything");
    }
}
