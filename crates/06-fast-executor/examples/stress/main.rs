//! The pools and stage 4 under random load, for as long as the command line says. Tasks spawn,
//! yield, wait, panic, compute and block. Their handles are joined, dropped and aborted, also on
//! other threads. Some executors are dropped in the middle of a round. `just stress fast-executor
//! --seconds 60 --seed 5`
#![forbid(unsafe_code)]

use std::{
    panic,
    process::{self, ExitCode},
    sync::{
        Arc, Mutex, PoisonError, Weak,
        atomic::{AtomicU64, Ordering::Relaxed},
    },
    thread,
    time::{Duration, Instant},
};

use clap::Parser;
use lesson_fast_executor::{s2_pool, s3_stealing};
use measure::say;

#[path = "../../../05-executor/tests/common/fake_driver.rs"]
mod fake_driver;
mod on_no_atomics;
mod on_pools;
#[path = "../../tests/common/pools.rs"]
mod pools;
mod world;

use world::{MEANT, Played, Random, World};

/// Put the pools and the executor without atomics under random load, round after round. Each future
/// must be dropped once, each handle must tell the truth, and the driver must have its turns.
#[derive(Parser)]
#[command(
    name = "just stress fast-executor",
    bin_name = "just stress fast-executor",
    after_help = "Exit codes: 0 all was right; 1 something was wrong, or hung; 2 wrong usage; 101 something panicked"
)]
struct Arguments {
    /// How long to run
    #[arg(long, default_value_t = 10, value_parser = clap::value_parser!(u64).range(1..=365 * 24 * 60 * 60))]
    seconds: u64,
    /// The seed of the first round; each next round has the next number. It decides what is done,
    /// but not which thread is first. Without it, the time of day is the seed
    #[arg(long)]
    seed: Option<u64>,
}

/// The `main` of the example. A test runs it too.
pub fn main() -> ExitCode {
    let Arguments { seconds, seed } = Arguments::parse();
    let since_epoch = || std::time::SystemTime::UNIX_EPOCH.elapsed().map_or(1, |time| time.as_secs());
    let first = seed.unwrap_or_else(since_epoch);
    say(format_args!("seed {first}"));
    SEED.store(first, Relaxed);
    // The panics of tasks are intended.
    let hook = panic::take_hook();
    panic::set_hook(Box::new(move |info| {
        if info.payload().downcast_ref() != Some(&MEANT) {
            hook(info);
            eprintln!("error: a panic that is not meant (--seed {})", SEED.load(Relaxed));
        }
    }));
    thread::spawn(watch);
    let (end, mut rounds, mut all) = (Instant::now() + Duration::from_secs(seconds), [0; 3], Played::default());
    for seed in first.. {
        if Instant::now() >= end {
            break;
        }
        SEED.store(seed, Relaxed);
        // The seed alone decides the round, so the same seed plays it again.
        let (stage, random) = (seed % 3, Random(seed));
        let played = match stage {
            0 => on_pools::play::<s2_pool::Executor>(2, random),
            1 => on_pools::play::<s3_stealing::Executor>(3, random),
            _ => on_no_atomics::play(random),
        };
        match played {
            Ok(Played { tasks, blocked, events }) => {
                all = Played { tasks: all.tasks + tasks, blocked: all.blocked + blocked, events: all.events + events };
            }
            Err(wrong) => {
                eprintln!("error: {wrong} (--seed {seed})");
                return ExitCode::FAILURE;
            }
        }
        rounds[stage as usize] += 1;
    }
    let ([pools, stealing, fast], Played { tasks, blocked, events }) = (rounds, all);
    say(format_args!(
        "{} pools, {stealing} of which steal, {fast} executors without atomics, and {tasks} tasks, whose polls blocked {blocked} times \
         and which waited for the driver {events} times: each future was dropped once, and each handle told the truth",
        pools + stealing
    ));
    ExitCode::SUCCESS
}

/// A round that takes longer hangs.
const PATIENCE: Duration = Duration::from_secs(60);

/// The seed of the current round.
static SEED: AtomicU64 = AtomicU64::new(0);

/// The current round.
static ROUND: Mutex<Weak<World>> = Mutex::new(Weak::new());

fn begins(world: &Arc<World>) {
    *ROUND.lock().unwrap_or_else(PoisonError::into_inner) = Arc::downgrade(world);
}

/// Ends the program if a round hangs, and prints what the round was doing.
fn watch() {
    let round = || ROUND.lock().unwrap_or_else(PoisonError::into_inner).clone();
    loop {
        let last = round();
        thread::sleep(PATIENCE);
        if last.ptr_eq(&round())
            && let Some(world) = last.upgrade()
        {
            eprintln!("error: a round hangs: {}", world.describe());
            process::exit(1);
        }
    }
}
