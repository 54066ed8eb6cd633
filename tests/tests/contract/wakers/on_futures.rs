//! The wakers that `futures` makes outside its executors: in `FuturesUnordered`, in `Shared`, and
//! of an `Arc`.

use std::{cell::RefCell, sync::Arc};

use futures::{
    FutureExt, StreamExt,
    executor::block_on,
    stream::FuturesUnordered,
    task::{self, ArcWake},
};
use harness::{
    Executor, Subject, Work,
    probe::{self, WakerProbe},
    waker::{Target, Tested},
};

/// A `FuturesUnordered` as an executor: it polls the children that are woken.
struct InASet {
    set: RefCell<FuturesUnordered<Work>>,
    parent: RefCell<WakerProbe>,
}

impl Executor for InASet {
    fn spawn(&self, work: Work) {
        self.set.borrow().push(work);
    }

    fn run(&self) {
        let parent = self.parent.borrow().clone();
        loop {
            let before = parent.woken();
            let mut set = self.set.borrow_mut();
            let mut next = probe::Task::new(set.next()).with(&parent);
            if next.poll().is_pending() && parent.woken() == before || set.is_empty() {
                return;
            }
        }
    }

    fn inside_wake(&self, hook: Box<dyn Fn() + Send + Sync>) -> bool {
        *self.parent.borrow_mut() = WakerProbe::new().on_wake(hook);
        true
    }
}

struct OnArcWake(Target);

impl ArcWake for OnArcWake {
    fn wake_by_ref(this: &Arc<Self>) {
        this.0.woken();
    }
}

fn in_a_set() -> InASet {
    InASet { set: RefCell::default(), parent: RefCell::default() }
}

pub fn subjects() -> Vec<Subject<Tested>> {
    vec![
        Subject::new("futures-unordered", Tested::executor(in_a_set)).long(&["B15"]),
        Subject::new("futures-shared", Tested::block_on(|work| block_on(work.shared()))),
        Subject::new("futures-arc-wake", Tested::calls(|target| task::waker(Arc::new(OnArcWake(target))))),
        Subject::new("futures-noop", Tested::inert(task::noop_waker)),
    ]
}
