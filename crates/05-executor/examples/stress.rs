//! Both pools under random load, for as long as it is told: tasks that spawn, yield, wait, panic and compute, whose handles are
//! joined, dropped and aborted on other threads; and pools that go in the middle of it. Each future must be dropped once, and
//! each handle tell the truth. `just stress executor --seconds 60 --seed 5`
#![forbid(unsafe_code)]

use std::{
    future::poll_fn,
    hint, panic,
    process::ExitCode,
    sync::{
        Arc, Mutex,
        atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering::SeqCst},
    },
    task::{Poll, Waker},
    thread,
    time::{Duration, Instant},
};

use clap::Parser;
use lesson_executor::{parts::task::JoinHandle, s2_block_on::block_on, s5_pool, s6_stealing};

#[path = "../tests/pools/mod.rs"]
mod pools;

use pools::{Pool, Work};

#[derive(Parser)]
struct Arguments {
    /// For how long.
    #[arg(long, default_value_t = 10)]
    seconds: u64,
    /// What decides what is done, but not who is first. Without it, the time of day does.
    #[arg(long)]
    seed: Option<u64>,
}

/// A round that takes longer has hung.
const PATIENCE: Duration = Duration::from_secs(60);
const GATES: usize = 8;

fn main() -> ExitCode {
    let Arguments { seconds, seed } = Arguments::parse();
    let since_epoch = || std::time::SystemTime::UNIX_EPOCH.elapsed().map_or(1, |time| time.as_secs());
    let seed = seed.unwrap_or_else(since_epoch);
    println!("seed {seed}");
    // Those of the tasks are meant.
    let hook = panic::take_hook();
    panic::set_hook(Box::new(move |info| {
        if info.payload().downcast_ref() != Some(&MEANT) {
            hook(info);
        }
    }));
    let round = Arc::new(AtomicU64::new(0));
    watch(Arc::clone(&round), seed);
    let (end, mut tasks) = (Instant::now() + Duration::from_secs(seconds), 0);
    while Instant::now() < end {
        let number = round.fetch_add(1, SeqCst);
        let random = Random(seed.wrapping_add(number));
        // By the seed alone, so that with it the round is played again.
        let played = match random.0 % 2 {
            0 => play::<s5_pool::Executor>(random),
            _ => play::<s6_stealing::Executor>(random),
        };
        match played {
            Ok(count) => tasks += count,
            Err(wrong) => {
                eprintln!("error: {wrong} (--seed {})", seed.wrapping_add(number));
                return ExitCode::FAILURE;
            }
        }
    }
    println!(
        "{} pools and {tasks} tasks: each future was dropped once, and each handle told the truth",
        round.load(SeqCst)
    );
    ExitCode::SUCCESS
}

const MEANT: &str = "a task that panics";

/// Ends the program if a round hangs.
fn watch(round: Arc<AtomicU64>, seed: u64) {
    thread::spawn(move || {
        loop {
            let last = round.load(SeqCst);
            thread::sleep(PATIENCE);
            if round.load(SeqCst) == last {
                eprintln!("error: a round hangs (--seed {})", seed.wrapping_add(last - 1));
                std::process::exit(1);
            }
        }
    });
}

/// Numbers that look random (Steele, Lea, Flood: SplitMix64).
#[derive(Clone)]
struct Random(u64);

impl Random {
    fn below(&mut self, bound: u64) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mixed = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        (mixed ^ (mixed >> 31)) % bound
    }

    fn fork(&mut self) -> Self {
        Random(self.below(u64::MAX))
    }
}

/// What the tasks of a round share.
#[derive(Default)]
struct World {
    made: AtomicUsize,
    dropped: AtomicUsize,
    gates: [Mutex<Vec<Waker>>; GATES],
}

struct Held(Arc<World>);

impl Held {
    fn new(world: &Arc<World>) -> Self {
        world.made.fetch_add(1, SeqCst);
        Held(Arc::clone(world))
    }
}

impl Drop for Held {
    fn drop(&mut self) {
        self.0.dropped.fetch_add(1, SeqCst);
    }
}

impl World {
    async fn pass(&self, gate: usize) {
        let mut waited = false;
        poll_fn(|cx| {
            let mut gate = self.gates[gate].lock().unwrap();
            if waited {
                return Poll::Ready(());
            }
            waited = true;
            gate.push(cx.waker().clone());
            Poll::Pending
        })
        .await;
    }

