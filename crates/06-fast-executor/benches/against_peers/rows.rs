//! The rows: the load, its size, and what is measured.

use measure::DecidedBy;

use super::{Target, subjects::Passes};

/// A row of the bench.
#[derive(Debug)]
pub struct Row {
    /// Its name on the command line and above its column.
    pub id: &'static str,
    /// What it does, in a few words.
    pub about: &'static str,
    /// The name of the load.
    pub load: &'static str,
    /// The size of the load.
    pub n: u64,
    /// How often the load is put on a subject.
    pub passes: Passes,
    /// What is measured.
    pub what: What,
}

/// What is measured.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum What {
    /// Nanoseconds for one operation.
    Nanos,
    /// The same, where the kernel decides more than the runtime does.
    KernelNanos,
    /// Bytes of heap for one task.
    Bytes,
    /// Allocations for one task.
    Allocations,
    /// System calls for one operation.
    Calls,
}

impl What {
    /// Whether it is counted and not timed.
    pub fn is_count(self) -> bool {
        matches!(self, What::Bytes | What::Allocations | What::Calls)
    }

    /// What decides a time: the program or the kernel.
    pub fn decided_by(self) -> DecidedBy {
        if self == What::KernelNanos { DecidedBy::Kernel } else { DecidedBy::Program }
    }

    /// Rounds a count as it is shown: to a byte, or to a hundredth of an allocation. Smaller
    /// differences come from threads that meet in another way. A time is not rounded.
    pub fn rounded(self, figure: f64) -> f64 {
        match self {
            What::Bytes => figure.round(),
            What::Allocations => (figure * 100.0).round() / 100.0,
            What::Nanos | What::KernelNanos | What::Calls => figure,
        }
    }
}

const fn timed(id: &'static str, about: &'static str, n: u64, passes: u32) -> Row {
    Row { id, about, load: id, n, passes: Passes::Warm(passes), what: What::Nanos }
}

const fn calls(id: &'static str, about: &'static str, load: &'static str, n: u64) -> Row {
    Row { id, about, load, n, passes: Passes::Warm(1), what: What::Calls }
}

const fn idle(id: &'static str, about: &'static str, what: What) -> Row {
    Row { id, about, load: "idle", n: 10_000, passes: Passes::Cold, what }
}

/// All rows.
pub static ROWS: &[Row] = &[
    timed("batch", "100,000 tasks spawned in block_on, then all joined", 100_000, 2),
    Row {
        load: "batch",
        passes: Passes::Cold,
        ..timed("batch-cold", "the row batch as the first thing that a process does", 100_000, 1)
    },
    timed("one-by-one", "20,000 tasks, each joined before the next is spawned", 20_000, 4),
    timed("yield", "1,000 tasks that yield 1,000 times each", 1_000, 1),
    timed("ping-pong", "1,000 tasks that exchange two messages with a partner each", 1_000, 30),
    timed("chained", "1,000 tasks: each starts the next one", 1_000, 100),
    timed("inside", "10,000 tasks started by a task", 10_000, 8),
    timed("outside", "10,000 tasks spawned while the runtime is idle, then joined", 10_000, 8),
    // Many short passes, each with a new thread: the core on which that thread runs decides more
    // than anything else.
    Row { what: What::KernelNanos, ..timed("wake", "a message to another thread, and its wake back", 200, 40) },
    timed("ready", "block_on of a future that is ready", 100_000, 8),
    idle("bytes", "heap bytes of a task that waits, with a future of 64 bytes", What::Bytes),
    idle("allocations", "allocations of such a task", What::Allocations),
    calls("calls-batch", "system calls for a task of the row batch", "batch", 100_000),
    calls("calls-yield", "system calls for a turn of the row yield", "yield", 300),
    calls("calls-chained", "system calls for a task of the row chained", "chained", 10_000),
    calls("calls-outside", "system calls for a task of the row outside", "outside", 10_000),
    calls("calls-ready", "system calls for a block_on of the row ready", "ready", 10_000),
];

impl Row {
    /// The program that measures it.
    pub fn target(&self) -> Target {
        if self.what.is_count() { Target::Counted } else { Target::Timed }
    }

    /// The number of operations in a load of this size.
    pub fn operations(&self) -> u64 {
        if self.load == "yield" { self.n * self.n } else { self.n }
    }
}

/// The tally that a load of this size must return.
pub fn tally(load: &str, n: u64) -> u64 {
    match load {
        // The sum of the numbers from 0.
        "batch" | "one-by-one" | "outside" | "ready" => n * (n - 1) / 2,
        // In its last poll, a task does not yield.
        "yield" => n * (n + 1),
        "ping-pong" => 2 * n,
        _ => n,
    }
}
