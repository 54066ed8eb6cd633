//! A model that cannot fail holds nothing: each line that a model guards is taken out of a copy of
//! the lesson, and the model must fail. A model that fails may abort, so each runs in a process of
//! its own.

use std::{fs, path::Path};

use harness::guards::{Copied, Guard, Lesson, guard};

const LESSON: Lesson = Lesson {
    package: env!("CARGO_PKG_NAME"),
    folder: env!("CARGO_MANIFEST_DIR"),
    temporary: env!("CARGO_TARGET_TMPDIR"),
    models: "models",
    dependencies: "loom = \"0.7\"\ntracing = \"0.1\"",
};

/// Whether its model is named in the line or in the ones above it, by its whole name or as
/// `mpsc_*`.
fn is_named_beside(Guard { file, line, model, .. }: &Guard) -> bool {
    let whole = fs::read_to_string(Path::new(LESSON.folder).join("src").join(file)).expect("a guarded file exists");
    let (above, _) = whole.split_once(line).expect("it is there");
    let beside: Vec<&str> = above.lines().rev().take(NEAR).chain(line.lines()).collect();
    let mut names = beside.iter().flat_map(|line| line.split('`').skip(1).step_by(2));
    names.any(|name| name.strip_suffix('*').map_or(name == *model, |start| model.starts_with(start)))
}

/// So many lines above still count as beside.
const NEAR: usize = 15;

const WORD: &str = "parts/atomic_waker/state.rs";
const WAITERS: &str = "parts/waiters.rs";
const WORDS: &str = "parts/ring/words.rs";

