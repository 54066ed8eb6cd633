//! The rows: which load, how large, and what is looked at.

use measure::DecidedBy;

use super::{Target, subjects::Passes};

/// A row.
#[derive(Debug)]
pub struct Row {
    /// Its name on the command line and above its column.
    pub id: &'static str,
    /// What it is, in a few words.
    pub about: &'static str,
    /// The load that is put on the subjects.
    pub load: &'static str,
    /// How large that is.
    pub n: u64,
    /// And how often.
    pub passes: Passes,
    /// What is looked at.
    pub what: What,
}

/// What is looked at.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum What {
    /// Nanoseconds an operation.
    Nanos,
    /// The same, where the kernel decides more than the runtime.
    KernelNanos,
    /// Bytes of the heap a task.
    Bytes,
    /// Allocations a task.
    Allocations,
    /// System calls an operation.
    Calls,
}

impl What {
    /// Whether it is counted, and not timed.
    pub fn is_count(self) -> bool {
        matches!(self, What::Bytes | What::Allocations | What::Calls)
    }

    /// Who decides about a time.
    pub fn decided_by(self) -> DecidedBy {
        if self == What::KernelNanos { DecidedBy::Kernel } else { DecidedBy::Program }
    }

    /// A figure as it is shown where it is a count, which is a whole byte or a hundredth of an
    /// allocation: what is less comes from threads that meet in another way. A time is compared as
    /// it is.
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

/// All of them.
pub static ROWS: &[Row] = &[
    timed("batch", "100,000 tasks spawned in block_on, then all joined", 100_000, 2),
    Row {
        load: "batch",
        passes: Passes::Cold,
        ..timed("batch-cold", "the row batch as the first thing that a process does", 100_000, 1)
    },
    timed("one-by-one", "20,000 tasks, each joined before the next is spawned", 20_000, 4),
    timed("yield", "1,000 tasks, each of which steps aside 1,000 times", 1_000, 1),
    timed("ping-pong", "1,000 tasks, each of which exchanges two messages with a partner", 1_000, 30),
    timed("chained", "1,000 tasks, each of which starts the next", 1_000, 100),
    timed("inside", "10,000 tasks started by a task", 10_000, 8),
    timed("outside", "10,000 tasks spawned while the runtime is idle, then joined", 10_000, 8),
    // Many short passes, each with another thread: on which core that stands decides more than all
    // else.
    Row { what: What::KernelNanos, ..timed("wake", "to another thread, which wakes, and back", 200, 40) },
    timed("ready", "block_on of a future that is ready", 100_000, 8),
    idle("bytes", "heap bytes of a task that waits, with a future of 64 bytes", What::Bytes),
    idle("allocations", "allocations of such a task", What::Allocations),
    calls("calls-batch", "system calls a task of the row batch", "batch", 100_000),
    calls("calls-yield", "system calls a turn of the row yield", "yield", 300),
    calls("calls-chained", "system calls a task of the row chained", "chained", 10_000),
    calls("calls-outside", "system calls a task of the row outside", "outside", 10_000),
    calls("calls-ready", "system calls a block_on of the row ready", "ready", 10_000),
];

impl Row {
    /// Which program has it.
    pub fn target(&self) -> Target {
        if self.what.is_count() { Target::Counted } else { Target::Timed }
    }

    /// How many operations a load of this size is.
    pub fn operations(&self) -> u64 {
        if self.load == "yield" { self.n * self.n } else { self.n }
    }
}

/// The tally that a load of this size must give.
pub fn tally(load: &str, n: u64) -> u64 {
    match load {
        // The sum of the numbers from 0.
        "batch" | "one-by-one" | "outside" | "ready" => n * (n - 1) / 2,
        // In its last poll, a task does not step aside.
        "yield" => n * (n + 1),
        "ping-pong" => 2 * n,
        _ => n,
    }
}
