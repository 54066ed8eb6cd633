//! The checks that each stage fails, and why. The contract and the README are held to this list.
#![allow(dead_code, reason = "each program uses a part of it")]

/// Stage 1.
pub const SPIN: &[(&str, &str)] = &[
    ("C7", "it polls every task in every round, woken or not"),
    ("C18", "it also polls while no task is ready, and never sleeps"),
];

/// Stage 2, with the token of std.
pub const NAIVE: &[(&str, &str)] = &[
    ("C2", "a poll that parks takes the wake that was meant for the loop"),
    ("C3", "a loop inside the loop does the same: both sleep by the one token of their thread"),
];

/// Stage 3.
pub const QUEUE: &[(&str, &str)] =
    &[("B15", "only its wakers keep a task that waits, so the drop of one waker can drop a chain of tasks")];
