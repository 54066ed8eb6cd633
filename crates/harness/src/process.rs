//! Processes with a deadline: wait for one without polling, end it together with everything it started.

use std::{
    io, panic,
    process::{Child, ExitStatus},
    time::{Duration, Instant},
};

use rustix::{
    event::{PollFd, PollFlags, Timespec, poll},
    io::Errno,
    process::{Pid, PidfdFlags, Signal, kill_process_group, pidfd_open},
};

/// The exit code of an exercise that ran into a part which is not written yet.
pub const NOT_WRITTEN: i32 = 43;

/// Makes any panic of a `todo!()` end the process with [`NOT_WRITTEN`] and the panic's text as the last line of stderr:
/// for an exercise that runs as a process of its own, where a panic on some thread would otherwise go unnoticed.
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

/// Ends a process that leads a group of its own, and all of that group.
pub(crate) fn kill_group(leader: Pid) {
    // It may have ended by itself in the meantime, which is as good.
    let _ = kill_process_group(leader, Signal::KILL);
}
