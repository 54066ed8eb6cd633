//! The meters, in the process that carries a load: a clock, the counts of the allocator, or marks
//! for the process that traces this one.

use std::{
    fs,
    io::{self, Write},
    process::ExitCode,
    thread,
    time::{Duration, Instant},
};

use super::{
    calls,
    loads::Meter,
    rows::{ROWS, Row, What, tally},
    subjects::tables,
};

/// Carries one load of one subject, and prints the figure for one operation.
pub fn carry(run: &str) -> ExitCode {
    match figure(run) {
        // If the bench was ended, nobody reads this, and the error does not matter.
        Ok(figure) => drop(writeln!(io::stdout(), "{figure}")),
        Err(why) => {
            eprintln!("{why}");
            return ExitCode::FAILURE;
        }
    }
    ExitCode::SUCCESS
}

fn figure(run: &str) -> Result<f64, String> {
    let mut words = run.split(' ');
    let mut word = || words.next().ok_or_else(|| format!("no such run: {run}"));
    let (table, id, name) = (word()?, word()?, word()?);
    let row = ROWS.iter().find(|row| row.id == id).ok_or_else(|| format!("no row {id}"))?;
    let tables = tables();
    let table = tables.iter().find(|of| of.name == table).ok_or_else(|| format!("no table {table}"))?;
    let subject = table.subjects.iter().find(|subject| subject.name == name);
    let load = subject.and_then(|subject| subject.load(row.load)).ok_or_else(|| format!("no load {run}"))?;
    let mut clock = Clock::default();
    let mut heap = Heap::default();
    let mut marks = Marks;
    let meter: &mut dyn Meter = match row.what {
        What::Nanos | What::KernelNanos => &mut clock,
        What::Bytes | What::Allocations => &mut heap,
        What::Calls => {
            calls::follow_me()?;
            &mut marks
        }
    };
    let tallies = load(row.n, row.passes, meter);
    let wrong = tallies.iter().find(|found| **found != tally(row.load, row.n));
    if let Some(found) = wrong {
        return Err(format!("{run}: what happened is {found}, and should be {}", tally(row.load, row.n)));
    }
    Ok(total(row, &clock, &heap) / (tallies.len() as u64 * row.operations()) as f64)
}

fn total(row: &Row, clock: &Clock, heap: &Heap) -> f64 {
    match row.what {
        What::Nanos | What::KernelNanos => clock.total.as_secs_f64() * 1e9,
        What::Bytes => heap.total.0,
        What::Allocations => heap.total.1,
        // The process that traces this one counts the calls.
        What::Calls => 0.0,
    }
}

#[derive(Default)]
struct Clock {
    begun: Option<Instant>,
    total: Duration,
}

impl Meter for Clock {
    fn settle(&mut self) {
        until_others_sleep();
    }

    fn begin(&mut self) {
        self.begun = Some(Instant::now());
    }

    fn end(&mut self) {
        self.total += self.begun.take().expect("it was begun").elapsed();
    }
}

#[derive(Default)]
struct Heap {
    before: (f64, f64),
    total: (f64, f64),
}

/// The bytes that are in use, and the number of allocations so far.
fn heap() -> (f64, f64) {
    let counted = harness::live_bytes().zip(harness::allocations());
    let (bytes, allocations) = counted.expect("the program that asks for them counts them");
    (bytes as f64, allocations as f64)
}

impl Meter for Heap {
    fn begin(&mut self) {
        self.before = heap();
    }

    fn end(&mut self) {
        let (bytes, allocations) = heap();
        self.total.0 += bytes - self.before.0;
        self.total.1 += allocations - self.before.1;
    }
}

struct Marks;

impl Meter for Marks {
    fn settle(&mut self) {
        until_others_sleep();
    }

    fn begin(&mut self) {
        calls::mark();
    }

    fn end(&mut self) {
        calls::mark();
    }
}

/// Waits until every other thread of this process sleeps, as the kernel sees it. A pool then has
/// nothing more to do.
fn until_others_sleep() {
    while !others_sleep().unwrap_or(true) {
        thread::yield_now();
    }
}

fn others_sleep() -> io::Result<bool> {
    let this = fs::read_link("/proc/thread-self")?;
    for thread in fs::read_dir("/proc/self/task")? {
        let thread = thread?;
        // A thread that has ended meanwhile has no status.
        let Ok(stat) = fs::read_to_string(thread.path().join("stat")) else { continue };
        let state = stat.rsplit(')').next().and_then(|rest| rest.trim_start().chars().next());
        if this.file_name() != Some(&thread.file_name()) && state != Some('S') {
            return Ok(false);
        }
    }
    Ok(true)
}
