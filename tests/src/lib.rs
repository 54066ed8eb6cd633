//! What crosses lessons, in one package: [`notes`] checks every page of the notes, [`arrows`] who
//! may know whom, [`sources`] how every file is written; [`findings`] is what others fail;
//! [`programs`] finds and runs what the workspace builds. `notes-sync` refreshes the notes; the
//! doctests are the notes' Rust fences.
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

// One documented item for each `rust` fence of the English pages (build.rs writes them).
#[cfg(doctest)]
include!(concat!(env!("OUT_DIR"), "/notes.rs"));
