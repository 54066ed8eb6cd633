//! Processes with a deadline: wait for one without polling, end it together with everything it
//! started.

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

/// A process that leads a group of its own. It is ended, with all of that group, when this is
/// dropped, and when this process is told to end (a group of its own does not hear the terminal's
/// Ctrl-C).
pub(crate) struct Group {
    pub(crate) child: Child,
}

impl Group {
    /// Starts it. `farewell` is the signal that it gets when this process is told to end: `TERM`
    /// for a program that must end others before itself.
    pub(crate) fn spawn(command: &mut Command, farewell: Signal) -> io::Result<Self> {
        pass_on_the_end();
        // Held meanwhile, so that nobody is started and left alone.
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

/// The groups that run now, and their farewells.
fn live_groups() -> MutexGuard<'static, Vec<(Pid, Signal)>> {
    static LIVE: Mutex<Vec<(Pid, Signal)>> = Mutex::new(Vec::new());
    LIVE.lock().unwrap_or_else(PoisonError::into_inner)
}

fn pass_on_the_end() {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| {
        let Ok(mut signals) = Signals::new([SIGINT, SIGTERM]) else { return };
        thread::spawn(move || {
            if let Some(signal) = signals.forever().next() {
                // Held until the end, so that nobody reports the death of a child as the outcome of
                // its check.
                let live = live_groups();
                live.iter().for_each(|(leader, farewell)| kill_group(*leader, *farewell));
                std::process::exit(128 + signal);
            }
        });
    });
}

/// Reads a pipe to its end on a thread of its own, and keeps the last of it: a child may print
/// without end.
pub(crate) fn collect(pipe: Option<impl Read + Send + 'static>) -> JoinHandle<String> {
    thread::spawn(move || {
        let mut tail = Tail(Vec::new());
        let _ = pipe.map(|mut pipe| io::copy(&mut pipe, &mut tail));
        String::from_utf8_lossy(&tail.0).into_owned()
    })
}

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

/// If these last words are those of an allocation that failed under a limit, which this process is
/// under too: what to say of it.
pub(crate) fn out_of_memory(words: &str) -> Option<String> {
    let limit = getrlimit(Resource::Data).current?;
    let failed = words.lines().find(|line| line.starts_with("memory allocation of ") && line.ends_with(" failed"))?;
    Some(format!("out of memory: {failed} under the limit of {} MiB for each process", limit >> 20))
}

/// The exit code of an exercise that ran into a part which is not written yet.
pub const NOT_WRITTEN: i32 = 43;

/// Makes any panic of a `todo!()` end the process with [`NOT_WRITTEN`] and the panic's text as the
/// last line of stderr: for an exercise that runs as a process of its own, where a panic on some
/// thread would otherwise go unnoticed.
pub fn exit_when_not_written() {
    panic::set_hook(Box::new(|info| {
        eprintln!("{info}");
        if let Some(step) = info.payload_as_str().and_then(not_written) {
            eprintln!("{step}");
            std::process::exit(NOT_WRITTEN);
        }
    }));
}

/// What a `todo!()` says of itself, if that is where this panic text comes from.
pub(crate) fn not_written(panic: &str) -> Option<&str> {
    let rest = panic.strip_prefix("not yet implemented")?;
    Some(rest.trim_start_matches(": "))
}

/// Waits until the process ends; `None` if it still runs after `patience`.
pub(crate) fn wait(child: &mut Child, patience: Duration) -> io::Result<Option<ExitStatus>> {
    if let Some(status) = child.try_wait()? {
        return Ok(Some(status));
    }
    let deadline = Instant::now() + patience;
    // Readable once the process has ended.
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

/// Sends a signal to a process that leads a group of its own, and to all of that group.
pub(crate) fn kill_group(leader: Pid, signal: Signal) {
    // It may have ended by itself in the meantime, which is as good.
    let _ = kill_process_group(leader, signal);
}
