//! What the tasks of a round do and share: gates that another thread opens, bells for which polls
//! block, and the driver.

use std::{
    array,
    future::poll_fn,
    hint, mem, panic,
    sync::{
        Arc, Condvar, Mutex,
        atomic::{AtomicUsize, Ordering::SeqCst},
    },
    task::{Poll, Waker},
    thread,
};

use lesson_executor::parts::join::JoinError;

use super::fake_driver::Seen;

pub const MEANT: &str = "a task that panics";
const GATES: usize = 8;

/// Pseudorandom numbers (SplitMix64, by Steele, Lea and Flood).
#[derive(Clone)]
pub struct Random(pub u64);

impl Random {
    pub fn below(&mut self, bound: u64) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mixed = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        (mixed ^ (mixed >> 31)) % bound
    }

    pub fn fork(&mut self) -> Self {
        Random(self.below(u64::MAX))
    }
}

/// The next step of a task.
pub enum Step {
    /// A step that needs no other task.
    Alone(Alone),
    /// Spawns a task.
    Spawn(Then),
    /// Spawns this many tasks that do nothing, more than a worker's queue holds.
    SpawnMany(u64),
    /// Blocks its poll until a task that it spawns has run.
    BlockForItsOwn,
}

pub enum Alone {
    Yield(u64),
    /// Waits until another thread opens the gate.
    Pass(usize),
    /// Waits until the driver wakes it in its next turn. Without a driver, waits until this gate is
    /// open.
    Event(usize),
    /// Blocks its poll until another thread answers.
    Block,
    Compute(u64),
    Panic,
    Nothing,
}

/// What happens to a task's handle.
pub enum Then {
    Join,
    Abort,
    Drop,
}

impl Step {
    pub fn next(random: &mut Random) -> Self {
        let gate = random.below(GATES as u64) as usize;
        Step::Alone(match random.below(64) {
            0..20 => Alone::Yield(random.below(5)),
            20..30 => Alone::Pass(gate),
            30..36 => Alone::Event(gate),
            36 => Alone::Block,
            37 => return Step::BlockForItsOwn,
            38..50 => {
                return Step::Spawn(match random.below(3) {
                    0 => Then::Join,
                    1 => Then::Abort,
                    _ => Then::Drop,
                });
            }
            50..60 => Alone::Compute(random.below(2_000)),
            60 => Alone::Panic,
            61 => return Step::SpawnMany(200 + random.below(400)),
            _ => Alone::Nothing,
        })
    }
}

/// What the tasks of a round share.
pub struct World {
    /// The seed of the round.
    seed: u64,
    about: String,
    now: Mutex<String>,
    made: AtomicUsize,
    dropped: AtomicUsize,
    /// How many polls have blocked, and how many of them go on again.
    blocked: [AtomicUsize; 2],
    events: AtomicUsize,
    gates: [Mutex<Vec<Waker>>; GATES],
    /// The bells of the polls that block until another thread answers.
    calls: Mutex<Vec<Arc<Bell>>>,
    pub driver: Option<Arc<Seen>>,
    pub permits: Permits,
}

/// The counts of a round.
#[derive(Default)]
pub struct Played {
    pub tasks: usize,
    pub blocked: usize,
    pub events: usize,
}

impl World {
    /// Creates a world. At most `permits` polls at once block until another task has run.
    pub fn new(seed: u64, about: String, driver: Option<Arc<Seen>>, permits: usize) -> Arc<Self> {
        Arc::new(World {
            seed,
            about,
            now: Mutex::default(),
            made: AtomicUsize::new(0),
            dropped: AtomicUsize::new(0),
            blocked: Default::default(),
            events: AtomicUsize::new(0),
            gates: array::from_fn(|_| Mutex::default()),
            calls: Mutex::default(),
            driver,
            permits: Permits { free: Mutex::new(permits), returned: Condvar::new(), all: permits },
        })
    }

    /// Notes what the round does now.
    pub fn now(&self, what: impl Into<String>) {
        *self.now.lock().unwrap() = what.into();
    }

    /// Describes a round that hangs.
    pub fn describe(&self) -> String {
        let World { seed, about, now, gates, blocked: [blocked, unblocked], .. } = self;
        let [made, dropped] = [&self.made, &self.dropped].map(|count| count.load(SeqCst));
        let blocking = blocked.load(SeqCst) - unblocked.load(SeqCst);
        let waiting: usize = gates.iter().map(|gate| gate.lock().unwrap().len()).sum();
        let now = now.lock().unwrap();
        let driver = self.driver.as_ref().map_or(String::new(), |seen| {
            format!(", {} turns of the driver, {} sleeps in it", seen.turns.load(SeqCst), seen.parks.load(SeqCst))
        });
        format!(
            "{about}, {now}: {made} futures made and {dropped} dropped, {waiting} wait at the gates, and {blocking} block in a \
             poll{driver} (--seed {seed})"
        )
    }

