//! Child processes: waiting for one with a deadline and without polling, and killing one together
//! with every process that it started.

use std::{
    io::{self, Read, Write},
    os::unix::process::CommandExt,
    panic,
    process::{Child, Command, ExitStatus},
    sync::{Mutex, MutexGuard, Once, PoisonError},
    thread::{self, JoinHandle},
    time::{Duration, Instant},
};

use rustix::{
    event::{PollFd, PollFlags, Timespec, poll},
    io::Errno,
    process::{Pid, PidfdFlags, Resource, Signal, getrlimit, kill_process_group, pidfd_open},
};
use signal_hook::{
    consts::{SIGINT, SIGTERM},
    iterator::Signals,
};

/// Guard: a child process that leads its own process group. Drop kills the whole group.
///
/// The terminal's Ctrl-C does not reach a separate process group. So when SIGINT or SIGTERM ends
/// this process, it first sends a signal to each live group.
pub(crate) struct Group {
    pub(crate) child: Child,
}

impl Group {
    /// Starts the child. `farewell` is the signal that its group receives when a signal ends this
    /// process: `TERM` for a program that must end others before itself, otherwise `KILL`.
    pub(crate) fn spawn(command: &mut Command, farewell: Signal) -> io::Result<Self> {
        pass_on_the_end();
        // The lock is held until the child is in the list, so that the signal thread misses none.
        let mut live = live_groups();
        let child = command.process_group(0).spawn()?;
        live.push((pid_of(&child), farewell));
        Ok(Group { child })
    }
}

impl Drop for Group {
    fn drop(&mut self) {
        let leader = pid_of(&self.child);
        kill_group(leader, Signal::KILL);
        let _ = self.child.wait();
        live_groups().retain(|(live, _)| *live != leader);
    }
}

/// The leaders of the live groups, each with its farewell signal.
fn live_groups() -> MutexGuard<'static, Vec<(Pid, Signal)>> {
    static LIVE: Mutex<Vec<(Pid, Signal)>> = Mutex::new(Vec::new());
    LIVE.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Starts, once, the thread that passes SIGINT and SIGTERM on to the live groups.
fn pass_on_the_end() {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| {
        let Ok(mut signals) = Signals::new([SIGINT, SIGTERM]) else { return };
        thread::spawn(move || {
            if let Some(signal) = signals.forever().next() {
                // The lock is held until the exit. A drop of `Group` needs it, so no thread can
                // report the killed child as a crashed check.
                let live = live_groups();
                live.iter().for_each(|(leader, farewell)| kill_group(*leader, *farewell));
                std::process::exit(128 + signal);
            }
        });
    });
}

/// Reads a pipe to its end on a new thread, and keeps the last bytes only, because a child may
/// print without limit.
pub(crate) fn collect(pipe: Option<impl Read + Send + 'static>) -> JoinHandle<String> {
    thread::spawn(move || {
        let mut tail = Tail(Vec::new());
        let _ = pipe.map(|mut pipe| io::copy(&mut pipe, &mut tail));
        String::from_utf8_lossy(&tail.0).into_owned()
    })
}

/// The end of a stream: at least its last [`Tail::BYTES`] bytes, and less than twice as many.
struct Tail(Vec<u8>);

impl Tail {
    const BYTES: usize = 1 << 20;
}

impl Write for Tail {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.extend_from_slice(bytes);
        if self.0.len() >= 2 * Self::BYTES {
            self.0.drain(..self.0.len() - Self::BYTES);
        }
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// The message for a child that ran out of memory under a limit. `words` is its stderr. `None` if
/// no allocation failed, or if this process, whose limit the child inherits, has none.
pub(crate) fn out_of_memory(words: &str) -> Option<String> {
    let limit = getrlimit(Resource::Data).current?;
    let failed = words.lines().find(|line| line.starts_with("memory allocation of ") && line.ends_with(" failed"))?;
    Some(format!("out of memory: {failed} under the limit of {} MiB for each process", limit >> 20))
}

/// The exit code of an exercise whose process hit a `todo!()`.
pub const NOT_WRITTEN: i32 = 43;

/// From now on, a `todo!()` on any thread ends the process with the exit code [`NOT_WRITTEN`]. The
/// last line of stderr is then the message of that `todo!()`.
///
/// For an exercise that runs in its own process: without this, its parent would not notice a panic
/// on a thread.
pub fn exit_when_not_written() {
    panic::set_hook(Box::new(|info| {
        eprintln!("{info}");
        if let Some(step) = info.payload_as_str().and_then(not_written) {
            eprintln!("{step}");
            std::process::exit(NOT_WRITTEN);
        }
    }));
}

/// The message inside a `todo!()`, if this panic text comes from one.
pub(crate) fn not_written(panic: &str) -> Option<&str> {
    let rest = panic.strip_prefix("not yet implemented")?;
    Some(rest.trim_start_matches(": "))
}

/// Waits until the process ends. `None` if it still runs after `patience`.
pub(crate) fn wait(child: &mut Child, patience: Duration) -> io::Result<Option<ExitStatus>> {
    if let Some(status) = child.try_wait()? {
        return Ok(Some(status));
    }
    let deadline = Instant::now() + patience;
    // A pidfd becomes readable when the process ends.
    let handle = pidfd_open(pid_of(child), PidfdFlags::empty())?;
    loop {
        let left = deadline.saturating_duration_since(Instant::now());
        let timeout = Timespec { tv_sec: left.as_secs().cast_signed(), tv_nsec: i64::from(left.subsec_nanos()) };
        match poll(&mut [PollFd::new(&handle, PollFlags::IN)], Some(&timeout)) {
            Ok(0) => return Ok(None),
            Ok(_) => return child.wait().map(Some),
            Err(Errno::INTR) => {}
            Err(error) => return Err(error.into()),
        }
    }
}

pub(crate) fn pid_of(child: &Child) -> Pid {
    Pid::from_child(child)
}

/// Sends a signal to every process of the group that `leader` leads.
pub(crate) fn kill_group(leader: Pid, signal: Signal) {
    // An error means that the group has ended already.
    let _ = kill_process_group(leader, signal);
}