const GUARDS: &[Guard] = &[
    guard(
        "s6_event.rs",
        "if self.0.happened.load(Acquire) { Poll::Ready(()) } else { Poll::Pending }",
        "Poll::Pending",
        "event_behind_a_mutex",
    ),
    guard(
        "s7_event.rs",
        "if self.0.happened.load(Acquire) { Poll::Ready(()) } else { Poll::Pending }",
        "Poll::Pending",
        "event_over_an_atomic_waker",
    ),
    guard(
        "parts/atomic_waker.rs",
        "registering.current().is_some_and(|seat| self.is_in(seat, waker))",
        "registering.current().is_some()",
        "atomic_waker_the_last_one_counts",
    ),
    guard(
        WORD,
        "seat(self.word.swap(NOTHING, AcqRel))",
        "seat(self.word.load(Acquire)).and_then(|_| seat(self.word.swap(NOTHING, AcqRel)))",
        "atomic_waker_a_wake_publishes_what_was_before_it",
    ),
    guard(
        WORD,
        "seat(self.0.word.swap(number + 1, AcqRel))",
        "seat(self.0.word.swap(number + 1, Release))",
        "atomic_waker_a_wake_publishes_what_was_before_it",
    ),
    guard(
        WORD,
        "self.used[seat.0].store(false, Release);",
        "self.used[seat.0].store(false, Relaxed);",
        "atomic_waker_a_seat_is_filled_again_when_it_is_empty",
    ),
    guard(WORD, "self.0.used[free.0].store(true, Relaxed);", "", "atomic_waker_a_waker_is_taken_once"),
    guard(
        WORD,
        "(!self.registering.swap(true, Acquire)).then_some(Registering(self))",
        "{ self.registering.swap(true, Acquire); Some(Registering(self)) }",
        "atomic_waker_two_tasks_at_one_place",
    ),
    guard(
        WORD,
        "self.0.registering.store(false, Release);",
        "self.0.registering.store(false, Relaxed);",
        "atomic_waker_two_tasks_at_one_place",
    ),
    guard(
        "s8_parker.rs",
        "if self.state.swap(NOTIFIED, Release) == PARKED {",
        "if self.state.load(Relaxed) != NOTIFIED && self.state.swap(NOTIFIED, Release) == PARKED {",
        "parker_answers_two_unparks_at_once_and_sees_both",
    ),
    guard(
        "s8_parker.rs",
        "state.swap(EMPTY, Acquire);",
        "state.store(EMPTY, Relaxed);",
        "parker_sees_what_came_before_the_unpark",
    ),
    guard(
        "s8_parker.rs",
        "if state.compare_exchange(EMPTY, PARKED, Acquire, Relaxed).is_ok() {",
        "if state.load(Acquire) == EMPTY { state.store(PARKED, Relaxed);",
        "parker_sees_what_came_before_the_unpark",
    ),
    guard(
        "s8_parker.rs",
        "while sleep() && state.load(Relaxed) != NOTIFIED {}",
        "sleep();",
        "parker_does_not_mind_unparks_by_others",
    ),
    guard(
        "s9_oneshot.rs",
        "        match self.look() {\n            Some(output) => Poll::Ready(output),\n            None => Poll::Pending,\n        }",
        "        Poll::Pending",
        "oneshot_a_value_arrives",
    ),
    guard(
        "parts/oneshot.rs",
        "self.shared.state.hang_up();\n            self.shared.receiver.wake();",
        "self.shared.state.hang_up();",
        "oneshot_a_sender_that_goes_is_noticed",
    ),
    guard("parts/oneshot.rs", "            drop(self.read());\n", "", "oneshot_a_receiver_that_goes_leaves_one_owner"),
    guard(
        "parts/oneshot/state.rs",
        "if self.0.swap(SENT, AcqRel) == LEFT { Err(()) } else { Ok(()) }",
        "self.0.swap(SENT, AcqRel); Ok(())",
        "oneshot_a_receiver_that_goes_leaves_one_owner",
    ),
    guard(
        "s10_mpsc.rs",
        "let checked = self.attempt();",
        "let checked: Poll<Self::Output> = Poll::Pending;",
        "mpsc_a_sender_waits_for_room_and_the_receiver_for_messages",
    ),
    guard(
        "s10_mpsc.rs",
        "            waiters.leave(&ticket);\n        }\n        checked",
        "            drop(ticket);\n        }\n        checked",
        "mpsc_a_sender_that_finds_room_leaves_the_line",
    ),
    guard(
        "s10_mpsc.rs",
        "        self.attempt()\n    }\n    // ANCHOR_END: poll_recv",
        "        Poll::Pending\n    }\n    // ANCHOR_END: poll_recv",
        "mpsc_a_sender_waits_for_room_and_the_receiver_for_messages",
    ),
    guard(
        "s10_mpsc.rs",
        "self.0.close();\n            event::fire(\"mpsc, receiver\");\n            self.0.shared().receiver.0.wake();",
        "self.0.close();",
        "mpsc_the_last_sender_that_goes_is_noticed",
    ),
    guard(
        "s10_mpsc.rs",
        "        self.ring.shared().waiters.wake_all();\n",
        "",
        "mpsc_a_receiver_that_goes_is_noticed_by_who_waits_for_room",
    ),
    guard(
        WAITERS,
        "self.waiting.0.fetch_add(0, AcqRel) > 0",
        "self.waiting.0.load(std::sync::atomic::Ordering::Acquire) > 0",
        "mpsc_a_sender_waits_for_room_and_the_receiver_for_messages",
    ),
    guard(
        WAITERS,
        "self.waiting.0.fetch_add(1, AcqRel);",
        "self.waiting.0.fetch_add(1, std::sync::atomic::Ordering::Relaxed);",
        "mpsc_a_sender_waits_for_room_and_the_receiver_for_messages",
    ),
    guard(WAITERS, "            self.wake_one();\n", "", "mpsc_a_cancelled_sender_hands_its_wake_on"),
    guard(
        WAITERS,
        "mem::replace(&mut list.waiting[place].1, waker)",
        "{ let _ = (place, mem::size_of::<Waker>()); waker }",
        "mpsc_a_sender_that_waits_is_woken_by_its_last_waker",
    ),
    guard(
        "parts/ring.rs",
        "while !self.is_over() {",
        "while false && !self.is_over() {",
        "mpsc_a_receiver_that_goes_leaves_no_message_behind",
    ),
    guard(
        WORDS,
        "self.0.store(position.0 | BIT, Release);",
        "self.0.store(position.0 | BIT, Relaxed);",
        "mpsc_a_sender_waits_for_room_and_the_receiver_for_messages",
    ),
    guard(
        WORDS,
        "self.0.store(position.0.wrapping_add(slots * STEP), Release);",
        "self.0.store(position.0.wrapping_add(slots * STEP), Relaxed);",
        "mpsc_two_senders_and_one_slot",
    ),
];

#[test]
fn every_guarded_line_names_its_model() {
    let unnamed: Vec<&str> = GUARDS.iter().filter(|guard| !is_named_beside(guard)).map(|guard| guard.line).collect();
    assert!(unnamed.is_empty(), "their models must be named beside these: {unnamed:#?}");
}

#[test]
fn no_model_passes_without_its_line() {
    let copied = Copied::new(&LESSON).unwrap();
    let (passes, said) = copied.cargo(&["event_lost_wakeup_must_fail", "--", "--ignored"]).unwrap();
    assert!(!passes && said.contains("deadlock"), "the lost wakeup of stage 5 is found: {said}");
    let unguarded = copied.unguarded(GUARDS).unwrap();
    assert!(unguarded.is_empty(), "no model fails without these: {unguarded:#?}");
}
