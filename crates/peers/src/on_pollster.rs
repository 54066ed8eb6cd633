//! pollster, which is a `block_on` and nothing else.

use harness::{
    Subject,
    executor::{Nested, Policies, Tested},
};

use crate::runtime::{Blocks, blocks};

/// `pollster::block_on`.
pub struct BlockOn;

impl Blocks for BlockOn {
    const POLICIES: Policies = Policies {
        nested: Some(Nested::Works),
        drops_before_join: None,
        fairness: None,
        panics: None,
        dropped_handle: None,
        owns_tasks: None,
    };

    fn new() -> Self {
        BlockOn
    }

    #[inline(never)]
    fn block_on<F: Future<Output: 'static>>(&self, root: F) -> F::Output {
        pollster::block_on(root)
    }
}

/// The one subject.
pub fn subjects() -> Vec<Subject<Tested>> {
    vec![Subject::new("pollster", blocks::<BlockOn>())]
}
