//! What the command line of every server here shares: flags, logs, signals, and the limit of
//! descriptors.

use std::{
    fmt::Display,
    io::{self, IsTerminal, Write},
    net::{SocketAddr, TcpListener},
    sync::mpsc,
    thread,
    time::Duration,
};

use clap::{Args, ValueEnum};
use rlimit::Resource;
use signal_hook::{
    consts::{SIGINT, SIGTERM},
    iterator::Signals,
};
use tracing::level_filters::LevelFilter;

use crate::Limits;

/// The flags of `serve`: where to listen, what to log, and each of the [`Limits`].
#[derive(Args, Clone, Debug)]
pub struct ServeArgs {
    /// Address to listen on; port 0 takes a free one. Loopback unless you say otherwise
    #[arg(long, value_name = "IP:PORT", default_value = "127.0.0.1:8080")]
    pub listen: SocketAddr,
    /// What to log on stderr
    #[arg(long, value_enum, default_value_t = Log::Info)]
    pub log: Log,
    /// Longest line of a request, in bytes
    #[arg(long, value_name = "BYTES", default_value_t = Limits::default().line_bytes, value_parser = at_least_one)]
    max_line: usize,
    /// Lines that may wait for one member
    #[arg(long, value_name = "LINES", default_value_t = Limits::default().mailbox_lines, value_parser = at_least_one)]
    mailbox_lines: usize,
    /// Bytes that may wait for one member
    #[arg(long, value_name = "BYTES", default_value_t = Limits::default().mailbox_bytes, value_parser = at_least_one)]
    mailbox_bytes: usize,
    /// Groups that one connection may be in
    #[arg(long, value_name = "GROUPS", default_value_t = Limits::default().groups_per_member, value_parser = at_least_one)]
    max_groups: usize,
    /// Longest name of a group, in bytes
    #[arg(long, value_name = "BYTES", default_value_t = Limits::default().group_name_bytes, value_parser = at_least_one)]
    max_group_name: usize,
    /// Connections at a time; the next one is told so and closed
    #[arg(long, value_name = "N", default_value_t = Limits::default().connections, value_parser = at_least_one)]
    max_connections: usize,
    /// How long a half-closed member is kept while nothing is posted to it, in milliseconds
    #[arg(long, value_name = "MS", default_value_t = millis(Limits::default().half_closed))]
    half_closed_ms: u64,
    /// How long a stopping server tries to write what waits, in milliseconds
    #[arg(long, value_name = "MS", default_value_t = millis(Limits::default().drain))]
    drain_ms: u64,
}

/// The least severe event that is logged.
#[derive(Clone, Copy, Debug, ValueEnum)]
pub enum Log {
    /// Nothing at all
    Off,
    /// What went wrong
    Error,
    /// What a server mended by itself
    Warn,
    /// Start, stop
    Info,
    /// Every connection
    Debug,
    /// Every event that a lesson emits
    Trace,
}

impl ServeArgs {
    /// The limits that the flags ask for.
    pub fn limits(&self) -> Limits {
        Limits {
            line_bytes: self.max_line,
            mailbox_lines: self.mailbox_lines,
            mailbox_bytes: self.mailbox_bytes,
            groups_per_member: self.max_groups,
            group_name_bytes: self.max_group_name,
            connections: self.max_connections,
            half_closed: Duration::from_millis(self.half_closed_ms),
            drain: Duration::from_millis(self.drain_ms),
        }
    }

    /// Starts logging, raises the limit of descriptors and opens the listener.
    ///
    /// # Errors
    ///
    /// One line for a person: the address cannot be listened on, and why.
    pub fn open(&self) -> Result<TcpListener, String> {
        log_to_stderr(self.log);
        raise_descriptor_limit();
        TcpListener::bind(self.listen).map_err(|error| format!("cannot listen on {}: {error}", self.listen))
    }
}

/// Prints the line that says where a server listens. It must be the first on stdout: whoever
/// started the server (a script, a test) reads the port from it.
///
/// # Errors
///
/// Those of asking the listener for its address. That nobody reads stdout is no error.
pub fn announce(listener: &TcpListener) -> io::Result<()> {
    let mut stdout = io::stdout().lock();
    let _ = writeln!(stdout, "listening on {}", listener.local_addr()?).and_then(|()| stdout.flush());
    Ok(())
}

/// Prints a line to stdout. If nobody reads it any more, as behind `| head`, the program ends
/// quietly; if it cannot be written, with one line on stderr and exit code 1.
pub fn say(line: impl Display) {
    match writeln!(io::stdout(), "{line}") {
        Ok(()) => {}
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => std::process::exit(0),
        Err(error) => {
            eprintln!("error: cannot write to stdout: {error}");
            std::process::exit(1);
        }
    }
}

/// Calls `stop` on a thread of its own at the first Ctrl-C or SIGTERM; a second one ends the
/// process at once, with 130.
///
/// # Errors
///
/// The signals cannot be watched.
pub fn on_stop_signal(stop: impl FnOnce() + Send + 'static) -> io::Result<()> {
    let mut signals = Signals::new([SIGINT, SIGTERM])?;
    let (first, stopping) = mpsc::channel::<()>();
    // Stopping may take as long as the drain, and the second signal must be heard meanwhile: so it
    // has a thread of its own, made now, since there may be none left when it is needed.
    thread::Builder::new().name("stop".into()).spawn(move || {
        if stopping.recv().is_ok() {
            stop();
        }
    })?;
    thread::Builder::new().name("signals".into()).spawn(move || {
        let mut caught = signals.forever();
        if caught.next().is_some() {
            let _ = first.send(());
        }
        if caught.next().is_some() {
            std::process::exit(130);
        }
    })?;
    Ok(())
}

/// Raises the soft limit of open descriptors to the hard one, and returns it; `None` means
/// unlimited.
pub fn raise_descriptor_limit() -> Option<u64> {
    let (soft, hard) = Resource::NOFILE.get().ok()?;
    let limit = if Resource::NOFILE.set(hard, hard).is_ok() { hard } else { soft };
    (limit != rlimit::INFINITY).then_some(limit)
}

/// Sends `tracing` events to stderr, in colour on a terminal unless `NO_COLOR` is set.
fn log_to_stderr(log: Log) {
    let colour = io::stderr().is_terminal() && std::env::var_os("NO_COLOR").is_none_or(|value| value.is_empty());
    let subscriber =
        tracing_subscriber::fmt().with_writer(io::stderr).with_ansi(colour).with_max_level(log.filter()).finish();
    // A program that has a subscriber already keeps it.
    let _ = tracing::subscriber::set_global_default(subscriber);
}

impl Log {
    fn filter(self) -> LevelFilter {
        match self {
            Log::Off => LevelFilter::OFF,
            Log::Error => LevelFilter::ERROR,
            Log::Warn => LevelFilter::WARN,
            Log::Info => LevelFilter::INFO,
            Log::Debug => LevelFilter::DEBUG,
            Log::Trace => LevelFilter::TRACE,
        }
    }
}

fn at_least_one(text: &str) -> Result<usize, String> {
    match text.parse() {
        Ok(0) => Err("must be at least 1".into()),
        Ok(number) => Ok(number),
        Err(error) => Err(error.to_string()),
    }
}

fn millis(duration: Duration) -> u64 {
    duration.as_millis().try_into().unwrap_or(u64::MAX)
}
