//! C16 and C18: the memory that ended tasks leave behind, and the processor time of an idle
//! executor.

use std::{
    fs,
    sync::{Arc, OnceLock},
    task::Poll,
    thread,
    time::Duration,
};

use rustix::time::{ClockId, clock_gettime};

use crate::{
    probe::{PATIENCE, alloc::live_bytes},
    run::{
        check::{Verdict, holds, not_applicable},
        wait::until,
    },
    subject::{guest::guest, tested::Tested},
};

pub(super) fn c16_no_bytes_left(subject: &Tested) -> Verdict {
    const CYCLES: usize = 100_000;
    const AT_A_TIME: usize = 1_000;
    let world = subject.world_of_tasks()?;
    let Some(_) = live_bytes() else {
        return not_applicable("a leak shows in the live bytes of the heap, and this program does not count them");
    };
    let cycles = || -> Result<(), crate::Stop> {
        for _ in 0..CYCLES / AT_A_TIME {
            let lives: Vec<_> = (0..AT_A_TIME).map(|_| world.spawn(|_, _| Poll::Ready(()))).collect();
            let ended = world.drive(|| lives.iter().all(|life| life.drops() > 0));
            holds(ended, || {
                format!("{AT_A_TIME} tasks that are ready at once were spawned, and not all of them ended")
            })?;
        }
        Ok(())
    };
    cycles()?;
    let before = live_bytes().unwrap_or_default();
    cycles()?;
    let mut more = 0;
    // The limit is one byte per task: queues and slabs may still grow, but not with each task.
    let released = until(PATIENCE, || {
        more = live_bytes().unwrap_or_default().saturating_sub(before);
        (more < CYCLES).then_some(())
    });
    holds(released.is_some(), || format!("the second {CYCLES} tasks left {more} more bytes behind"))
}

/// The time for which nothing is ready.
const SPAN: Duration = Duration::from_secs(1);
/// How many times the check samples the threads in that time.
const LOOKS: u32 = 50;

pub(super) fn c18_idle_is_blocked(subject: &Tested) -> Verdict {
    let world = subject.world()?;
    let tasks = [world.waiting()?, world.waiting()?];
    let idle = Arc::new(OnceLock::new());
    let note = Arc::clone(&idle);
    if world.has_block_on() {
        let (root, _) = guest(move |cx, life| {
            if life.polls() > 0 && note.get().is_some() {
                return Poll::Ready(());
            }
            // The measurement starts in the first poll only; C7 judges needless polls.
            if life.polls() == 0 {
                let (waker, note) = (cx.waker().clone(), Arc::clone(&note));
                thread::spawn(move || {
                    let _ = note.set(measured());
                    waker.wake();
                });
            }
            Poll::Pending
        });
        world.block_on(root, "the future of `block_on` was woken after a second, and was not polled again")?;
    } else if world.executor().threads() > 0 {
        note.get_or_init(measured);
    } else {
        return not_applicable("it never waits: its caller decides when to block");
    }
    drop(tasks);
    let Idle { used, sleeps, awake } = idle.get().expect("it was measured before the root was ready");
    holds(*used < SPAN / 10 && *awake < LOOKS / 2, || {
        let used = used.as_millis();
        format!(
            "in a second without work it used {used} ms of processor time, and {awake} of {LOOKS} samples found a thread awake"
        )
    })?;
    holds(*sleeps < 100, || format!("in a second without work its threads went to sleep {sleeps} times"))
}

/// The measurements of this process while nothing is ready.
struct Idle {
    /// The processor time of the process.
    used: Duration,
    /// How many times a thread went to sleep.
    sleeps: u64,
    /// How many samples found a thread awake. On a busy machine a thread that spins gets little
    /// processor time, but it is still awake.
    awake: u32,
}

/// Samples the other threads of this process for the time [`SPAN`].
fn measured() -> Idle {
    // Earlier work gets a moment to finish, so that it is not measured.
    thread::sleep(SPAN / 10);
    let (time, slept) = (processor_time(), sleeps());
    let awake = (0..LOOKS).filter(|_| {
        thread::sleep(SPAN / LOOKS);
        others().any(|stat| !stat.rsplit_once(')').is_some_and(|(_, rest)| rest.trim_start().starts_with('S')))
    });
    let awake = u32::try_from(awake.count()).unwrap_or(LOOKS);
    let own = u64::from(LOOKS);
    Idle { used: processor_time().saturating_sub(time), sleeps: sleeps().saturating_sub(slept + own), awake }
}

/// The kernel's `stat` line of each thread but this one.
fn others() -> impl Iterator<Item = String> {
    let this = fs::read_link("/proc/thread-self").unwrap_or_default();
    let threads = fs::read_dir("/proc/self/task").into_iter().flatten().flatten();
    let others = threads.filter(move |thread| Some(&*thread.file_name()) != this.file_name());
    others.filter_map(|thread| fs::read_to_string(thread.path().join("stat")).ok())
}

fn processor_time() -> Duration {
    let time = clock_gettime(ClockId::ProcessCPUTime);
    Duration::new(time.tv_sec.cast_unsigned(), u32::try_from(time.tv_nsec).unwrap_or_default())
}

/// How many times the existing threads have gone to sleep voluntarily.
fn sleeps() -> u64 {
    let threads = fs::read_dir("/proc/self/task").into_iter().flatten().flatten();
    let status = threads.filter_map(|thread| fs::read_to_string(thread.path().join("status")).ok());
    let count = |status: String| {
        let line = status.lines().find_map(|line| line.strip_prefix("voluntary_ctxt_switches:").map(str::to_owned));
        line.and_then(|count| count.trim().parse::<u64>().ok()).unwrap_or_default()
    };
    status.map(count).sum()
}
