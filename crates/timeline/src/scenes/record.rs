//! The recording of a scene, which can stop the play at an event, and what the scene says beside
//! it.

use std::{
    fmt::{Debug, Display},
    io::{self, Write},
    sync::{Mutex, PoisonError},
    thread,
};

use tracing::{
    Event, Subscriber,
    field::{Field, Visit},
};
use tracing_subscriber::layer::{Context, Layer, SubscriberExt as _};

use crate::{Recording, Timeline, event::TARGET};

/// The recording of a scene.
#[derive(Debug)]
pub struct Record(Recording);

impl Record {
    /// Starts to record.
    ///
    /// # Errors
    ///
    /// As [`Recording::start`].
    pub fn start() -> Result<Self, String> {
        Recording::start().map(Record).map_err(|why| format!("nothing can be recorded: {why}"))
    }

    /// Starts to record. At the first event of this kind, `then` is called on the thread that emits
    /// the event. That thread goes on when `then` has returned.
    ///
    /// # Errors
    ///
    /// If the program has a `tracing` subscriber.
    pub fn start_and_at(event: &'static str, then: impl FnOnce() + Send + 'static) -> Result<Self, String> {
        let (layer, recording) = Recording::layer();
        let stop = Stop { event, then: Mutex::new(Some(Box::new(then))) };
        let subscriber = tracing_subscriber::registry().with(layer).with(stop);
        let started = tracing::subscriber::set_global_default(subscriber);
        started.map_err(|why| format!("nothing can be recorded: {why}"))?;
        Ok(Record(recording))
    }

    /// Prints what has happened, and returns it. A task that still waits is in the record only if
    /// it has not been dropped before.
    ///
    /// # Errors
    ///
    /// If an event breaks the schema.
    pub fn show(self) -> Result<Timeline, String> {
        let timeline = self.0.finish();
        written(timeline.text().print());
        match timeline.problems() {
            [] => Ok(timeline),
            problems => Err(format!("the record breaks its schema: {problems:?}")),
        }
    }
}

/// A layer that sees each event after the recording has.
struct Stop {
    event: &'static str,
    then: Mutex<Option<Box<dyn FnOnce() + Send>>>,
}

impl<S: Subscriber> Layer<S> for Stop {
    fn on_event(&self, event: &Event<'_>, _: Context<'_, S>) {
        struct Is<'a>(&'a str, bool);
        impl Visit for Is<'_> {
            fn record_str(&mut self, field: &Field, value: &str) {
                self.1 |= field.name() == "event" && value == self.0;
            }

            fn record_debug(&mut self, _: &Field, _: &dyn Debug) {}
        }
        let mut is = Is(self.event, false);
        event.record(&mut is);
        if is.1 {
            let then = self.then.lock().unwrap_or_else(PoisonError::into_inner).take();
            if let Some(then) = then {
                then();
            }
        }
    }
}

/// Runs this on a thread of that name, to its end.
///
/// # Errors
///
/// If the thread cannot be started, or panics.
pub fn on_thread(name: &str, run: impl FnOnce() + Send + 'static) -> Result<(), String> {
    let thread = thread::Builder::new().name(name.into()).spawn(run).map_err(|why| why.to_string())?;
    thread.join().map_err(|_| format!("the thread {name} panicked"))
}

/// Puts a remark into the record.
pub fn note(text: impl Display) {
    tracing::trace!(target: TARGET, event = "note", %text);
}

/// Prints a line to stdout.
///
/// If nobody reads stdout any more, as behind `| head`, the program exits with 0. If stdout cannot
/// be written, it says so on stderr and exits with 1.
pub fn say(line: impl Display) {
    written(writeln!(io::stdout(), "{line}"));
}

fn written(result: io::Result<()>) {
    match result {
        Ok(()) => {}
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => std::process::exit(0),
        Err(error) => {
            eprintln!("error: cannot write to stdout: {error}");
            std::process::exit(1);
        }
    }
}
