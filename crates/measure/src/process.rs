//! One run of one subject in a process of its own, which prints its figure and ends before a
//! deadline.

use std::{
    io::Read,
    process::{Child, Command, Stdio},
    sync::mpsc::{RecvTimeoutError, channel},
    thread,
    time::Duration,
};

use rustix::process::{Pid, Signal, kill_process};

/// Runs a command to its end, and reads the one number that it prints.
///
/// # Errors
///
/// As for [`run`]; also if the command fails, or prints no number.
pub fn figure(command: &mut Command, deadline: Duration) -> Result<f64, String> {
    let wait = |child: &mut Child| {
        let status = child.wait().map_err(|error| error.to_string())?;
        if status.success() { Ok(()) } else { Err(status.to_string()) }
    };
    let ((), said) = run(command, deadline, wait)?;
    said.trim().parse().map_err(|_| format!("it printed {said:?}, which is no number"))
}

/// Starts a command, and lets `wait` see it to its end. Gives what `wait` gives, and what the
/// command printed. The command may print as much as the two pipes hold.
///
/// # Errors
///
/// Why it did not start, that it was killed at the deadline, or the error of `wait`; and with each
/// what it printed to stderr.
pub fn run<T>(
    command: &mut Command,
    deadline: Duration,
    wait: impl FnOnce(&mut Child) -> Result<T, String>,
) -> Result<(T, String), String> {
    command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = command.spawn().map_err(|error| error.to_string())?;
    let pid = Pid::from_child(&child);
    let (running, ended) = channel::<()>();
    let killer = thread::spawn(move || {
        let is_late = ended.recv_timeout(deadline) == Err(RecvTimeoutError::Timeout);
        if is_late {
            let _ = kill_process(pid, Signal::KILL);
        }
        is_late
    });
    let result = wait(&mut child);
    drop(running);
    let is_late = killer.join().expect("the thread does not panic");
    if result.is_err() {
        // A child that has ended already cannot be killed.
        let _ = child.kill();
    }
    match result {
        Ok(result) => Ok((result, read(child.stdout.take()))),
        Err(why) => {
            let why = if is_late { format!("killed after {} s", deadline.as_secs_f64()) } else { why };
            Err(format!("{why}: {}", read(child.stderr.take()).trim()))
        }
    }
}

fn read(pipe: Option<impl Read>) -> String {
    let mut said = Vec::new();
    pipe.map(|mut pipe| pipe.read_to_end(&mut said));
    String::from_utf8_lossy(&said).into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    const LONG: Duration = Duration::from_secs(60);

    fn shell(script: &str) -> Command {
        let mut shell = Command::new("sh");
        shell.args(["-c", script]);
        shell
    }

    #[test]
    fn the_figure_is_the_number_that_is_printed() {
        assert_eq!(figure(&mut shell("echo 2.5; echo nothing >&2"), LONG), Ok(2.5));
    }

    #[test]
    fn an_error_says_what_went_wrong_and_what_was_printed() {
        let error = |script| figure(&mut shell(script), LONG).unwrap_err();
        assert_eq!(error("echo 1; echo broken >&2; exit 3"), "exit status: 3: broken");
        assert_eq!(error("echo many"), "it printed \"many\\n\", which is no number");
        assert!(figure(&mut Command::new("/nowhere/nothing"), LONG).unwrap_err().contains("No such file"));
        let refuse = |_: &mut Child| Err::<(), _>("refused".to_owned());
        assert_eq!(run(&mut shell("exec sleep 1000"), LONG, refuse).unwrap_err(), "refused: ");
    }

    #[test]
    fn a_command_is_killed_at_the_deadline() {
        let late = figure(&mut shell("exec sleep 1000"), Duration::from_millis(10));
        assert_eq!(late.unwrap_err(), "killed after 0.01 s: ");
    }
}
