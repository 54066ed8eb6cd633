//! The text of a record, to the letter.

use timeline::Timeline;
use tracing::trace;

use crate::common::{elsewhere, record};

/// A record of every event, on two threads.
fn everything() -> Timeline {
    let timeline = record(|| {
        trace!(target: "timeline", event = "spawn", task = 1_u64, name = "outer");
        trace!(target: "timeline", event = "poll", task = 1_u64, n = 1_u64, waker = 1_u64);
        trace!(target: "timeline", event = "spawn", task = 2_u64, name = "delay");
        trace!(target: "timeline", event = "poll", task = 2_u64, n = 1_u64, waker = 1_u64);
        trace!(target: "timeline", event = "clone", task = 2_u64, waker = 1_u64);
        trace!(target: "timeline", event = "clone", task = 2_u64, waker = 1_u64);
        trace!(target: "future", event = "register", at = "the clock");
        trace!(target: "timeline", event = "release", task = 2_u64, waker = 1_u64);
        trace!(target: "timeline", event = "pending", task = 2_u64, n = 1_u64);
        trace!(target: "timeline", event = "pending", task = 1_u64, n = 1_u64);
        elsewhere(|| {
            trace!(target: "future", event = "fire", at = "the clock");
            trace!(target: "timeline", event = "wake", task = 2_u64, waker = 1_u64, by = "ref");
            trace!(target: "timeline", event = "wake", task = 1_u64, waker = 1_u64, by = "value");
            trace!(target: "timeline", event = "wake", task = 2_u64, waker = 1_u64, by = "value");
        });
        trace!(target: "timeline", event = "poll", task = 1_u64, n = 2_u64, waker = 2_u64);
        trace!(target: "timeline", event = "poll", task = 2_u64, n = 2_u64, waker = 2_u64);
        trace!(target: "timeline", event = "wake", task = 1_u64, waker = 2_u64, by = "ref");
        trace!(target: "timeline", event = "panic", task = 2_u64, n = 2_u64);
        trace!(target: "timeline", event = "drop", task = 2_u64);
        trace!(target: "future", event = "note", text = "mended");
        trace!(target: "timeline", event = "pending", task = 1_u64, n = 2_u64);
        trace!(target: "timeline", event = "wake", task = 2_u64, waker = 2_u64, by = "ref");
        trace!(target: "timeline", event = "wake", task = 1_u64, waker = 1_u64, by = "ref");
        trace!(target: "timeline", event = "poll", task = 1_u64, n = 3_u64, waker = 3_u64);
        trace!(target: "timeline", event = "ready", task = 1_u64, n = 3_u64);
        trace!(target: "executor", event = "spawn", task = 1_u64, name = "job");
        trace!(target: "executor", event = "spawn", task = 2_u64, name = "part", parent = 1_u64);
        trace!(target: "executor", event = "enqueue", task = 1_u64);
        trace!(target: "executor", event = "dequeue", task = 1_u64);
        trace!(target: "executor", event = "poll", task = 1_u64, n = 1_u64, waker = 1_u64);
        trace!(target: "executor", event = "pending", task = 1_u64, n = 1_u64);
        trace!(target: "executor", event = "poll", task = 1_u64, n = 11_u64, waker = 1_u64);
        trace!(target: "executor", event = "pending", task = 1_u64, n = 11_u64);
        trace!(target: "executor", event = "park");
        trace!(target: "executor", event = "unpark");
    });
    // Tests run on threads whose names are no part of this.
    let mut json: serde_json::Value = serde_json::from_str(&timeline.to_json()).unwrap();
    json["threads"] = serde_json::json!(["main", "timer"]);
    for (record, micros) in json["records"].as_array_mut().unwrap().iter_mut().zip(1..) {
        record["nanos"] = (micros * 1_050).into();
    }
    Timeline::from_json(&json.to_string()).unwrap()
}

const TEXT: &str = " 1  main   spawn    task 1 (outer)
 2  main   poll     task 1 (outer), 1st time, waker 1  <- spawn 1 on main
 3  main     spawn    task 2 (delay), from task 1 (outer)
 4  main     poll     task 2 (delay), 1st time, waker 1  <- spawn 3 on main
 5  main       clone    task 2 (delay), waker 1, 1 alive
 6  main       clone    task 2 (delay), waker 1, 2 alive
 7  main       register task 2 (delay), at the clock
 8  main       release  task 2 (delay), waker 1, 1 alive
 9  main     pending  task 2 (delay)
10  main   pending  task 1 (outer)
11  timer  fire     at the clock
12  timer  wake     task 2 (delay), waker 1, 1 alive, by ref
13  timer  wake     task 1 (outer), waker 1, 0 alive, by value
14  timer  wake     task 2 (delay), waker 1, 0 alive, by value  coalesced with wake 12 on timer
15  main   poll     task 1 (outer), 2nd time, waker 2  <- wake 13 on timer
16  main     poll     task 2 (delay), 2nd time, waker 2  <- wake 12 on timer
17  main       wake     task 1 (outer), waker 2, 0 alive, by ref, from task 2 (delay)
18  main     panic    task 2 (delay)
19  main     drop     task 2 (delay)
20  main     note     task 1 (outer), mended
21  main   pending  task 1 (outer)
22  main   wake     task 2 (delay), waker 2, 0 alive, by ref  too late: the task is over
23  main   wake     task 1 (outer), waker 1, 0 alive, by ref  outdated: the last poll had another waker
24  main   poll     task 1 (outer), 3rd time, waker 3  <- wake 17 on main
25  main   ready    task 1 (outer)
26  main   spawn    executor task 1 (job)
27  main   spawn    executor task 2 (part), from executor task 1 (job)
28  main   enqueue  executor task 1 (job)
29  main   dequeue  executor task 1 (job)
30  main   poll     executor task 1 (job), 1st time, waker 1  <- spawn 26 on main
31  main   pending  executor task 1 (job)
32  main   poll     executor task 1 (job), 11th time, waker 1  <- no wake: spurious
33  main   pending  executor task 1 (job)
34  main   park
35  main   unpark
executor task 1 (job) waits and nobody can wake it: its waker 1 was never cloned
";

