//! Who may go to another thread, as the compiler sees it.

use std::rc::Rc;

use harness::future::{Facts, Otherwise as _};
use lesson_executor::{
    parts::task::{AbortHandle, JoinHandle, Woken},
    s4_spawn::{Executor, Spawner},
    s5_pool, s6_stealing, s7_fast,
};

#[test]
fn handles_and_entries_may_go_and_executors_stay() {
    const {
        assert!(Facts::<JoinHandle<u32>>::SEND && Facts::<AbortHandle>::SEND && Facts::<Woken>::SEND);
        assert!(!Facts::<JoinHandle<Rc<u32>>>::SEND, "it carries its output");
        assert!(!Facts::<Executor>::SEND && !Facts::<Spawner>::SEND, "their futures stay on their thread");
    }
}

#[test]
fn in_stage_7_only_what_aborts_may_go() {
    const {
        assert!(Facts::<s7_fast::AbortHandle>::SEND && Facts::<s7_fast::AbortHandle>::SYNC);
        assert!(!Facts::<s7_fast::JoinHandle<u32>>::SEND && !Facts::<s7_fast::JoinHandle<u32>>::SYNC);
        assert!(!Facts::<s7_fast::Executor>::SEND && !Facts::<s7_fast::Spawner>::SEND);
        assert!(Facts::<s7_fast::JoinHandle<std::marker::PhantomPinned>>::UNPIN);
    }
}

#[test]
fn pools_may_go_anywhere_and_be_used_by_many_at_once() {
    const {
        assert!(Facts::<s5_pool::Executor>::SEND && Facts::<s5_pool::Spawner>::SEND);
        assert!(Facts::<s6_stealing::Executor>::SEND && Facts::<s6_stealing::Spawner>::SEND);
        // A reference may be sent if what it refers to may be shared.
        assert!(Facts::<&s5_pool::Executor>::SEND && Facts::<&s5_pool::Spawner>::SEND);
        assert!(Facts::<&s6_stealing::Executor>::SEND && Facts::<&s6_stealing::Spawner>::SEND);
    }
}
