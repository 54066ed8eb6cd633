//! The subjects: every stage and every runtime of the two tables, with the loads that it can carry.
//! A new stage is one line here, and an adapter in its lesson's `tests/common/stages.rs`.

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

/// A runtime, and its name.
pub struct Subject {
    /// The name: that of `peers`, or the stage's name. A stage of lesson 5 has the prefix
    /// `executor-`.
    pub name: &'static str,
    /// Whether it is a stage of lesson 5 or 6.
    pub ours: bool,
    /// Whether it has tasks. A `block_on` alone has none: it is shown, and no stage is compared
    /// with it.
    pub has_tasks: bool,
    /// The loads that it can carry, by their names.
    pub loads: Vec<(&'static str, Load)>,
    /// The same runtime as a subject of the checks. A test runs them on it.
    #[allow(dead_code, reason = "the bench does not check")]
    pub tested: fn() -> Tested,
}

/// Creates a runtime and puts a load of size `n` on it, as often as `passes` says. Returns the
/// tallies of the passes that count.
pub type Load = Box<dyn Fn(u64, Passes, &mut dyn Meter) -> Vec<u64>>;

/// How often a load is put on a runtime.
#[derive(Clone, Copy, Debug)]
pub enum Passes {
    /// Once, on a runtime that has done nothing yet.
    Cold,
    /// This many times, after one time that does not count.
    Warm(u32),
}

/// The subjects on one thread, or the pools of two workers.
pub struct Table {
    /// The name of the table.
    pub name: &'static str,
    /// The stages in their order, and then the peers.
    pub subjects: Vec<Subject>,
}

/// Both tables.
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

/// The number of threads for the pools that read it from the environment.
pub const VARIABLES: [(&str, &str); 2] = [("SMOL_THREADS", "2"), ("ASYNC_STD_THREAD_COUNT", "2")];

/// The deadline of one process. Every load that ends takes much less.
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
    /// Ignores everything.
    struct Nobody;
    impl Meter for Nobody {}
    Box::new(move |n, passes, meter| {
        let runtime = R::new();
        let Passes::Warm(passes) = passes else { return vec![load(&runtime, n, meter)] };
        load(&runtime, n, &mut Nobody);
        (0..passes).map(|_| load(&runtime, n, meter)).collect()
    })
}

/// The loads of a pool. There the row `wake` wakes a task. The root of a pool has a thread of its
/// own, so it would show nothing about the pool.
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

    /// The load of this name, if the subject can carry it.
    pub fn load(&self, name: &str) -> Option<&Load> {
        self.loads.iter().find(|(of, _)| *of == name).map(|(_, load)| load)
    }
}
