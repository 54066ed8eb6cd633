//! Writing down: a `tracing` layer that puts every event of ours, of all threads, into one list.

use std::{
    error, fmt,
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicBool, Ordering::SeqCst},
    },
    thread,
    time::Instant,
};

use serde_json::Value;
use tracing::{
    Level, Metadata, Subscriber,
    field::{Field, Visit},
    level_filters::STATIC_MAX_LEVEL,
    subscriber::Interest,
};
use tracing_subscriber::{
    Layer,
    layer::{Context, SubscriberExt},
};

use crate::{
    event::TARGETS,
    lines::{Line, Lines},
    timeline::Timeline,
};

/// A recording that runs, from [`Recording::start`] or [`Recording::layer`] until
/// [`Recording::finish`]. Dropped, it ends and is forgotten.
#[derive(Debug)]
#[must_use = "a recording that is dropped at once records nothing"]
pub struct Recording {
    tape: Arc<Tape>,
    /// Whether it is all that the global subscriber does.
    alone: bool,
}

/// The layer that records, for a program with a subscriber of its own: see [`Recording::layer`].
#[derive(Debug)]
pub struct RecordingLayer {
    tape: Arc<Tape>,
    /// Whether no other layer wants the events that are not ours.
    alone: bool,
}

/// Why a recording did not start.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum StartError {
    /// This process has had its recording, or it still runs.
    Already,
    /// This program has a `tracing` subscriber; [`Recording::layer`] records as a part of it.
    OtherSubscriber,
    /// This program was built without TRACE events, by a feature of `tracing` such as
    /// `release_max_level_info`.
    NoEvents,
}

impl Recording {
    /// Starts to record, as the global `tracing` subscriber. Tasks that are made and futures that
    /// are polled before it are not known to the record.
    ///
    /// # Errors
    ///
    /// There can be one such recording a process, and only where there is no global subscriber.
    pub fn start() -> Result<Recording, StartError> {
        static STARTED: AtomicBool = AtomicBool::new(false);
        if STATIC_MAX_LEVEL < Level::TRACE {
            return Err(StartError::NoEvents);
        }
        if STARTED.swap(true, SeqCst) {
            return Err(StartError::Already);
        }
        let (mut layer, mut recording) = Recording::layer();
        (layer.alone, recording.alone) = (true, true);
        let subscriber = tracing_subscriber::registry().with(layer);
        tracing::subscriber::set_global_default(subscriber).map_err(|_| {
            STARTED.store(false, SeqCst);
            StartError::OtherSubscriber
        })?;
        Ok(recording)
    }

    /// A layer for a subscriber of the program's own, and the recording that it makes. A filter of
    /// the whole subscriber, such as an `EnvFilter` beside it, keeps our TRACE events from it: give
    /// such a filter to your own layer alone (`your_layer.with_filter(...)`).
    ///
    ///
    /// ```
    /// use tracing_subscriber::layer::SubscriberExt;
    ///
    /// let (layer, recording) = timeline::Recording::layer();
    /// let subscriber = tracing_subscriber::registry().with(layer);
    /// tracing::subscriber::with_default(subscriber, || {
    ///     tracing::trace!(target: "timeline", event = "note", text = "hello");
    /// });
    /// assert_eq!(recording.finish().records().len(), 1);
    /// ```
    pub fn layer() -> (RecordingLayer, Recording) {
        let tape = Arc::<Tape>::default();
        (RecordingLayer { tape: tape.clone(), alone: false }, Recording { tape, alone: false })
    }

    /// Ends the recording. What happens from now on is not in it.
    pub fn finish(self) -> Timeline {
        let lines = self.tape.open().take().unwrap_or_default();
        Timeline::of(lines)
    }
}

impl Drop for Recording {
    fn drop(&mut self) {
        let lines = self.tape.open().take();
        drop(lines);
        if self.alone {
            // Nobody listens any more, so `tracing` shall ask again: see `register_callsite`.
            tracing::callsite::rebuild_interest_cache();
        }
    }
}

