//! pollster: a `block_on`, and nothing else.

use harness::{
    Subject,
    executor::{Nested, Policies, Tested},
};

/// The one.
pub fn subjects() -> Vec<Subject<Tested>> {
    let declared = Policies { nested: Some(Nested::Works), ..Policies::default() };
    vec![Subject::new("pollster", Tested::block_on(pollster::block_on).policies(declared))]
}
