//! What the scenes are played with: a record that can stop the play at an event, and tasks that are
//! polled by hand.

use std::{
    fmt::{Debug, Display},
    future::Future,
    io::{self, Write},
    pin::Pin,
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicBool, Ordering::SeqCst},
    },
    task::{Context, Poll, Wake, Waker},
    thread,
};

use timeline::{Recording, Traced};
use tracing::{Event, Subscriber, field::Field, field::Visit};
use tracing_subscriber::{
    layer::{Context as Around, Layer, SubscriberExt as _},
    util::SubscriberInitExt as _,
};

/// A future under the record, and the one waker it is polled with: as much of an executor as a
/// scene needs.
pub struct Task<F> {
    /// `None` once it was ready or cancelled.
    future: Option<Pin<Box<Traced<F>>>>,
    bell: Arc<Bell>,
}

#[derive(Default)]
struct Bell(AtomicBool);

impl Wake for Bell {
    fn wake(self: Arc<Self>) {
        self.0.store(true, SeqCst);
    }
}

impl<F: Future> Task<F> {
    /// A task that has not been polled.
    pub fn new(name: &str, future: F) -> Self {
        Task { future: Some(Box::pin(Traced::new(name, future))), bell: Arc::default() }
    }

    /// Polls it once, and drops it if it is ready.
    pub fn poll(&mut self) -> Poll<F::Output> {
        let future = self.future.as_mut().expect("a scene polls nothing that was ready");
        let waker = Waker::from(Arc::clone(&self.bell));
        let polled = future.as_mut().poll(&mut Context::from_waker(&waker));
        if polled.is_ready() {
            self.future = None;
        }
        polled
    }

    /// Whether it has been woken since somebody last asked.
    pub fn is_woken(&self) -> bool {
        self.bell.0.swap(false, SeqCst)
    }

    /// Drops the future where it stands.
    pub fn cancel(&mut self) {
        self.future = None;
    }
}

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

    /// Prints what has happened. Called while the tasks that still wait are there, so that it tells
    /// of them.
    pub fn show(self) -> Result<(), String> {
        let timeline = self.0.finish();
        written(timeline.text().print());
        match timeline.problems() {
            [] => Ok(()),
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
    tracing::trace!(target: "waker", event = "note", %text);
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