    fn let_pass(&self, gate: usize) {
        let waiting = std::mem::take(&mut *self.gates[gate].lock().unwrap());
        waiting.into_iter().for_each(Waker::wake);
    }
}

async fn yields(mut times: u64) {
    poll_fn(|cx| {
        if times == 0 {
            return Poll::Ready(());
        }
        times -= 1;
        cx.waker().wake_by_ref();
        Poll::Pending
    })
    .await;
}

/// A task, which gives the number that it was given.
fn work<P: Pool>(held: Held, mut random: Random, number: usize, depth: u64) -> Work {
    Box::pin(async move {
        let world = Arc::clone(&held.0);
        for _ in 0..random.below(6) {
            match random.below(16) {
                0..6 => yields(random.below(5)).await,
                6..9 => world.pass(random.below(GATES as u64) as usize).await,
                9..12 if depth < 3 => {
                    let inner = work::<P>(Held::new(&world), random.fork(), number + 1, depth + 1);
                    let task = P::spawn_here(inner);
                    match random.below(3) {
                        // If it panicked instead, so it was told to.
                        0 => assert_eq!(task.await.unwrap_or(number + 1), number + 1),
                        1 => task.abort(),
                        _ => {}
                    }
                }
                12..15 => (0..random.below(2_000)).for_each(|_| hint::spin_loop()),
                15 if random.below(4) == 0 => panic::panic_any(MEANT),
                _ => {}
            }
        }
        number
    })
}

/// One pool, from its beginning to its end.
fn play<P: Pool>(mut random: Random) -> Result<usize, String> {
    let (pool, world) = (P::new(1 + random.below(4) as usize), Arc::new(World::default()));
    let spawner = pool.spawner();
    let make = |random: &mut Random, number| work::<P>(Held::new(&world), random.fork(), number, 0);
    let mut handles: Vec<(usize, JoinHandle<usize>)> =
        (0..random.below(400) as usize).map(|number| (number, pool.spawn(make(&mut random, number)))).collect();
    let half = handles.split_off(handles.len() / 2);
    let (goes_early, mut theirs) = (random.below(3) == 0, random.fork());
    let ended = AtomicBool::new(false);
    let wrong = thread::scope(|scope| {
        // One lets tasks pass until all have ended, one spawns and disturbs, and this one joins, or lets the pool go.
        let (gates, is_over) = (&world, &ended);
        let mut gate = random.fork();
        scope.spawn(move || {
            while !is_over.load(SeqCst) {
                gates.let_pass(gate.below(GATES as u64) as usize);
                thread::yield_now();
            }
        });
        let disturbs = scope.spawn(move || {
            let late = (0..theirs.below(200) as usize).map(|number| (number, spawner(make(&mut theirs, number))));
            let tasks: Vec<_> = half.into_iter().chain(late).collect();
            let mut wrong = None;
            for (number, task) in tasks {
                match theirs.below(4) {
                    0 => drop(task),
                    1 => task.abort(),
                    _ => wrong = wrong.or(judge(block_on(task), number, goes_early)),
                }
            }
            wrong
        });
        let mut wrong = None;
        if goes_early {
            drop(pool);
            wrong = handles.into_iter().find_map(|(number, task)| judge(block_on(task), number, true));
            wrong = wrong.or(disturbs.join().expect("it does not panic"));
        } else {
            for (number, task) in handles {
                wrong = wrong.or(judge(pool.block_on(task), number, false));
            }
            wrong = wrong.or(disturbs.join().expect("it does not panic"));
            drop(pool);
        }
        ended.store(true, SeqCst);
        wrong
    });
    (0..GATES).for_each(|gate| world.let_pass(gate));
    let [made, dropped] = [&world.made, &world.dropped].map(|count| count.load(SeqCst));
    match wrong {
        Some(wrong) => Err(wrong),
        None if made != dropped => Err(format!("{made} futures were made, and there were {dropped} drops")),
        None => Ok(made),
    }
}

/// What is wrong with what a handle told of a task that nobody has aborted.
fn judge(end: Result<usize, lesson_executor::parts::task::JoinError>, number: usize, may_go: bool) -> Option<String> {
    match end {
        Ok(given) if given == number => None,
        Ok(given) => Some(format!("task {number} gave {given}")),
        Err(why) if why.is_cancelled() && may_go => None,
        Err(why) if why.is_cancelled() => Some(format!("nobody aborted task {number}, and it was cancelled")),
        Err(why) => {
            (why.into_panic().downcast_ref() != Some(&MEANT)).then(|| format!("task {number} panicked on its own"))
        }
    }
}
