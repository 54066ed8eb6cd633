//! There is one recording a process, and its end is its end.

use timeline::{Recording, StartError};
use tracing::trace;

use crate::alone::alone;

#[test]
fn a_second_recording_is_refused_and_after_the_end_nothing_is_recorded() {
    alone(|| {
        assert!(!tracing::enabled!(target: "timeline", tracing::Level::TRACE));
        let recording = Recording::start().unwrap();
        assert_eq!(Recording::start().unwrap_err(), StartError::Already);
        trace!(target: "future", event = "note", text = "while it runs");
        // What others emit costs as much as without a recording.
        assert!(tracing::enabled!(target: "timeline", tracing::Level::TRACE));
        assert!(!tracing::enabled!(target: "tokio", tracing::Level::TRACE));
        assert!(!tracing::enabled!(target: "future", tracing::Level::ERROR));
        let timeline = recording.finish();
        assert!(!tracing::enabled!(target: "timeline", tracing::Level::TRACE), "`Traced` steps out of the way again");
        trace!(target: "future", event = "note", text = "after its end");
        assert_eq!((timeline.records().len(), timeline.problems()), (1, [].as_slice()));
        assert_eq!(Recording::start().unwrap_err(), StartError::Already);
    });
}
