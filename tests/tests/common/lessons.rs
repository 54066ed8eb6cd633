//! The stages of lessons 5 and 6 as subjects of the checks, for the matrix and for its page. Those
//! of lesson 5 have the prefix `executor-`, as in the bench.

use harness::{Subject, Work, executor::Tested};
use lesson_executor::s2_block_on;
use peers::runtime::{blocks, spawns, starts};

#[path = "../../../crates/05-executor/tests/common/hooked.rs"]
#[allow(dead_code, reason = "the subjects with a hook are for the lesson's own contract")]
mod hooked;
#[path = "../../../crates/05-executor/tests/common/stages.rs"]
mod ladder;
#[path = "../../../crates/06-fast-executor/tests/common/stages.rs"]
mod stages;
#[path = "../../../crates/06-fast-executor/tests/contract/subjects.rs"]
#[allow(dead_code, reason = "the subjects with a hook are for the lesson's own contract")]
mod subjects;

use ladder::{BLOCKS, BlockOn, Join, Pool, Queue, Spin};

/// Every stage, under its name.
pub fn all() -> Vec<Subject<Tested>> {
    let ladder = vec![
        Subject::new("executor-s1-spin", starts::<Spin>()),
        Subject::new("executor-s2-block-on", blocks::<BlockOn>()),
        Subject::new(
            "executor-s2-naive",
            Tested::block_on(|root: Work| s2_block_on::naive_block_on(root)).policies(BLOCKS),
        ),
        Subject::new("executor-s3-queue", starts::<Queue>()),
        Subject::new("executor-s4-join", spawns::<Join>()),
        Subject::new("executor-s5-pool-1", spawns::<Pool<1>>()),
        Subject::new("executor-s5-pool-2", spawns::<Pool<2>>()),
        Subject::new("executor-s5-pool-4", spawns::<Pool<4>>()),
    ];
    ladder.into_iter().chain(subjects::all()).collect()
}
