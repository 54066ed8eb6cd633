//! JSON: what is written is read back without loss, and what is no record is refused.

use futures::executor::block_on;
use proptest::{collection::vec, option, prelude::*};
use serde_json::{Value, json};
use timeline::{Timeline, Traced};

use crate::common::{countdown, record};

/// The fields of any event of the schema.
fn event() -> impl Strategy<Value = Value> {
    let text = || any::<String>();
    let optional = option::of(any::<u64>());
    (0..16, any::<[u64; 3]>(), text(), optional, any::<bool>()).prop_map(
        |(which, [task, n, waker], text, optional, by)| {
            let mut fields = match which {
                0 => json!({ "event": "spawn", "task": task, "name": text, "parent": optional }),
                1 => json!({ "event": "poll", "task": task, "n": n, "waker": waker }),
                2 => json!({ "event": "pending", "task": task, "n": n }),
                3 => json!({ "event": "ready", "task": task, "n": n }),
                4 => json!({ "event": "panic", "task": task, "n": n }),
                5 => json!({ "event": "drop", "task": task }),
                6 => json!({ "event": "clone", "task": task, "waker": waker }),
                7 => json!({ "event": "wake", "task": task, "waker": waker, "by": if by { "value" } else { "ref" } }),
                8 => json!({ "event": "release", "task": task, "waker": waker }),
                9 => json!({ "event": "register", "at": text, "task": optional }),
                10 => json!({ "event": "fire", "at": text, "task": optional }),
                11 => json!({ "event": "note", "text": text, "task": optional }),
                12 => json!({ "event": "enqueue", "task": task }),
                13 => json!({ "event": "dequeue", "task": task }),
                14 => json!({ "event": "park" }),
                _ => json!({ "event": "unpark" }),
            };
            fields.as_object_mut().unwrap().retain(|_, value| !value.is_null());
            fields
        },
    )
}

fn role() -> impl Strategy<Value = Value> {
    let numbered = (prop_oneof![Just("cause"), Just("coalesced")], any::<u64>());
    prop_oneof![
        Just(Value::Null),
        prop_oneof![Just("spurious"), Just("effective"), Just("outdated"), Just("late")].prop_map(Value::from),
        numbered.prop_map(|(word, seq)| json!({ word: seq })),
    ]
}

prop_compose! {
    fn task_id()(task in option::of((any::<String>(), any::<u64>()))) -> Value {
        task.map_or(Value::Null, |(target, id)| json!({ "target": target, "id": id }))
    }
}

prop_compose! {
    fn any_record()(mut fields in event(), nanos in any::<u64>(), thread in 0..3_usize, target in any::<String>(),
        during in task_id(), traced in task_id(), role in role()) -> Value {
        let place = json!({ "nanos": nanos, "thread": thread, "target": target, "during": during, "traced": traced,
            "role": role });
        fields.as_object_mut().unwrap().extend(place.as_object().unwrap().clone());
        fields.as_object_mut().unwrap().retain(|_, value| !value.is_null());
        fields
    }
}

proptest! {
    #[test]
    fn any_record_is_read_and_written_without_loss(
        threads in vec(any::<String>(), 3), mut records in vec(any_record(), 0..20), problem in any::<String>(),
    ) {
        for (record, seq) in records.iter_mut().zip(1_u64..) {
            record["seq"] = seq.into();
        }
        let problem = json!({ "seq": records.len() + 1, "thread": 2, "target": "future", "text": problem });
        let json = json!({ "version": 1, "threads": threads, "records": records, "problems": [problem] });
        let timeline = Timeline::from_json(&json.to_string()).expect("it is a record");
        // Nothing is missing in what is written, and nothing in what is read from that.
        prop_assert_eq!(&serde_json::from_str::<Value>(&timeline.to_json()).unwrap(), &json);
        prop_assert_eq!(Timeline::from_json(&timeline.to_json()).unwrap(), timeline);
    }
}

#[test]
fn a_real_record_is_read_back_as_it_was() {
    let timeline = record(|| _ = block_on(Traced::new("countdown", countdown(3))));
    assert_eq!(timeline.records().len(), 10);
    assert_eq!(Timeline::from_json(&timeline.to_json()).unwrap(), timeline);
}

#[test]
fn what_is_no_record_is_refused() {
    let record =
        |seq: u64, thread: u64| json!({ "seq": seq, "nanos": 1, "thread": thread, "target": "x", "event": "park" });
    let whole = |version: u32, records: Value| {
        let json = json!({ "version": version, "threads": ["main"], "records": records, "problems": [] });
        Timeline::from_json(&json.to_string()).map_err(|error| error.to_string())
    };
    assert!(whole(1, json!([record(1, 0), record(2, 0)])).is_ok());
    let mut odd = record(1, 0);
    odd["colour"] = "red".into();
    let refused = [
        (whole(2, json!([])), "version 2"),
        (whole(1, json!([record(2, 0), record(1, 0)])), "order"),
        (whole(1, json!([record(1, 0), record(1, 0)])), "order"),
        (whole(1, json!([record(1, 1)])), "thread"),
        (whole(1, json!([odd])), "unknown field `colour`"),
    ];
    for (result, says) in refused {
        assert!(result.as_ref().is_err_and(|error| error.contains(says)), "{says}: {result:?}");
    }
}
