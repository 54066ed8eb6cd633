//! pollster: a `block_on`, and nothing else.

use harness::{
    Subject,
    executor::{Nested, Policies, Tested},
};

use crate::runtime::Blocks;

/// It.
pub struct BlockOn;

impl Blocks for BlockOn {
    const POLICIES: Policies = DECLARED;

    fn new() -> Self {
        BlockOn
    }

    #[inline(never)]
    fn block_on<F: Future<Output: 'static>>(&self, root: F) -> F::Output {
        pollster::block_on(root)
    }
}

const DECLARED: Policies = Policies {
    nested: Some(Nested::Works),
    drops_before_join: None,
    fairness: None,
    panics: None,
    dropped_handle: None,
    owns_tasks: None,
};

/// The one.
pub fn subjects() -> Vec<Subject<Tested>> {
    vec![Subject::new("pollster", Tested::block_on(pollster::block_on).policies(DECLARED))]
}
