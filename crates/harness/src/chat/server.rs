//! A chat server as a subject, and a running one: its start, the kernel's counters for its process,
//! and its end.

use std::{
    collections::VecDeque,
    ffi::OsString,
    fs,
    io::{BufRead, BufReader, Write},
    net::{SocketAddr, TcpStream},
    process::{Child, ChildStdin, Command, ExitStatus, Stdio},
    sync::{Arc, Mutex, PoisonError, mpsc},
    thread,
    time::Duration,
};

use rustix::{
    param::{clock_ticks_per_second, page_size},
    process::{Resource, Rlimit, Signal, getrlimit, kill_process, prlimit},
};

use super::{Parts, START, patience::PATIENCE};
use crate::run::{
    check::{Stop, Verdict},
    process::{self, NOT_WRITTEN},
    wait::until,
};

/// A subject of part E.
#[derive(Clone, Debug)]
pub struct Server {
    /// The command that starts it. `None` if it runs already; then no check can watch its process.
    pub command: Option<Vec<OsString>>,
    /// The address on which it listens. `None` if its first line on stdout is
    /// `listening on IP:PORT`.
    pub address: Option<SocketAddr>,
    /// The parts of it that the checks can call in this process.
    pub parts: Parts,
}

impl Server {
    /// A server that is already running.
    pub fn at(address: SocketAddr) -> Self {
        Server { command: None, address: Some(address), parts: Parts::default() }
    }

    /// A server that each check starts anew. Its first line on stdout must be
    /// `listening on IP:PORT`.
    pub fn command(command: impl IntoIterator<Item = impl Into<OsString>>) -> Self {
        let command = command.into_iter().map(Into::into).collect();
        Server { command: Some(command), address: None, parts: Parts::default() }
    }

    /// This program itself as the server, started again with these arguments. Then the checks can
    /// count its heap, see [`answer_heap_questions`].
    ///
    /// # Panics
    ///
    /// If the program cannot find its own file.
    pub fn this_program(arguments: &[&str]) -> Self {
        let program = std::env::current_exe().expect("a running program has a file").into_os_string();
        Self::command(std::iter::once(program).chain(arguments.iter().map(OsString::from)))
    }

    /// Adds parts of the server that the checks can call in this process.
    #[must_use]
    pub fn with_parts(self, parts: Parts) -> Self {
        Server { parts, ..self }
    }

    /// Starts the server, or returns the one that runs already.
    ///
    /// # Errors
    ///
    /// It cannot be started, or does not say where it listens.
    pub fn start(&self) -> Result<Running, Stop> {
        let Some(command) = &self.command else {
            let address =
                self.address.ok_or_else(|| Stop::Failed("neither an address nor a command was given".into()))?;
            return Ok(Running { address, process: None });
        };
        if self.address.is_some_and(|address| TcpStream::connect_timeout(&address, PATIENCE).is_ok()) {
            return Err(Stop::Failed(
                "another program already listens on the server's address; stop it or choose another address".into(),
            ));
        }
        let mut process = Process::spawn(command)?;
        let address = match self.address {
            Some(address) => process.wait_for_port(address)?,
            None => process.read_address()?,
        };
        Ok(Running { address, process: Some(process) })
    }

    /// Starts the server for a check that must watch or end its process.
    pub(super) fn start_own(&self) -> Result<Running, Stop> {
        if self.command.is_none() {
            return Err(Stop::NotApplicable("it must start and watch the server's process; give a command".into()));
        }
        self.start()
    }

    /// Starts the server and runs `check` on it. If the server has ended in the meantime, the
    /// failure says so.
    pub(super) fn checked(&self, check: impl FnOnce(&Running) -> Verdict) -> Verdict {
        let running = self.start()?;
        let verdict = check(&running);
        running.explain(verdict)
    }
}

/// Guard: a running server. Drop kills the process, if it was started for this check.
#[derive(Debug)]
pub struct Running {
    /// The address on which it listens.
    pub address: SocketAddr,
    process: Option<Process>,
}

/// The memory of a server's process.
#[derive(Clone, Copy, Debug)]
pub struct Memory {
    /// The number of bytes.
    pub bytes: usize,
    /// True if the server's allocator counted them; false if the kernel counted resident pages.
    pub exact: bool,
}