impl fmt::Display for StartError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            StartError::Already => "this process has a recording already",
            StartError::OtherSubscriber => {
                "this program has a tracing subscriber of its own: add Recording::layer to it"
            }
            StartError::NoEvents => "this program was built without TRACE events, by a feature of its crate tracing",
        })
    }
}

impl error::Error for StartError {}

/// Where the events go: one list under one lock, so that its order is the order of the record.
#[derive(Debug)]
struct Tape {
    start: Instant,
    /// `None` once the recording has ended. Nothing of anybody else runs while it is locked.
    open: Mutex<Option<Lines>>,
}

impl Default for Tape {
    fn default() -> Self {
        Tape { start: Instant::now(), open: Mutex::new(Some(Lines::default())) }
    }
}

impl Tape {
    fn open(&self) -> MutexGuard<'_, Option<Lines>> {
        self.open.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl<S: Subscriber> Layer<S> for RecordingLayer {
    fn register_callsite(&self, metadata: &'static Metadata<'static>) -> Interest {
        let heard = ours(metadata) && self.tape.open().is_some();
        if self.alone && !heard { Interest::never() } else { Interest::always() }
    }

    fn on_event(&self, event: &tracing::Event<'_>, _: Context<'_, S>) {
        let metadata = event.metadata();
        if !ours(metadata) {
            return;
        }
        let mut fields = Fields(Vec::with_capacity(4));
        event.record(&mut fields);
        let thread = thread::current();
        let mut open = self.tape.open();
        let Some(Lines { threads, numbers, lines }) = &mut *open else { return };
        let thread = *numbers.entry(thread.id()).or_insert_with(|| {
            threads.push(thread.name().map(str::to_owned));
            threads.len() - 1
        });
        let nanos = self.tape.start.elapsed().as_nanos().try_into().unwrap_or(u64::MAX);
        // No two events have the same time, however coarse the clock is.
        let nanos = lines.last().map_or(nanos, |last| nanos.max(last.nanos + 1));
        lines.push(Line { nanos, thread, target: metadata.target(), fields: fields.0 });
    }
}

/// Whether an event belongs to the record: the lessons' log lines have other levels.
fn ours(metadata: &Metadata<'_>) -> bool {
    !metadata.is_span() && *metadata.level() == Level::TRACE && TARGETS.contains(&metadata.target())
}

struct Fields(Vec<(&'static str, Value)>);

impl Visit for Fields {
    fn record_u64(&mut self, field: &Field, value: u64) {
        self.0.push((field.name(), value.into()));
    }

    fn record_i64(&mut self, field: &Field, value: i64) {
        self.0.push((field.name(), value.into()));
    }

    fn record_bool(&mut self, field: &Field, value: bool) {
        self.0.push((field.name(), value.into()));
    }

    fn record_str(&mut self, field: &Field, value: &str) {
        self.0.push((field.name(), value.into()));
    }

    fn record_debug(&mut self, field: &Field, value: &dyn fmt::Debug) {
        self.0.push((field.name(), format!("{value:?}").into()));
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[test]
    fn no_two_events_have_the_same_time_even_if_the_clock_stands_still() {
        // Before its start a clock shows nothing.
        let tape = Arc::new(Tape { start: Instant::now() + Duration::from_secs(3600), ..Tape::default() });
        let (layer, recording) =
            (RecordingLayer { tape: tape.clone(), alone: false }, Recording { tape, alone: false });
        tracing::subscriber::with_default(tracing_subscriber::registry().with(layer), || {
            (0..3).for_each(|_| tracing::trace!(target: "executor", event = "park"));
        });
        let times: Vec<_> = recording.finish().records().iter().map(|record| record.nanos).collect();
        assert_eq!(times, [0, 1, 2]);
    }
}
