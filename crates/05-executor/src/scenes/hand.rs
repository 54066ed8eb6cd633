//! What the scenes are played with: a record that can stop the play at an event, and what is said
//! beside it.

use std::{
    fmt::{Debug, Display},
    io::{self, Write},
    sync::{Mutex, PoisonError},
    thread,
};

use timeline::{Recording, Timeline};
use tracing::{Event, Subscriber, field::Field, field::Visit};
use tracing_subscriber::{
    layer::{Context as Around, Layer, SubscriberExt as _},
    util::SubscriberInitExt as _,
};

/// The recording of a scene.
pub struct Record(Recording);

impl Record {
    /// Starts to record.
    pub fn start() -> Result<Self, String> {
        Record::start_and_at("", || ())
    }

    /// Starts to record. At the first event of this kind, on the thread on which it happens and
    /// before that thread goes on, `then` is called: so a play puts something exactly there.
    pub fn start_and_at(event: &'static str, then: impl FnOnce() + Send + 'static) -> Result<Self, String> {
        let (layer, recording) = Recording::layer();
        let stop = Stop { event, then: Mutex::new(Some(Box::new(then))) };
        let started = tracing_subscriber::registry().with(layer).with(stop).try_init();
        started.map_err(|why| format!("nothing can be recorded: {why}"))?;
        Ok(Record(recording))
    }

    /// Prints what has happened, and gives it. Called while the tasks that still wait are there, so
    /// that it tells of them.
    pub fn show(self) -> Result<Timeline, String> {
        let timeline = self.0.finish();
        written(timeline.text().print());
        match timeline.problems() {
            [] => Ok(timeline),
            problems => Err(format!("the record breaks its schema: {problems:?}")),
        }
    }
}

/// Called with every event, after it was recorded.
struct Stop {
    event: &'static str,
    then: Mutex<Option<Box<dyn FnOnce() + Send>>>,
}

impl<S: Subscriber> Layer<S> for Stop {
    fn on_event(&self, event: &Event<'_>, _: Around<'_, S>) {
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
pub fn on_thread(name: &str, run: impl FnOnce() + Send + 'static) -> Result<(), String> {
    let thread = thread::Builder::new().name(name.into()).spawn(run).map_err(|why| why.to_string())?;
    thread.join().map_err(|_| format!("the thread {name} panicked"))
}

/// Puts a remark into the record.
pub fn note(text: impl Display) {
    tracing::trace!(target: "executor", event = "note", %text);
}

/// Prints a line to stdout.
pub fn say(line: impl Display) {
    written(writeln!(io::stdout(), "{line}"));
}

/// If nobody reads stdout any more, as behind `| head`, the program ends quietly; if it cannot be
/// written, with one line on stderr and exit code 1.
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