#[test]
fn every_event_is_a_line_and_who_waits_comes_last() {
    assert_eq!(everything().text().to_string(), TEXT);
}

#[test]
fn what_is_wider_than_it_may_be_is_cut() {
    for width in [1, 2, 7, 20, 44, 45, 60, 200] {
        let text = everything().text().width(width).to_string();
        let (mut cut, mut whole) = (text.lines(), TEXT.lines());
        // What is said of the whole record is never cut.
        assert_eq!(cut.next_back(), whole.next_back());
        for (cut, whole) in cut.by_ref().zip(whole.by_ref()) {
            assert!(cut.chars().count() <= width, "{cut:?} in {width} columns");
            assert_eq!(cut == whole, whole.len() <= width, "{cut:?} for {whole:?} in {width} columns");
            let (before, after) = cut.split_once('…').unwrap_or((cut, ""));
            assert!(whole.starts_with(before) && whole.ends_with(after), "{cut:?} for {whole:?}");
        }
        assert_eq!((cut.next(), whole.next()), (None, None));
    }
}

#[test]
fn the_reason_is_cut_last() {
    let text = |width| everything().text().width(width).to_string();
    let line = |width| text(width).lines().nth(1).unwrap().to_owned();
    assert_eq!(line(80), " 2  main   poll     task 1 (outer), 1st time, waker 1  <- spawn 1 on main");
    assert_eq!(line(60), " 2  main   poll     task 1 (outer), 1st…  <- spawn 1 on main");
    assert_eq!(line(44), " 2  main   poll     task 1 (outer), 1st tim…");
}

#[test]
fn the_width_is_that_of_columns() {
    let timeline = record(|| trace!(target: "future", event = "note", text = "日本語"));
    let text = |width| timeline.text().width(width).to_string();
    let whole = timeline.text().to_string();
    let before = whole.find('日').unwrap();
    assert_eq!(text(before + 6), whole, "it is as wide as it may be");
    // A character of two columns that does not fit leaves one free.
    for (width, end) in [(5, "日本…\n"), (4, "日…\n"), (3, "日…\n"), (2, "…\n"), (1, "…\n")] {
        assert_eq!(&text(before + width)[before..], end, "{width}");
    }
}

#[test]
fn colours_are_round_the_words_and_each_ends_where_it_is_cut() {
    let (timeline, plain) = (everything(), everything().text().width(44).to_string());
    let coloured = timeline.text().width(44).colour().to_string();
    let lines: Vec<_> = coloured.lines().collect();
    assert_eq!(lines[1], "\u{1b}[2m 2  main   \u{1b}[0m\u{1b}[1mpoll\u{1b}[0m     task 1 (outer), 1st tim…");
    let stuck = "executor task 1 (job) waits and nobody can wake it: its waker 1 was never cloned";
    assert_eq!(lines[35], format!("\u{1b}[1m\u{1b}[31m{stuck}\u{1b}[0m"));
    assert_eq!(anstream::adapter::strip_str(&coloured).to_string(), plain);
}

#[test]
fn times_are_microseconds() {
    let text = everything().text().times().to_string();
    assert_eq!(text.lines().next(), Some(" 1           1.0 µs  main   spawn    task 1 (outer)"));
    assert_eq!(text.lines().nth(34), Some("35          36.7 µs  main   unpark"));
}

#[test]
fn what_strangers_wrote_cannot_act_on_the_terminal() {
    let timeline = record(|| trace!(target: "future", event = "note", text = "red \u{1b}[31m\r\nand more"));
    let text = timeline.text().to_string();
    assert!(text.ends_with("note     red \\u{1b}[31m\\r\\nand more\n"), "{text:?}");
}

#[test]
fn an_empty_record_says_what_may_be_the_reason() {
    let text = record(|| trace!(target: "tokio", "not ours")).text().to_string();
    assert!(text.starts_with("nothing was recorded: ") && text.contains("filter"), "{text}");
}

/// An executor reports only its queue, with numbers of its own: `Traced` reports the rest.
#[test]
fn an_entry_of_a_queue_is_named_by_the_traced_task_that_is_polled_for_it() {
    let timeline = record(|| {
        for (entry, task) in [(7_u64, 2_u64), (8, 1)] {
            trace!(target: "timeline", event = "spawn", task, name = if task == 1 { "reader" } else { "writer" });
            trace!(target: "executor", event = "enqueue", task = entry);
        }
        // The executor never takes this one.
        trace!(target: "executor", event = "enqueue", task = 9_u64);
        for (entry, task) in [(7_u64, 2_u64), (8, 1)] {
            trace!(target: "executor", event = "dequeue", task = entry);
            trace!(target: "timeline", event = "poll", task, n = 1_u64, waker = 1_u64);
            trace!(target: "timeline", event = "pending", task, n = 1_u64);
        }
    });
    let text = timeline.text().to_string();
    let queue: Vec<&str> = text.lines().filter_map(|line| line.split_once("queue  ").map(|(_, task)| task)).collect();
    assert_eq!(
        queue,
        ["task 2 (writer)", "task 1 (reader)", "executor task 9", "task 2 (writer)", "task 1 (reader)"],
        "{text}"
    );
}