impl Running {
    /// The server's memory: its live heap if it reports that, otherwise its resident pages. `None`
    /// if the check did not start the process.
    pub fn memory(&self) -> Option<Memory> {
        let process = self.process.as_ref()?;
        if let Some(bytes) = process.heap() {
            return Some(Memory { bytes, exact: true });
        }
        let pages: usize = process.proc_file("statm")?.split(' ').nth(1)?.parse().ok()?;
        Some(Memory { bytes: pages * page_size(), exact: false })
    }

    /// The number of open descriptors of the server.
    pub(super) fn descriptors(&self) -> Result<usize, Stop> {
        let process = self.own()?;
        Ok(fs::read_dir(format!("/proc/{}/fd", process.child().id()))?.count())
    }

    /// Limits the server's process to this number of descriptors.
    pub(super) fn limit_descriptors(&self, most: usize) -> Verdict {
        let limit = Some(most as u64);
        let maximum = getrlimit(Resource::Nofile).maximum.map_or(limit, |hard| Some(hard.min(most as u64)));
        let pid = Some(process::pid_of(&self.own()?.child()));
        prlimit(pid, Resource::Nofile, Rlimit { current: maximum, maximum }).map_err(std::io::Error::from)?;
        Ok(())
    }

    /// The processor time that the server has used.
    pub(super) fn cpu(&self) -> Result<Duration, Stop> {
        let unreadable = || Stop::NotApplicable("it needs Linux' /proc to read the processor time".into());
        let stat = self.own()?.proc_file("stat").ok_or_else(unreadable)?;
        // Fields 14 and 15. They are counted from the end of the program's name, because that name
        // may contain spaces.
        let (_, fields) = stat.rsplit_once(") ").ok_or_else(unreadable)?;
        let ticks: u64 = fields.split(' ').skip(11).take(2).filter_map(|field| field.parse::<u64>().ok()).sum();
        Ok(Duration::from_millis(ticks * 1000 / clock_ticks_per_second()))
    }

    /// Sends SIGTERM.
    pub(super) fn terminate(&self) -> Verdict {
        kill_process(process::pid_of(&self.own()?.child()), Signal::TERM).map_err(std::io::Error::from)?;
        Ok(())
    }

    /// Waits until the server's process has ended. `None` if it still runs after `patience`.
    pub(super) fn exit(&self, patience: Duration) -> Result<Option<ExitStatus>, Stop> {
        Ok(process::wait(&mut self.own()?.child(), patience)?)
    }

    /// If a check failed because the server has ended, adds that to the failure. If an exercise's
    /// `todo!()` ended it, the result is "not written".
    pub(super) fn explain(&self, verdict: Verdict) -> Verdict {
        let (Err(Stop::Failed(observed)), Some(process)) = (&verdict, &self.process) else { return verdict };
        // A server that is ending needs a moment.
        let Ok(Some(status)) = process::wait(&mut process.child(), Duration::from_millis(200)) else { return verdict };
        let words = process.last_words();
        if status.code() == Some(NOT_WRITTEN) {
            return Err(Stop::NotWritten(words.lines().last().unwrap_or_default().to_owned()));
        }
        Err(Stop::Failed(format!("{observed}\nThe server has ended ({status}). {words}")))
    }

    fn own(&self) -> Result<&Process, Stop> {
        self.process.as_ref().ok_or_else(|| Stop::NotApplicable("it must watch the server's process".into()))
    }
}

#[derive(Debug)]
struct Process {
    child: Mutex<Child>,
    stdin: Mutex<Option<ChildStdin>>,
    stdout: Mutex<mpsc::Receiver<String>>,
    last_words: Arc<Mutex<VecDeque<String>>>,
    /// Disconnected when all of stderr has been read.
    stderr_open: Mutex<mpsc::Receiver<()>>,
}

