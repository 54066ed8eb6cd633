//! A load generator: a crowd of clients against a chat server in another process, and what the
//! server does under it.
//!
//! It shares the machine with the server, so it must cost little: one thread, one wait for all
//! clients, one buffer to read into, and no line is parsed that looks as expected.

mod command;
mod crowd;
mod kernel;
mod member;
mod pairs;
mod post;
mod report;
mod run;
mod server;
mod table;
mod table_command;

use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use chat::service::on_stop_signal;
use clap::Args;

pub use command::run_load;
pub use report::{Latency, Report, Total};
pub use run::run;
pub use server::Server;
pub use table_command::run_table;

/// What a crowd does to a server.
#[derive(Clone, Debug)]
pub struct Load {
    /// How many clients there are.
    pub clients: usize,
    /// How many groups they are in, each client in one.
    pub groups: usize,
    /// When a client posts.
    pub pace: Pace,
    /// The size of a text, and for how long.
    pub window: Window,
}

/// When a client posts.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Pace {
    /// When its own last post has come back: what the server can do at the most.
    Closed,
    /// At fixed times, so many posts a second from all clients together, however the server fares.
    /// A post that is late because the server is counts from when it should have been sent.
    Rate(f64),
}

/// What is posted, and for how long: flags that every load shares.
#[derive(Args, Clone, Debug)]
pub struct Window {
    /// Bytes of a text; 24 of them say who posted it and when
    #[arg(long, value_name = "BYTES", default_value_t = 64, value_parser = text_bytes)]
    pub bytes: usize,
    /// Seconds of the same load before measuring
    #[arg(long, value_name = "SECONDS", default_value = "1", value_parser = seconds)]
    pub warmup: Duration,
    /// Seconds to measure
    #[arg(long, value_name = "SECONDS", default_value = "5", value_parser = seconds)]
    pub seconds: Duration,
    /// Seconds that a run may take from the first connection to the last line; then it ends, and is
    /// void [default: 30 more than three times warm-up and measuring]
    #[arg(long, value_name = "SECONDS", value_parser = seconds)]
    pub limit: Option<Duration>,
}

impl Window {
    /// How long a run may take as a whole.
    pub fn limit(&self) -> Duration {
        self.limit.unwrap_or_else(|| 3 * (self.warmup + self.seconds) + Duration::from_secs(30))
    }
}

impl Load {
    /// Finds out whether there can be such a load.
    ///
    /// # Errors
    ///
    /// One line for a person: what does not fit.
    pub fn check(&self) -> Result<(), String> {
        match (self.clients, self.groups) {
            (clients, groups) if groups == 0 || clients < groups => {
                Err(format!("{clients} clients cannot be in {groups} groups: at least one group, and a client in each"))
            }
            _ if self.window.seconds.is_zero() => Err("there is nothing to measure in 0 seconds".into()),
            _ if self.window.limit() < self.window.warmup + self.window.seconds => {
                Err("the limit is shorter than warm-up and measuring together".into())
            }
            _ => Ok(()),
        }
    }
}

/// A flag that Ctrl-C and SIGTERM set. Everything here looks at it often and ends the server before
/// it returns.
fn stop_flag() -> Result<Arc<AtomicBool>, String> {
    let stop = Arc::new(AtomicBool::new(false));
    let set = Arc::clone(&stop);
    on_stop_signal(move || set.store(true, Ordering::Relaxed))
        .map_err(|error| format!("cannot watch for signals: {error}"))?;
    Ok(stop)
}

/// The error of whatever was interrupted.
fn interrupted() -> String {
    "interrupted".into()
}

/// A number of posts a second.
fn rate(text: &str) -> Result<f64, String> {
    match text.parse::<f64>() {
        Ok(rate) if rate.is_finite() && rate > 0.0 => Ok(rate),
        Ok(_) => Err("must be more than 0".into()),
        Err(error) => Err(error.to_string()),
    }
}

/// The longest time that a flag takes: a day.
const LONGEST: Duration = Duration::from_secs(24 * 60 * 60);

fn seconds(text: &str) -> Result<Duration, String> {
    let seconds = text.parse::<f64>().map_err(|error| error.to_string())?;
    match Duration::try_from_secs_f64(seconds) {
        Ok(seconds) if seconds <= LONGEST => Ok(seconds),
        Ok(_) => Err(format!("must be at most {}, a day", LONGEST.as_secs())),
        Err(error) => Err(error.to_string()),
    }
}

fn text_bytes(text: &str) -> Result<usize, String> {
    match text.parse() {
        Ok(bytes) if (post::SHORTEST..=post::LONGEST).contains(&bytes) => Ok(bytes),
        Ok(_) => Err(format!("must be from {} to {}", post::SHORTEST, post::LONGEST)),
        Err(error) => Err(error.to_string()),
    }
}
