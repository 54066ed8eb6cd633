//! C16 and C18: what is left of tasks that have ended, and what an executor does when there is
//! nothing to do.

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
        return not_applicable(
            "what is left of a task shows in the bytes of the heap, and this program does not count them",
        );
    };
    let cycles = || -> Result<(), crate::Stop> {
        for _ in 0..CYCLES / AT_A_TIME {
            let lives: Vec<_> = (0..AT_A_TIME).map(|_| world.spawn(|_, _| Poll::Ready(()))).collect();
            let ended = world.drive(|| lives.iter().all(|life| life.drops() > 0));
            holds(ended, || {
                format!("{AT_A_TIME} tasks that are ready at once were spawned, and not all came to their end")
            })?;
        }
        Ok(())
    };
    cycles()?;
    let before = live_bytes().unwrap_or_default();
    cycles()?;
    let mut more = 0;
    // Less than a byte a task: queues and slabs may grow once more, and keep their size.
    let gone = until(PATIENCE, || {
        more = live_bytes().unwrap_or_default().saturating_sub(before);
        (more < CYCLES).then_some(())
    });
    holds(gone.is_some(), || format!("the second {CYCLES} tasks left {more} bytes behind that the first had not"))
}

/// For how long nothing is ready.
const SPAN: Duration = Duration::from_secs(1);
/// How often somebody looks meanwhile.
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
            // A root that is polled for no reason is C7's matter, and measured once.
            if life.polls() == 0 {
                let (waker, note) = (cx.waker().clone(), Arc::clone(&note));
                thread::spawn(move || {
                    let _ = note.set(measured());
                    waker.wake();
                });
            }
            Poll::Pending
        });
        world.block_on(root, "the future that is blocked on was woken after a second, and was not polled again")?;
    } else if world.executor().threads() > 0 {
        note.get_or_init(measured);
    } else {
        return not_applicable("it never waits: whoever calls it does");
    }
    drop(tasks);
    let Idle { used, sleeps, awake } = idle.get().expect("it was measured before the root was ready");
    holds(*used < SPAN / 10 && *awake < LOOKS / 2, || {
        let used = used.as_millis();
        format!(
            "for a second nothing was ready: {used} ms of a processor were used, and in {awake} of {LOOKS} looks a thread was awake"
        )
    })?;
    holds(*sleeps < 100, || format!("for a second nothing was ready, and its threads went to sleep {sleeps} times"))
}

/// What a process does while nothing is ready.
struct Idle {
    /// The time of processors.
    used: Duration,
    /// How often a thread went to sleep.
    sleeps: u64,
    /// How often one was found awake. Where others want the processors too, one that never sleeps
    /// gets little time.
    awake: u32,
}

/// Looks at the other threads of this process, again and again.
fn measured() -> Idle {
    // What came before is to be over.
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

/// What the kernel says of each thread but this one.
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

/// How often the threads there are have gone to sleep by themselves.
fn sleeps() -> u64 {
    let threads = fs::read_dir("/proc/self/task").into_iter().flatten().flatten();
    let status = threads.filter_map(|thread| fs::read_to_string(thread.path().join("status")).ok());
    let count = |status: String| {
        let line = status.lines().find_map(|line| line.strip_prefix("voluntary_ctxt_switches:").map(str::to_owned));
        line.and_then(|count| count.trim().parse::<u64>().ok()).unwrap_or_default()
    };
    status.map(count).sum()
}
