//! One run of one subject, in a process of its own.

use std::{
    env,
    io::Read,
    process::{Child, Command, Stdio},
    sync::mpsc::{RecvTimeoutError, Sender, channel},
    thread,
};

use rustix::process::{Pid, Signal, kill_process};

use super::{
    calls,
    rows::{Row, What},
    subjects::{DEADLINE, VARIABLES},
};

/// The argument that tells a process what it is to carry.
pub const RUN: &str = "--run";

/// What the row asks for, an operation; or why there is no such figure.
pub fn figure(table: &str, row: &Row, subject: &str) -> Result<f64, String> {
    let this = env::current_exe().map_err(|error| error.to_string())?;
    let mut command = Command::new(this);
    command.arg(RUN).arg(format!("{table} {} {subject}", row.id)).envs(VARIABLES);
    command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = command.spawn().map_err(|error| error.to_string())?;
    let late = kill_when_late(&child);
    // It says a line or two, for which the pipes have room.
    let ended = if row.what == What::Calls { calls::of(&child).map(Some) } else { wait(&mut child).map(|()| None) };
    drop(late);
    if ended.is_err() {
        // If it has ended already, there is nothing to kill.
        let _ = child.kill();
    }
    let said = read(child.stdout.take());
    let figure = match ended {
        Ok(Some(calls)) => Ok(calls / row.operations() as f64),
        Ok(None) => said.trim().parse().map_err(|_| format!("it said {said:?}")),
        Err(why) => Err(why),
    };
    figure.map_err(|why| format!("{subject}, {}: {why}: {}", row.id, read(child.stderr.take()).trim()))
}

fn wait(child: &mut Child) -> Result<(), String> {
    let status = child.wait().map_err(|error| error.to_string())?;
    if status.success() { Ok(()) } else { Err(status.to_string()) }
}

fn read(pipe: Option<impl Read>) -> String {
    let mut said = Vec::new();
    pipe.map(|mut pipe| pipe.read_to_end(&mut said));
    String::from_utf8_lossy(&said).into_owned()
}

/// Kills it at the deadline, unless what is returned has been dropped by then.
fn kill_when_late(child: &Child) -> Sender<()> {
    let (sender, ended) = channel();
    let child = Pid::from_child(child);
    thread::spawn(move || {
        if ended.recv_timeout(DEADLINE) == Err(RecvTimeoutError::Timeout) {
            let _ = kill_process(child, Signal::KILL);
        }
    });
    sender
}
