//! What the scenes are played with: a record, tasks that are polled by hand, and a gate for what a
//! delay waits for.

use std::{
    cell::Cell,
    fmt::Display,
    future::Future,
    io::{self, Write},
    pin::Pin,
    sync::{
        Arc,
        mpsc::{Receiver, Sender, channel},
    },
    task::{Context, Poll, Wake, Waker},
};

use timeline::{Recording, StartError, Traced};

/// A future under the record, and the one waker it is polled with: as much of an executor as a
/// scene needs.
pub struct Task<F> {
    /// `None` once it was ready.
    future: Option<Pin<Box<Traced<F>>>>,
    bell: Arc<Bell>,
    rings: Receiver<()>,
}

struct Bell(Sender<()>);

impl Wake for Bell {
    fn wake(self: Arc<Self>) {
        // A task that is gone needs no wake any more.
        let _ = self.0.send(());
    }
}

impl<F: Future> Task<F> {
    /// A task that has not been polled.
    pub fn new(name: &str, future: F) -> Self {
        let (bell, rings) = channel();
        Task { future: Some(Box::pin(Traced::new(name, future))), bell: Arc::new(Bell(bell)), rings }
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
        self.rings.try_iter().count() > 0
    }

    /// Whether a clone of its waker exists.
    pub fn can_be_woken(&self) -> bool {
        Arc::strong_count(&self.bell) > 1
    }

    /// Polls it after each wake until it is ready; `None` if it waits and nobody can wake it.
    pub fn run(&mut self) -> Option<F::Output> {
        loop {
            if let Poll::Ready(output) = self.poll() {
                return Some(output);
            }
            // Whoever has woken it by the last clone did so before that clone went: look at the
            // clones first.
            let can_be_woken = self.can_be_woken();
            if !self.is_woken() {
                if !can_be_woken {
                    return None;
                }
                self.rings.recv().expect("the task has a bell itself");
            }
        }
    }

    /// Drops the future where it stands.
    pub fn cancel(&mut self) {
        self.future = None;
    }
}

/// What a delay of a scene waits for: no clock, but that the scene says so.
pub struct Gate {
    open: Sender<()>,
    ended: Receiver<()>,
}

thread_local! {
    /// Goes when its thread ends, which is how a scene sees that a delay's thread has done all that
    /// it does.
    static ALIVE: Cell<Option<Sender<()>>> = const { Cell::new(None) };
}

impl Gate {
    /// A gate, and what blocks until it is open.
    pub fn new() -> (Gate, impl FnOnce() + Send + 'static) {
        let ((open, opened), (alive, ended)) = (channel(), channel());
        let wait = move || {
            ALIVE.set(Some(alive));
            // An error says that the scene is over, and its gate gone.
            let _ = opened.recv();
        };
        (Gate { open, ended }, wait)
    }

    /// Opens it, and returns once the thread that waited at it has ended.
    pub fn open(self) {
        drop(self.open);
        self.ended.recv().expect_err("nobody sends anything");
    }
}

/// The recording of a scene.
pub struct Record(Recording);

impl Record {
    /// Starts to record.
    pub fn start() -> Result<Self, StartError> {
        Recording::start().map(Record)
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

/// Puts a remark into the record.
pub fn note(text: impl Display) {
    tracing::trace!(target: "future", event = "note", %text);
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
