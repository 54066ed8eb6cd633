//! The trace for Perfetto: every field of every kind of event, by the Trace Event Format.

use serde_json::{Value, json};
use timeline::Timeline;

/// A record in which a wake on another thread causes a poll.
fn timeline() -> Timeline {
    let task = json!({ "target": "timeline", "id": 1 });
    let json = json!({
        "version": 1, "threads": ["main", "timer"], "problems": [],
        "records": [
            { "seq": 1, "nanos": 1000, "thread": 0, "target": "timeline", "event": "spawn", "task": 1, "name": "delay" },
            { "seq": 2, "nanos": 2000, "thread": 0, "target": "timeline", "event": "poll", "task": 1, "n": 1, "waker": 1,
              "role": { "cause": 1 } },
            { "seq": 3, "nanos": 2500, "thread": 0, "target": "future", "event": "register", "at": "clock", "during": task },
            { "seq": 4, "nanos": 3001, "thread": 0, "target": "timeline", "event": "pending", "task": 1, "n": 1 },
            { "seq": 5, "nanos": 4000, "thread": 1, "target": "timeline", "event": "wake", "task": 1, "waker": 1,
              "by": "ref", "role": "effective" },
            { "seq": 6, "nanos": 4100, "thread": 1, "target": "timeline", "event": "wake", "task": 1, "waker": 1,
              "by": "ref", "role": { "coalesced": 5 } },
            { "seq": 7, "nanos": 5000, "thread": 0, "target": "timeline", "event": "poll", "task": 1, "n": 2, "waker": 1,
              "role": { "cause": 5 } },
            { "seq": 8, "nanos": 6000, "thread": 0, "target": "timeline", "event": "ready", "task": 1, "n": 2 },
            { "seq": 9, "nanos": 7000, "thread": 0, "target": "timeline", "event": "poll", "task": 1, "n": 3, "waker": 1,
              "role": "spurious" },
            { "seq": 10, "nanos": 8000, "thread": 0, "target": "timeline", "event": "panic", "task": 1, "n": 3 },
        ],
    });
    Timeline::from_json(&json.to_string()).unwrap()
}

#[test]
fn every_event_has_the_fields_of_its_kind() {
    let trace: Value = serde_json::from_str(&timeline().to_chrome()).unwrap();
    let args: Value = serde_json::from_str(&timeline().to_json()).unwrap();
    // What stands in the record stands in `args`.
    let args = |seq: usize| args["records"][seq - 1].clone();
    let expected = json!([
        { "ph": "M", "name": "process_name", "pid": 1, "tid": 0, "args": { "name": "timeline" } },
        { "ph": "M", "name": "thread_name", "pid": 1, "tid": 1, "args": { "name": "main" } },
        { "ph": "M", "name": "thread_name", "pid": 1, "tid": 2, "args": { "name": "timer" } },
        { "ph": "X", "name": "spawn task 1 (delay)", "cat": "spawn", "ts": 1.0, "dur": 0.001, "pid": 1, "tid": 1,
          "args": args(1) },
        { "ph": "s", "name": "cause", "cat": "cause", "id": 1, "ts": 1.0, "pid": 1, "tid": 1 },
        { "ph": "B", "name": "task 1 (delay)", "cat": "poll", "ts": 2.0, "pid": 1, "tid": 1, "args": args(2) },
        { "ph": "f", "bp": "e", "name": "cause", "cat": "cause", "id": 1, "ts": 2.0, "pid": 1, "tid": 1 },
        { "ph": "i", "s": "t", "name": "register task 1 (delay), at clock", "cat": "register", "ts": 2.5, "pid": 1,
          "tid": 1, "args": args(3) },
        { "ph": "E", "ts": 3.001, "pid": 1, "tid": 1, "args": { "outcome": "pending", "end": 4 } },
        { "ph": "X", "name": "wake task 1 (delay), waker 1, 0 alive, by ref", "cat": "wake", "ts": 4.0, "dur": 0.001,
          "pid": 1, "tid": 2, "args": args(5) },
        { "ph": "s", "name": "cause", "cat": "cause", "id": 5, "ts": 4.0, "pid": 1, "tid": 2 },
        { "ph": "X", "name": "wake task 1 (delay), waker 1, 0 alive, by ref", "cat": "wake", "ts": 4.1, "dur": 0.001,
          "pid": 1, "tid": 2, "args": args(6) },
        { "ph": "B", "name": "task 1 (delay)", "cat": "poll", "ts": 5.0, "pid": 1, "tid": 1, "args": args(7) },
        { "ph": "f", "bp": "e", "name": "cause", "cat": "cause", "id": 5, "ts": 5.0, "pid": 1, "tid": 1 },
        { "ph": "E", "ts": 6.0, "pid": 1, "tid": 1, "args": { "outcome": "ready", "end": 8 } },
        { "ph": "B", "name": "task 1 (delay)", "cat": "poll", "ts": 7.0, "pid": 1, "tid": 1, "args": args(9) },
        { "ph": "E", "ts": 8.0, "pid": 1, "tid": 1, "args": { "outcome": "panic", "end": 10 } },
    ]);
    let (found, wanted) = (trace["traceEvents"].as_array().unwrap(), expected.as_array().unwrap());
    for (found, wanted) in found.iter().zip(wanted) {
        assert_eq!(found, wanted);
    }
    assert_eq!(found.len(), wanted.len());
    assert_eq!(trace["displayTimeUnit"], "ns");
    assert_eq!(trace.as_object().unwrap().len(), 2);
}
