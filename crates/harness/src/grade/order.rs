//! A request to grade a file, with the limits of the run.

use std::{path::PathBuf, time::Duration};

use serde::Serialize;

/// A request to grade one file, with its limits.
#[derive(Clone, Debug)]
pub struct Order {
    /// The lesson: the name of a package with a test target `exercise`, which includes
    /// `exercise/mod.rs`.
    pub lesson: String,
    /// The submitted file.
    pub file: PathBuf,
    /// The only step to judge. `None` means all.
    pub step: Option<u32>,
    /// The limits.
    pub limits: Limits,
}

impl Order {
    /// The step's name in the list of tests.
    pub(super) fn step(&self) -> Option<String> {
        self.step.map(|number| format!("step-{number}"))
    }

    pub(super) fn includes(&self, step: &str) -> bool {
        self.step().is_none_or(|only| only == step)
    }
}

/// The limits of a run.
#[derive(Clone, Copy, Debug, Serialize)]
pub struct Limits {
    /// Seconds that the build may take.
    pub build_seconds: u32,
    /// Seconds that all the checks together may take.
    pub seconds: u32,
    /// The private memory that each process may have, in MiB.
    pub memory_mib: u32,
}

pub(super) fn secs(seconds: u32) -> Duration {
    Duration::from_secs(seconds.into())
}
