//! The server under load: a process that is started and ended here, or one that runs already.

use std::{
    ffi::OsString,
    io::{self, BufRead, BufReader},
    net::SocketAddr,
    process::{Child, Command, ExitStatus, Stdio},
    sync::{
        atomic::{AtomicBool, Ordering},
        mpsc::{self, RecvTimeoutError},
    },
    thread,
    time::{Duration, Instant},
};

use rustix::process::{Pid, Signal, kill_process};

use super::interrupted;

/// How long a server may take to say where it listens.
const START: Duration = Duration::from_secs(10);
/// How long a server that was told to end may take to do so.
const END: Duration = Duration::from_secs(5);
/// How often the two waits look up.
const GLANCE: Duration = Duration::from_millis(20);

/// A chat server. One that was started here is ended when this is dropped.
#[derive(Debug)]
pub struct Server {
    address: SocketAddr,
    pid: Option<u32>,
    child: Option<Child>,
}

impl Server {
    /// A server that runs already; without its process id nothing is known of its processor time
    /// and memory.
    pub fn at(address: SocketAddr, pid: Option<u32>) -> Self {
        Server { address, pid, child: None }
    }

    /// Starts a server whose first line on stdout is `listening on IP:PORT`. The command must be
    /// the server itself: what is measured is its process, not what a wrapper has started in turn.
    ///
    /// # Errors
    ///
    /// One line for a person: it does not start, or does not say where it listens, or `stop` was
    /// set.
    pub fn start(command: &[OsString], stop: &AtomicBool) -> Result<Self, String> {
        let (program, arguments) = command.split_first().ok_or("there is no command to start a server")?;
        let mut child = Command::new(program)
            .args(arguments)
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .spawn()
            .map_err(|error| format!("cannot start {}: {error}", program.display()))?;
        let (send, first) = mpsc::channel();
        let stdout = child.stdout.take();
        thread::spawn(move || {
            let mut stdout = BufReader::new(stdout?);
            let mut line = String::new();
            stdout.read_line(&mut line).ok()?;
            send.send(line).ok()?;
            // A server that says more must not find the pipe full.
            io::copy(&mut stdout, &mut io::sink()).ok()
        });
        // From here on an early return ends the process.
        let mut server = Server { address: SocketAddr::from(([0; 4], 0)), pid: Some(child.id()), child: Some(child) };
        let line = wait_for(&first, stop)?;
        let address = line.strip_prefix("listening on ").and_then(|address| address.trim().parse().ok());
        server.address = address.ok_or_else(|| {
            let ended = server.ended().map(|status| format!(", and it has ended ({status})")).unwrap_or_default();
            format!("the first line of {} is not `listening on IP:PORT` but {line:?}{ended}", program.display())
        })?;
        Ok(server)
    }

    /// Where it listens.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Its process, if it is known.
    pub fn pid(&self) -> Option<u32> {
        self.pid
    }

    /// The reason why a run failed, and that the server has ended if it has: mostly that is the
    /// reason of the reason.
    pub fn explain(&mut self, why: String) -> String {
        // One that is about to end needs a moment to do so.
        thread::sleep(GLANCE);
        self.ended().map_or_else(|| why.clone(), |status| format!("{why} (the server has ended: {status})"))
    }

    fn ended(&mut self) -> Option<ExitStatus> {
        self.child.as_mut()?.try_wait().ok()?
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let Some(child) = &mut self.child else { return };
        if child.try_wait().is_ok_and(|ended| ended.is_none()) {
            let _ = kill_process(Pid::from_child(child), Signal::TERM);
        }
        let patience = Instant::now() + END;
        while child.try_wait().is_ok_and(|ended| ended.is_none()) {
            if Instant::now() > patience {
                let _ = child.kill();
                let _ = child.wait();
                return;
            }
            thread::sleep(GLANCE);
        }
    }
}

/// The first line of a server; empty if there was none.
fn wait_for(first: &mpsc::Receiver<String>, stop: &AtomicBool) -> Result<String, String> {
    let patience = Instant::now() + START;
    loop {
        match first.recv_timeout(GLANCE) {
            Ok(line) => return Ok(line),
            Err(RecvTimeoutError::Disconnected) => return Ok(String::new()),
            Err(RecvTimeoutError::Timeout) if stop.load(Ordering::Relaxed) => return Err(interrupted()),
            Err(RecvTimeoutError::Timeout) if Instant::now() > patience => {
                return Err(format!("the server has not said where it listens in {} s", START.as_secs()));
            }
            Err(RecvTimeoutError::Timeout) => {}
        }
    }
}
