//! `serve`: a stage on a runtime as a real server, for the program of this lesson and for the tests
//! that start it.

use std::{io, net::TcpListener, sync::Arc};

use chat::{
    Limits,
    service::{ServeArgs, announce, on_stop_signal},
};
use clap::{Args, ValueEnum};
use tracing::info;

use crate::{
    on_async_std, on_smol,
    on_tokio::{self, Flavor},
    parts::stop::Stop,
};

/// The flags of `serve`.
#[derive(Args, Clone, Debug)]
pub struct Serve {
    #[command(flatten)]
    flags: ServeArgs,
    /// Which stage serves
    #[arg(long, value_enum, default_value_t)]
    stage: Stage,
    /// On which runtime
    #[arg(long, value_enum, default_value_t)]
    runtime: Which,
    /// Set TCP_NODELAY on accepted sockets, or leave it off [default: as the stage does: mailbox
    /// sets it, plain does not]
    #[arg(long, value_name = "BOOL")]
    nodelay: Option<bool>,
}

/// The stages of this lesson, by name or number.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq, ValueEnum)]
pub enum Stage {
    /// The plain port: a task a connection, a task a subscription, one write a delivery
    #[value(alias = "1", alias = "s1")]
    Plain,
    /// Bounded mailboxes: a post is serialised once, and all that waits goes out in one write
    #[default]
    #[value(alias = "2", alias = "s2")]
    Mailbox,
}

/// The runtimes.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq, ValueEnum)]
pub enum Which {
    /// async-std, which is discontinued: a pool of threads
    AsyncStd,
    /// tokio on a pool of threads
    #[default]
    Tokio,
    /// tokio on a single thread
    TokioCurrent,
    /// smol: one thread beside the main one, unless SMOL_THREADS says more
    Smol,
}

impl Stage {
    /// Whether it sets `TCP_NODELAY` on accepted sockets: the notes' own loop knows nothing of it.
    pub fn nodelay(self) -> bool {
        self == Stage::Mailbox
    }
}

impl Serve {
    /// Listens, prints `listening on IP:PORT` as the first line on stdout, and serves until it is
    /// told to stop.
    ///
    /// # Errors
    ///
    /// One line for a person: it cannot listen, or the stage's accept loop has ended.
    pub fn run(&self) -> Result<(), String> {
        let listener = self.flags.open()?;
        let stop = Arc::new(Stop::default());
        let refused = |error| format!("cannot serve: {error}");
        // The plain port knows of no end but that of the process.
        if self.stage == Stage::Mailbox {
            let stop = Arc::clone(&stop);
            on_stop_signal(move || {
                info!(target: "async-chat", "stopping");
                stop.set();
            })
            .map_err(refused)?;
        }
        announce(&listener).map_err(refused)?;
        let nodelay = self.nodelay.unwrap_or(self.stage.nodelay());
        run(self.stage, self.runtime, listener, self.flags.limits(), stop, nodelay)
            .map_err(|error| format!("the accept loop ended: {error}"))
    }
}

/// Runs a stage on a runtime, until the stop is set (the plain port never looks). `nodelay` sets
/// `TCP_NODELAY` on accepted sockets.
///
/// # Errors
///
/// The accept loop ended with an error, or the runtime cannot be built.
pub fn run(
    stage: Stage,
    on: Which,
    listener: TcpListener,
    limits: Limits,
    stop: Arc<Stop>,
    nodelay: bool,
) -> io::Result<()> {
    match (stage, on) {
        (Stage::Plain, Which::AsyncStd) => on_async_std::plain(listener, limits, nodelay),
        (Stage::Mailbox, Which::AsyncStd) => on_async_std::mailbox(listener, limits, stop, nodelay),
        (Stage::Plain, Which::Tokio) => on_tokio::plain(Flavor::MultiThread, listener, limits, nodelay),
        (Stage::Mailbox, Which::Tokio) => on_tokio::mailbox(Flavor::MultiThread, listener, limits, stop, nodelay),
        (Stage::Plain, Which::TokioCurrent) => on_tokio::plain(Flavor::CurrentThread, listener, limits, nodelay),
        (Stage::Mailbox, Which::TokioCurrent) => {
            on_tokio::mailbox(Flavor::CurrentThread, listener, limits, stop, nodelay)
        }
        (Stage::Plain, Which::Smol) => on_smol::plain(listener, limits, nodelay),
        (Stage::Mailbox, Which::Smol) => on_smol::mailbox(listener, limits, stop, nodelay),
    }
}
