//! The record in the Trace Event Format that Perfetto and `chrome://tracing` open: a track for each
//! thread, a slice for each poll, an arrow from what caused it.
//!
//! The format: <https://docs.google.com/document/d/1CvAClvFfyA5R-PhYUmn5OOQtYMH4h6I0nSsKchNAySU>

use std::collections::HashSet;

use serde_json::{Value, json};

use crate::{Event, Record, Role, Timeline, replay::Replay, text::what};

/// There is one process, whatever its number was.
const PID: u32 = 1;
/// An arrow begins and ends in a slice, so what causes a poll is one, of the shortest length there
/// is: a nanosecond.
const SHORTEST: f64 = 0.001;

impl Timeline {
    /// The record as a JSON object in the Trace Event Format.
    pub fn to_chrome(&self) -> String {
        let cause = |record: &Record| match record.role {
            Some(Role::Cause(seq)) => Some(seq),
            _ => None,
        };
        let causes = self.records().iter().filter_map(cause).collect();
        let mut events = vec![named("process_name", 0, "timeline")];
        events.extend((1..).zip(self.threads()).map(|(tid, name)| named("thread_name", tid, name)));
        let mut replay = Replay::default();
        for record in self.records() {
            replay.step(record);
            events.extend(of_record(record, &replay, &causes));
        }
        json!({ "traceEvents": events, "displayTimeUnit": "ns" }).to_string()
    }
}

fn of_record(record: &Record, replay: &Replay, causes: &HashSet<u64>) -> Vec<Value> {
    let event = record.event.name();
    let mut fields = json!({
        "ph": "i", "name": format!("{event} {}", what(record, replay)).trim_end(), "cat": event, "args": record,
    });
    let arrow = |ph: &str, id: u64| json!({ "ph": ph, "name": "cause", "cat": "cause", "id": id });
    let mut events = Vec::new();
    match &record.event {
        Event::Poll { .. } => {
            fields["ph"] = "B".into();
            fields["name"] = record.task().map(|task| replay.label(&task)).into();
            events.push(fields);
            if let Some(Role::Cause(seq)) = record.role {
                let mut end = arrow("f", seq);
                // It ends in the slice that is open here, not in the next one that begins.
                end["bp"] = "e".into();
                events.push(end);
            }
        }
        Event::Pending { .. } | Event::Ready { .. } | Event::Panic { .. } => {
            events.push(json!({ "ph": "E", "args": { "outcome": event, "end": record.seq } }));
        }
        Event::Spawn { .. } | Event::Wake { .. } => {
            fields["ph"] = "X".into();
            fields["dur"] = SHORTEST.into();
            events.push(fields);
            events.extend(causes.contains(&record.seq).then(|| arrow("s", record.seq)));
        }
        _ => {
            // An instant of this thread, not of the process.
            fields["s"] = "t".into();
            events.push(fields);
        }
    }
    for event in &mut events {
        // The unit is a microsecond.
        event["ts"] = (record.nanos as f64 / 1000.0).into();
        event["pid"] = PID.into();
        event["tid"] = (record.thread + 1).into();
    }
    events
}

fn named(what: &str, tid: usize, name: &str) -> Value {
    json!({ "ph": "M", "name": what, "pid": PID, "tid": tid, "args": { "name": name } })
}
