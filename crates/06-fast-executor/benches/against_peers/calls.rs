//! Counts system calls without another program. A process lets its parent trace it, and the parent
//! sees every call of every thread, as `strace -f` does. It needs no privilege, but Linux 5.3 or
//! later.

use std::process::Child;

use nix::{
    errno::Errno,
    libc::PTRACE_SYSCALL_INFO_ENTRY,
    sys::{
        ptrace::{self, Options},
        signal::{Signal, raise},
        wait::{WaitPidFlag, WaitStatus, waitpid},
    },
    unistd::Pid,
};

/// The signal that a traced process sends itself where the counted part begins and where it ends.
const MARK: Signal = Signal::SIGUSR1;

/// Stops this process until its parent traces it. Then it makes an empty part, which shows the cost
/// of a mark.
///
/// # Errors
///
/// If the kernel refuses.
pub fn follow_me() -> Result<(), String> {
    ptrace::traceme().map_err(|error| format!("{NOT_HERE}: {error}"))?;
    raise(Signal::SIGSTOP).map_err(|error| error.to_string())?;
    mark();
    mark();
    Ok(())
}

/// The beginning of an error that is not the subject's.
pub const NOT_HERE: &str = "system calls cannot be counted here";

/// Marks the beginning or the end of the counted part, in the traced process.
pub fn mark() {
    raise(MARK).expect("one may send oneself a signal");
}

/// Returns the number of calls of a process, with all its threads, between its marks. Call it on
/// the thread that has started the process.
pub fn of(child: &Child) -> Result<f64, String> {
    let child = Pid::from_raw(child.id().cast_signed());
    // The calls of each part.
    let mut parts: Vec<u64> = Vec::new();
    let mut marks = 0;
    let mut follows = false;
    loop {
        let status = waitpid(None, Some(WaitPidFlag::__WALL)).map_err(|error| error.to_string())?;
        let mut deliver = None;
        match status {
            WaitStatus::Exited(pid, code) if pid == child => {
                return if code == 0 { Ok(without_marks(&parts)) } else { Err(format!("exit code {code}")) };
            }
            WaitStatus::Signaled(pid, signal, _) if pid == child => return Err(format!("ended by {signal}")),
            WaitStatus::Stopped(pid, Signal::SIGSTOP) if !follows => {
                follows = true;
                let options =
                    Options::PTRACE_O_TRACESYSGOOD | Options::PTRACE_O_TRACECLONE | Options::PTRACE_O_EXITKILL;
                ptrace::setoptions(pid, options).map_err(|error| error.to_string())?;
            }
            // A new thread begins with this stop.
            WaitStatus::Stopped(_, Signal::SIGSTOP) => {}
            WaitStatus::Stopped(_, MARK) => {
                marks += 1;
                if marks % 2 == 1 {
                    parts.push(0);
                }
            }
            WaitStatus::Stopped(_, signal) => deliver = Some(signal),
            WaitStatus::PtraceSyscall(pid) if marks % 2 == 1 => {
                let enters = ptrace::syscall_info(pid).is_ok_and(|info| info.op == PTRACE_SYSCALL_INFO_ENTRY);
                *parts.last_mut().expect("a mark has begun it") += u64::from(enters);
            }
            _ => {}
        }
        let stopped = status.pid().filter(|_| !matches!(status, WaitStatus::Exited(..) | WaitStatus::Signaled(..)));
        match stopped.map(|pid| ptrace::syscall(pid, deliver)) {
            // The process was killed meanwhile.
            None | Some(Ok(()) | Err(Errno::ESRCH)) => {}
            Some(Err(error)) => return Err(error.to_string()),
        }
    }
}

/// The first part is empty: it holds only the second mark, as every other part does.
fn without_marks(parts: &[u64]) -> f64 {
    let Some((mark, parts)) = parts.split_first() else { return 0.0 };
    parts.iter().map(|calls| calls.saturating_sub(*mark)).sum::<u64>() as f64
}
