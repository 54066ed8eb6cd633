//! System calls, counted without any other program: a process has its parent trace it, which looks
//! at every call of every thread, as `strace -f` does. It needs no privilege, but a kernel from 5.3
//! on.

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

/// What a traced process sends itself where the part begins that counts, and where it ends.
const MARK: Signal = Signal::SIGUSR1;

/// In the process that is to be traced: stops until its parent does so, and makes an empty part,
/// for what a mark costs.
///
/// # Errors
///
/// If this kernel does not let it.
pub fn follow_me() -> Result<(), String> {
    ptrace::traceme().map_err(|error| format!("{NOT_HERE}: {error}"))?;
    raise(Signal::SIGSTOP).map_err(|error| error.to_string())?;
    mark();
    mark();
    Ok(())
}

/// How an error begins that is not the subject's.
pub const NOT_HERE: &str = "system calls cannot be counted here";

/// In the process that is traced: the part that counts begins, or ends.
pub fn mark() {
    raise(MARK).expect("one may send oneself a signal");
}

/// The calls of a process and all its threads between its marks. It must be called on the thread
/// that has started it.
pub fn of(child: &Child) -> Result<f64, String> {
    let child = Pid::from_raw(child.id().cast_signed());
    // Of each part.
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
            // A new thread begins with this.
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
            // It was killed meanwhile.
            None | Some(Ok(()) | Err(Errno::ESRCH)) => {}
            Some(Err(error)) => return Err(error.to_string()),
        }
    }
}

/// The first part is empty: what is in it is the second mark, as in all others.
fn without_marks(parts: &[u64]) -> f64 {
    let Some((mark, parts)) = parts.split_first() else { return 0.0 };
    parts.iter().map(|calls| calls.saturating_sub(*mark)).sum::<u64>() as f64
}
