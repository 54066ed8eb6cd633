//! Who is measured: every stage and every runtime of the two tables, each with the loads that it
//! can carry, and the subject of parts B and C that it is. A new stage is one line here and its
//! adapter in `stages.rs`.

use std::time::Duration;

use harness::executor::Tested;
use peers::{
    on_async_executor, on_async_std, on_futures, on_monoio, on_pollster, on_smol, on_tokio,
    runtime::{self, Blocks, Spawns, Starts},
};

use super::{
    ladder,
    loads::{self, Meter},
    stages,
};

/// A runtime under its name.
pub struct Subject {
    /// As in `peers`; a stage as in the lesson's contract.
    pub name: &'static str,
    /// Whether it is a stage of the lesson.
    pub ours: bool,
    /// Whether it has tasks: a `block_on` alone, which has none to look after, is shown, and is no
    /// peer to be compared with.
    pub has_tasks: bool,
    /// What it can carry, by the names of the loads.
    pub loads: Vec<(&'static str, Load)>,
    /// The same as a subject of the checks: for the test that runs them on it.
    #[allow(dead_code, reason = "whoever measures does not check")]
    pub tested: fn() -> Tested,
}

/// Makes a runtime, and puts a load of size `n` on it: once, or once more for each of `passes`, of
/// which the first does not count. Gives the tallies of those that count.
pub type Load = Box<dyn Fn(u64, Passes, &mut dyn Meter) -> Vec<u64>>;

/// How often a load is put on a runtime.
#[derive(Clone, Copy, Debug)]
pub enum Passes {
    /// Once, on a runtime that has done nothing yet.
    Cold,
    /// So many times, after once that does not count.
    Warm(u32),
}

/// Those on one thread, or those on a pool of two.
pub struct Table {
    /// Its name.
    pub name: &'static str,
    /// The stages in their order, and then the peers. The last stage is compared with the best peer
    /// and with the stage before.
    pub subjects: Vec<Subject>,
}

/// Both.
pub fn tables() -> [Table; 2] {
    let single = vec![
        starts::<ladder::Spin>("executor-s1-spin").ours(),
        blocks::<ladder::BlockOn>("executor-s2-block-on").ours(),
        starts::<ladder::Queue>("executor-s3-queue").ours(),
        spawns::<ladder::Join>("executor-s4-join").ours(),
        spawns::<stages::OneAllocation>("s1-one-allocation").ours(),
        spawns::<stages::NoAtomics>("s4-no-atomics").ours(),
        spawns::<on_tokio::CurrentThread>("tokio-current-thread"),
        spawns::<on_async_executor::Local>("async-executor-local"),
        spawns::<on_futures::OnLocalPool>("futures-local-pool"),
        spawns::<on_monoio::OneThread>("monoio"),
        blocks::<on_futures::BlockOn>("futures-block-on"),
        blocks::<on_pollster::BlockOn>("pollster"),
        blocks::<on_smol::BlockOn>("smol-block-on"),
        blocks::<on_async_std::BlockOn>("async-std-block-on"),
    ];
    let pools = vec![
        pool::<ladder::Pool<2>>("executor-s5-pool").ours(),
        pool::<stages::OneQueue<2>>("s2-pool").ours(),
        pool::<stages::Stealing<2>>("s3-stealing").ours(),
        pool::<on_tokio::MultiThread>("tokio-multi-thread"),
        pool::<on_async_std::Global>("async-std"),
        pool::<on_smol::Global>("smol"),
        pool::<on_async_executor::TwoThreads>("async-executor-threads"),
        pool::<on_futures::OnThreadPool>("futures-thread-pool"),
    ];
    [Table { name: "single", subjects: single }, Table { name: "pools", subjects: pools }]
}

/// How many threads a pool has whose number is not told to it when it is made.
pub const VARIABLES: [(&str, &str); 2] = [("SMOL_THREADS", "2"), ("ASYNC_STD_THREAD_COUNT", "2")];

/// Longer than any load takes that ends.
pub const DEADLINE: Duration = Duration::from_secs(60);

fn blocks<R: Blocks>(name: &'static str) -> Subject {
    let loads = vec![("wake", load(loads::wake_root::<R>)), ("ready", load(loads::block_on_ready::<R>))];
    Subject { name, ours: false, has_tasks: false, loads, tested: runtime::blocks::<R> }
}

fn starts<R: Starts>(name: &'static str) -> Subject {
    let mut loads = blocks::<R>(name).loads;
    loads.push(("yield", load(loads::yields_from_outside::<R>)));
    loads.push(("idle", load(loads::idle_unjoined::<R>)));
    Subject { name, ours: false, has_tasks: true, loads, tested: runtime::starts::<R> }
}

fn spawns<R: Spawns>(name: &'static str) -> Subject {
    let mut loads = starts::<R>(name).loads;
    loads.retain(|(name, _)| !matches!(*name, "idle" | "yield"));
    loads.push(("yield", load(loads::yields::<R>)));
    loads.push(("batch", load(loads::batch::<R>)));
    loads.push(("one-by-one", load(loads::one_by_one::<R>)));
    loads.push(("ping-pong", load(loads::ping_pong::<R>)));
    loads.push(("chained", load(loads::chained::<R>)));
    loads.push(("inside", load(loads::inside::<R>)));
    if R::FROM_OUTSIDE {
        loads.push(("outside", load(loads::outside::<R>)));
    }
    loads.push(("idle", load(loads::idle::<R>)));
    Subject { name, ours: false, has_tasks: true, loads, tested: runtime::spawns::<R> }
}

fn load<R: Blocks>(load: fn(&R, u64, &mut dyn Meter) -> u64) -> Load {
    /// Sees nothing.
    struct Nobody;
    impl Meter for Nobody {}
    Box::new(move |n, passes, meter| {
        let runtime = R::new();
        let Passes::Warm(passes) = passes else { return vec![load(&runtime, n, meter)] };
        load(&runtime, n, &mut Nobody);
        (0..passes).map(|_| load(&runtime, n, meter)).collect()
    })
}

/// In a pool it is a task that another thread wakes, and not what is blocked on: that is on a
/// thread of its own.
fn pool<R: Spawns>(name: &'static str) -> Subject {
    let mut loads = spawns::<R>(name).loads;
    loads.retain(|(name, _)| !matches!(*name, "wake" | "ready" | "one-by-one"));
    loads.push(("wake", load(loads::wake_task::<R>)));
    Subject { name, ours: false, has_tasks: true, loads, tested: runtime::spawns::<R> }
}

impl Subject {
    fn ours(self) -> Self {
        Subject { ours: true, ..self }
    }

    /// One of its loads, if it can carry it.
    pub fn load(&self, name: &str) -> Option<&Load> {
        self.loads.iter().find(|(of, _)| *of == name).map(|(_, load)| load)
    }
}