    /// Judges the round at its end: each future must be dropped once.
    pub fn judge(&self) -> Result<Played, String> {
        let [made, dropped] = [&self.made, &self.dropped].map(|count| count.load(SeqCst));
        let [blocked, events] = [&self.blocked[0], &self.events].map(|count| count.load(SeqCst));
        if made != dropped {
            return Err(format!("{made} futures were made, and there were {dropped} drops ({})", self.about));
        }
        Ok(Played { tasks: made, blocked, events })
    }

    pub async fn alone(&self, step: Alone) {
        match step {
            Alone::Yield(times) => yields(times).await,
            Alone::Pass(gate) => self.pass(gate).await,
            Alone::Event(gate) => match &self.driver {
                Some(driver) => {
                    self.events.fetch_add(1, SeqCst);
                    Arc::clone(driver).event().await;
                }
                None => self.pass(gate).await,
            },
            Alone::Block => self.block(),
            Alone::Compute(turns) => (0..turns).for_each(|_| hint::spin_loop()),
            Alone::Panic => panic::panic_any(MEANT),
            Alone::Nothing => {}
        }
    }

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

    /// Blocks this thread until another one answers.
    pub fn block(&self) {
        self.block_for(|bell| self.calls.lock().unwrap().push(bell));
    }

    /// Passes a bell to `give`, and blocks this thread until it rings.
    pub fn block_for(&self, give: impl FnOnce(Arc<Bell>)) {
        let ([blocked, unblocked], bell) = (&self.blocked, Arc::<Bell>::default());
        blocked.fetch_add(1, SeqCst);
        give(Arc::clone(&bell));
        bell.wait();
        unblocked.fetch_add(1, SeqCst);
    }

    /// Opens gates and rings bells until the round is over. It keeps some wakers until then.
    pub fn attend(&self, mut random: Random, is_over: impl Fn() -> bool) {
        let mut kept = Vec::new();
        let mut attend = |gate: usize| {
            for waker in mem::take(&mut *self.gates[gate].lock().unwrap()) {
                match random.below(4) {
                    0 => {
                        waker.wake_by_ref();
                        kept.push(waker);
                    }
                    _ => waker.wake(),
                }
            }
            let calls = mem::take(&mut *self.calls.lock().unwrap());
            calls.iter().for_each(|bell| bell.ring());
        };
        let mut gates = (0..GATES).cycle();
        while !is_over() {
            attend(gates.next().expect("it has no end"));
            thread::yield_now();
        }
        (0..GATES).for_each(attend);
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

/// A bell rings once.
#[derive(Default)]
pub struct Bell(Mutex<bool>, Condvar);

impl Bell {
    pub fn ring(&self) {
        *self.0.lock().unwrap() = true;
        self.1.notify_one();
    }

    fn wait(&self) {
        drop(self.1.wait_while(self.0.lock().unwrap(), |rung| !*rung).unwrap());
    }
}

/// How many more polls may block until another task has run. There must be a worker to run that
/// task.
pub struct Permits {
    free: Mutex<usize>,
    returned: Condvar,
    all: usize,
}

pub struct Permit<'a>(&'a Permits);

impl Permits {
    pub fn take(&self) -> Option<Permit<'_>> {
        let mut free = self.free.lock().unwrap();
        *free = free.checked_sub(1)?;
        Some(Permit(self))
    }

    /// Waits until all permits are returned, and gives none from then on.
    pub fn close(&self) {
        let free = self.free.lock().unwrap();
        *self.returned.wait_while(free, |free| *free < self.all).unwrap() = 0;
    }
}

impl Drop for Permit<'_> {
    fn drop(&mut self) {
        *self.0.free.lock().unwrap() += 1;
        self.0.returned.notify_all();
    }
}

/// Each future holds one of these, so that its drops are counted.
pub struct Held(pub Arc<World>);

impl Held {
    pub fn new(world: &Arc<World>) -> Self {
        world.made.fetch_add(1, SeqCst);
        Held(Arc::clone(world))
    }
}

impl Drop for Held {
    fn drop(&mut self) {
        self.0.dropped.fetch_add(1, SeqCst);
    }
}

/// Returns what is wrong with the end that a handle reports.
pub fn judge(end: Result<usize, JoinError>, number: usize, may_be_cancelled: bool) -> Option<String> {
    match end {
        Ok(given) if given == number => None,
        Ok(given) => Some(format!("task {number} gave {given}")),
        Err(JoinError::Cancelled) if may_be_cancelled => None,
        Err(JoinError::Cancelled) => Some(format!("task {number} was cancelled, but not aborted")),
        Err(JoinError::Panicked(payload)) => {
            (payload.downcast_ref() != Some(&MEANT)).then(|| format!("task {number} panicked on its own"))
        }
    }
}