impl Process {
    fn spawn(command: &[OsString]) -> Result<Self, Stop> {
        let (program, arguments) = command.split_first().ok_or_else(|| Stop::Failed("an empty command".into()))?;
        let mut child = Command::new(program)
            .args(arguments)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .map_err(|error| Stop::Failed(format!("cannot start {}: {error}", program.display())))?;
        let (send, stdout) = mpsc::channel();
        for_each_line(child.stdout.take(), move |line| drop(send.send(line)));
        let last_words = Arc::new(Mutex::new(VecDeque::new()));
        let kept = Arc::clone(&last_words);
        let (open, stderr_open) = mpsc::channel();
        for_each_line(child.stderr.take(), move |line| {
            let _: &mpsc::Sender<()> = &open;
            let mut kept = kept.lock().unwrap_or_else(PoisonError::into_inner);
            kept.push_back(line);
            if kept.len() > 3 {
                kept.pop_front();
            }
        });
        let stdin = Mutex::new(child.stdin.take());
        let (stdout, stderr_open) = (Mutex::new(stdout), Mutex::new(stderr_open));
        Ok(Process { child: Mutex::new(child), stdin, stdout, last_words, stderr_open })
    }

    fn read_address(&mut self) -> Result<SocketAddr, Stop> {
        let line = self.next_line(START).ok_or_else(|| {
            Stop::Failed(format!(
                "the server did not print `listening on IP:PORT` as its first line on stdout. {}",
                self.last_words()
            ))
        })?;
        let address = line.strip_prefix("listening on ").and_then(|address| address.trim().parse().ok());
        address
            .ok_or_else(|| Stop::Failed(format!("the server's first line is not `listening on IP:PORT` but {line:?}")))
    }

    fn wait_for_port(&mut self, address: SocketAddr) -> Result<SocketAddr, Stop> {
        let ended = || self.child().try_wait().ok().flatten().is_some();
        let connected = until(START, || match TcpStream::connect(address) {
            Ok(_) => Some(true),
            Err(_) => ended().then_some(false),
        });
        (connected == Some(true))
            .then_some(address)
            .ok_or_else(|| Stop::Failed(format!("nothing listens on {address}. {}", self.last_words())))
    }

    fn next_line(&self, patience: Duration) -> Option<String> {
        self.stdout.lock().unwrap_or_else(PoisonError::into_inner).recv_timeout(patience).ok()
    }

    /// Asks the server for its live heap. `None` if the server is not this program, or does not
    /// answer.
    fn heap(&self) -> Option<usize> {
        let mut stdin = self.stdin.lock().unwrap_or_else(PoisonError::into_inner);
        if std::env::current_exe().ok()? != fs::read_link(format!("/proc/{}/exe", self.child().id())).ok()? {
            return None;
        }
        stdin.as_mut()?.write_all(b"heap\n").ok()?;
        self.next_line(PATIENCE)?.strip_prefix("heap ")?.parse().ok()
    }

    fn proc_file(&self, name: &str) -> Option<String> {
        fs::read_to_string(format!("/proc/{}/{name}", self.child().id())).ok()
    }

    fn child(&self) -> std::sync::MutexGuard<'_, Child> {
        self.child.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The last three lines that an ended server wrote to stderr.
    fn last_words(&self) -> String {
        // Waits for the thread that reads stderr, but not for long: a child of the server may hold
        // stderr open.
        let _ = self.stderr_open.lock().unwrap_or_else(PoisonError::into_inner).recv_timeout(PATIENCE / 10);
        let kept = self.last_words.lock().unwrap_or_else(PoisonError::into_inner);
        let words = kept.iter().map(String::as_str).collect::<Vec<_>>().join("\n");
        process::out_of_memory(&words).unwrap_or(words)
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        let mut child = self.child();
        // An error means that it has ended already.
        let _ = child.kill();
        let _ = child.wait();
    }
}

fn for_each_line(pipe: Option<impl std::io::Read + Send + 'static>, mut act: impl FnMut(String) + Send + 'static) {
    thread::spawn(move || {
        let lines = pipe.into_iter().flat_map(|pipe| BufReader::new(pipe).lines());
        lines.map_while(Result::ok).for_each(&mut act);
    });
}

/// Starts a thread that answers each line `heap` on stdin with the live bytes of the heap. Call it
/// in a server that is this program started again ([`Server::this_program`]).
///
/// The program must install [`Counting`](crate::Counting). After `listening on …` it must print
/// nothing else on stdout.
pub fn answer_heap_questions() {
    thread::spawn(|| {
        // An error means that the parent has ended, so no more questions come.
        for _ in std::io::stdin().lines().map_while(Result::ok).filter(|line| line == "heap") {
            let live = crate::live_bytes().unwrap_or_default();
            let mut stdout = std::io::stdout().lock();
            let _ = writeln!(stdout, "heap {live}").and_then(|()| stdout.flush());
        }
    });
}
