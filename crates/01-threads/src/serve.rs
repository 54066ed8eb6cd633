//! `serve`: a stage as a real server, for the program of this lesson and for the tests that start
//! it.

use std::sync::Arc;

use chat::service::{ServeArgs, announce, on_stop_signal};
use clap::{Args, ValueEnum};
use tracing::info;

use crate::{s1_shared_writer, s2_mailboxes::Server};

/// The flags of `serve`.
#[derive(Args, Clone, Debug)]
pub struct Serve {
    #[command(flatten)]
    flags: ServeArgs,
    /// Which stage serves
    #[arg(long, value_enum, default_value_t)]
    stage: Stage,
}

/// The stages of this lesson, by name or number.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq, ValueEnum)]
pub enum Stage {
    /// One thread a connection; whoever posts writes to every member's socket
    #[value(alias = "1", alias = "s1")]
    SharedWriter,
    /// Bounded mailboxes, a writer a connection, and an accept loop that outlives every error
    #[default]
    #[value(alias = "2", alias = "s2")]
    Mailboxes,
}

impl Serve {
    /// Listens, prints `listening on IP:PORT` as the first line on stdout, and serves until it is
    /// told to stop.
    ///
    /// # Errors
    ///
    /// One line for a person: it cannot listen, or the stage's accept loop has ended.
    pub fn run(&self) -> Result<(), String> {
        let listener = Arc::new(self.flags.open()?);
        let limits = self.flags.limits();
        let refused = |error| format!("cannot serve: {error}");
        if self.stage == Stage::SharedWriter {
            announce(&listener).map_err(refused)?;
            return s1_shared_writer::accept(listener.incoming(), &Arc::default(), &limits)
                .map_err(|error| format!("the accept loop ended: {error}"));
        }
        let server = Arc::new(Server::new(limits));
        on_stop_signal({
            let (server, listener) = (Arc::clone(&server), Arc::clone(&listener));
            move || {
                info!(target: "threads", "stopping");
                server.stop(&listener);
            }
        })
        .map_err(refused)?;
        announce(&listener).map_err(refused)?;
        server.run(listener.incoming());
        Ok(())
    }
}
