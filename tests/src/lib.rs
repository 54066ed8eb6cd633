#![doc = include_str!("../README.md")]
#![forbid(unsafe_code)]

pub mod arrows;
pub mod features;
pub mod findings;
pub mod modules;
pub mod notes;
mod problem;
pub mod programs;
pub mod sources;
pub mod tokens;

pub use problem::Problem;

use std::path::Path;

/// The root of the checkout.
pub fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("the package is a folder of the checkout")
}
