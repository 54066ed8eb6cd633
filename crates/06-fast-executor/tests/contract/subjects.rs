//! The stages as subjects of the checks. The adapters are those that the bench measures.

use harness::{Subject, executor::Tested};
use lesson_fast_executor::{s1_one_allocation, s4_no_atomics};
use peers::runtime::spawns;

use super::{
    hooked::with_hook,
    stages::{NoAtomics, OneAllocation, OneQueue, OneThread, Stealing},
};

/// Every stage, under its name.
pub fn all() -> Vec<Subject<Tested>> {
    vec![
        Subject::new("s1-one-allocation", spawns::<OneAllocation>()),
        Subject::new("s2-pool-1", spawns::<OneQueue<1>>()),
        Subject::new("s2-pool-2", spawns::<OneQueue<2>>()),
        Subject::new("s2-pool-4", spawns::<OneQueue<4>>()),
        Subject::new("s3-stealing-1", spawns::<Stealing<1>>()),
        Subject::new("s3-stealing-2", spawns::<Stealing<2>>()),
        Subject::new("s3-stealing-4", spawns::<Stealing<4>>()),
        Subject::new("s4-no-atomics", spawns::<NoAtomics>()),
    ]
}

/// The stages on one thread, with a driver for two checks that do something in the middle of a
/// wake.
pub fn hooked() -> Vec<Subject<Tested>> {
    let all = vec![
        Subject::new(
            "s1-one-allocation-hooked",
            with_hook(|driver| OneThread(s1_one_allocation::Executor::with_driver(driver))),
        ),
        Subject::new(
            "s4-no-atomics-hooked",
            with_hook(|driver| OneThread(s4_no_atomics::Executor::with_driver(driver))),
        ),
    ];
    all.into_iter().map(|subject| subject.only(&["B7", "B13"])).collect()
}
