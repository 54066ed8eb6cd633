//! An event of ours that is not as the schema says is a problem that the record names, in its
//! place.

use timeline::Recording;
use tracing::trace;
use tracing_subscriber::layer::SubscriberExt;

use crate::common::story;

#[test]
fn what_is_not_as_the_schema_says_is_a_problem_and_all_else_is_recorded() {
    let (layer, recording) = Recording::layer();
    tracing::subscriber::with_default(tracing_subscriber::registry().with(layer), || {
        trace!(target: "future", event = "note", text = "first");
        trace!(target: "future", event = "explode", task = 1_u64);
        trace!(target: "waker", event = "register");
        trace!(target: "executor", event = "fire", at = "here", colour = "red");
        trace!(target: "reactor", event = "wake", task = "one", waker = 1_u64, by = "ref");
        trace!(target: "threads", event = "wake", task = 1_u64, waker = 1_u64, by = "force");
        trace!(target: "future", event = "park", "and a message");
        trace!(target: "async-chat", "only a message");
        trace!(target: "future", event = "note", text = "last");
        // Neither of these is of ours: a log line of a lesson, and another crate's event.
        tracing::debug!(target: "async-chat", "a log line");
        trace!(target: "tokio::task", event = "explode");
    });
    let timeline = recording.finish();
    assert_eq!(story(&timeline), ["note", "note"]);
    let places: Vec<_> = timeline.records().iter().map(|record| record.seq).collect();
    assert_eq!(places, [1, 9], "the places between are those of the problems");
    let problems: Vec<_> =
        timeline.problems().iter().map(|problem| (problem.seq, &*problem.target, &*problem.text)).collect();
    let expected = [
        (2, "future", "unknown variant `explode`"),
        (3, "waker", "missing field `at`"),
        (4, "executor", "unknown field `colour`"),
        (5, "reactor", "invalid type: string \"one\""),
        (6, "threads", "unknown variant `force`"),
        (7, "future", "unknown field `message`"),
        (8, "async-chat", "missing field `event`"),
    ];
    assert_eq!(problems.len(), expected.len(), "{problems:?}");
    for ((seq, target, text), (in_place, of, says)) in problems.into_iter().zip(expected) {
        assert_eq!((seq, target), (in_place, of));
        assert!(text.contains(says), "{text:?} says {says:?}");
    }
    let text = timeline.text().to_string();
    assert!(text.contains("problem at 3, from waker: missing field `at`\n"), "{text}");
}
