//! The types that may go to another thread, as the compiler decides it.

use std::rc::Rc;

use harness::future::{Facts, Otherwise as _};
use lesson_fast_executor::{
    parts::task::{AbortHandle, JoinHandle, ScheduledTask},
    s1_one_allocation::{Executor, Spawner},
    s2_pool, s3_stealing, s4_no_atomics,
};

#[test]
fn handles_and_entries_may_go_and_executors_stay() {
    const {
        assert!(Facts::<JoinHandle<u32>>::SEND && Facts::<AbortHandle>::SEND && Facts::<ScheduledTask>::SEND);
        assert!(!Facts::<JoinHandle<Rc<u32>>>::SEND, "it carries its output");
        assert!(!Facts::<Executor>::SEND && !Facts::<Spawner>::SEND, "their futures stay on their thread");
    }
}

#[test]
fn in_stage_4_only_what_aborts_may_go() {
    const {
        assert!(Facts::<s4_no_atomics::AbortHandle>::SEND && Facts::<s4_no_atomics::AbortHandle>::SYNC);
        assert!(!Facts::<s4_no_atomics::JoinHandle<u32>>::SEND && !Facts::<s4_no_atomics::JoinHandle<u32>>::SYNC);
        assert!(!Facts::<s4_no_atomics::Executor>::SEND && !Facts::<s4_no_atomics::Spawner>::SEND);
        assert!(Facts::<s4_no_atomics::JoinHandle<std::marker::PhantomPinned>>::UNPIN);
    }
}

#[test]
fn pools_may_go_anywhere_and_be_used_by_many_at_once() {
    const {
        assert!(Facts::<s2_pool::Executor>::SEND && Facts::<s2_pool::Spawner>::SEND);
        assert!(Facts::<s3_stealing::Executor>::SEND && Facts::<s3_stealing::Spawner>::SEND);
        // `&T` is `Send` if `T` is `Sync`.
        assert!(Facts::<&s2_pool::Executor>::SEND && Facts::<&s2_pool::Spawner>::SEND);
        assert!(Facts::<&s3_stealing::Executor>::SEND && Facts::<&s3_stealing::Spawner>::SEND);
    }
}
