//! What each stage fails, and why: the contract holds the stages to it, and a test the README.
#![allow(dead_code, reason = "each program uses a part of it")]

/// Stage 1.
pub const SPIN: &[(&str, &str)] = &[
    ("C7", "it polls every task in every round, woken or not"),
    ("C18", "it polls also when nobody is ready, and never sleeps"),
];

/// Stage 2, over the token of std.
pub const NAIVE: &[(&str, &str)] = &[
    ("C2", "a poll that parks takes the wake along that was meant for the loop"),
    ("C3", "so does a loop inside of the loop: both sleep by the one token of their thread"),
];

/// The waker of stage 1, which is std's, and no failure of the stage.
pub const SPIN_WAKER: &[(&str, &str)] = if cfg!(debug_assertions) {
    &[("B4", "where nothing is inlined, `Waker::noop()` and its clone have one vtable at two addresses")]
} else {
    &[]
};
