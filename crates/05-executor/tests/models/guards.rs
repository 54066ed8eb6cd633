//! Tests that each model can fail. A line that the model guards is removed from a copy of the
//! lesson, and the model must fail. A failing model may abort, so each runs in its own process.

use harness::guards::{Copied, Guard, Lesson, guard};

const LESSON: Lesson = Lesson {
    package: env!("CARGO_PKG_NAME"),
    folder: env!("CARGO_MANIFEST_DIR"),
    temporary: env!("CARGO_TARGET_TMPDIR"),
    models: "models",
    dependencies: concat!(
        "futures = \"0.3\"\ntracing = \"0.1\"\n",
        "waker = { path = \"",
        env!("CARGO_MANIFEST_DIR"),
        "/../04-waker\" }\n",
        "[target.'cfg(loom_model)'.dependencies]\nloom = \"0.7\"\n",
        "[target.'cfg(shuttle_model)'.dependencies]\nshuttle = \"0.9\""
    ),
};

#[cfg(loom_model)]
const ROOT: &str = "parts/root.rs";
const JOIN: &str = "parts/join.rs";
#[cfg(loom_model)]
const STAGE_3: &str = "s3_queue.rs";
#[cfg(loom_model)]
const STAGE_4: &str = "s4_join.rs";
#[cfg(shuttle_model)]
const STAGE_5: &str = "s5_pool.rs";

#[cfg(loom_model)]
const GUARDS: &[Guard] = &[
    // The wake puts the task into the queue, and unparks second.
    guard(STAGE_4, "        self.unparker.wake_by_ref();\n", "", "wake_against_the_park"),
    guard(
        STAGE_4,
        "        event::queue(\"enqueue\", task.id);\n",
        "        event::queue(\"enqueue\", task.id);\n        self.unparker.wake_by_ref();\n        if true { \
         lock(&self.tasks).queue.push_back(task); return; }\n",
        "wake_against_the_park",
    ),
    // A wake during a poll is kept.
    guard(STAGE_4, "let was_woken = state.queued;", "let was_woken = false;", "wake_during_a_poll"),
    guard(STAGE_4, "        state.queued = false;\n", "", "wake_against_the_park"),
    guard(STAGE_4, "let has_future = state.future.is_some();", "let has_future = true;", "wake_during_a_poll"),
    // The root sees what was done before its wake.
    guard(ROOT, "self.woken.swap(true, Release);", "self.woken.swap(true, Relaxed);", "wake_of_the_root"),
    guard(ROOT, "self.woken.swap(false, Acquire)", "self.woken.swap(false, Relaxed)", "wake_of_the_root"),
    guard(ROOT, "        self.unparker.wake_by_ref();\n", "", "wake_of_the_root"),
    guard(
        STAGE_3,
        "if !self.run_next() && !root_waker.is_woken() {",
        "if !self.run_next() {",
        "block_on_inside_a_poll",
    ),
    // The handle meets the end of the task.
    guard(
        JOIN,
        "let waiter = progress.waiter.take();\n        let unwanted",
        "let waiter = None::<Waker>;\n        let unwanted",
        "join_against_completion",
    ),
    guard(
        JOIN,
        "let last = progress.waiter.replace(waiter);",
        "drop(progress);\n        let mut progress = lock(&self.cell.0);\n        let last = progress.waiter.replace(waiter);",
        "join_against_completion",
    ),
    guard(JOIN, "        self.waker.wake_by_ref();\n", "", "abort_against_a_poll"),
    guard(JOIN, "let aborted = lock(&self.cell.0).aborted;", "let aborted = false;", "abort_against_a_poll"),
    // No future outlives the executor.
    guard(STAGE_4, "            return task.drop_future();\n", "            return;\n", "spawn_against_the_drop"),
    guard(STAGE_4, "        all.into_values().for_each(|task| task.drop_future());\n", "", "spawn_against_the_drop"),
];

#[cfg(shuttle_model)]
const GUARDS: &[Guard] = &[
    guard(STAGE_5, "        self.changed.notify_one();\n", "", "a_spawn_is_seen"),
    guard(
        STAGE_5,
        "        while !tasks.closed && tasks.queue.is_empty() {\n",
        "        let is_empty = tasks.queue.is_empty();\n        drop(tasks);\n        tasks = lock(&self.tasks);\n        while !tasks.closed && is_empty {\n",
        "a_spawn_is_seen",
    ),
    guard(STAGE_5, "let was_woken = state.queued;", "let was_woken = false;", "a_wake_during_a_poll_on_another_worker"),
    guard(
        STAGE_5,
        "let has_future = state.future.is_some();",
        "let has_future = true;",
        "a_wake_during_a_poll_on_another_worker",
    ),
    guard(
        STAGE_5,
        "        self.changed.notify_all();\n",
        "        self.changed.notify_one();\n",
        "the_drop_of_a_pool_drops_all_futures",
    ),
    guard(STAGE_5, "        lock(&self.tasks).closed = true;\n", "", "the_drop_of_a_pool_drops_all_futures"),
    guard(STAGE_5, "        if state.last_poll {\n", "        if false {\n", "a_task_drops_its_own_pool"),
    guard(STAGE_5, "        shared.drop_futures();\n", "", "the_drop_of_a_pool_drops_all_futures"),
    guard(STAGE_5, "            return task.drop_future();\n", "            return;\n", "a_spawn_against_the_drop"),
    guard(
        JOIN,
        "        if self.future.is_some() {\n            self.end",
        "        if false {\n            self.end",
        "the_drop_of_a_pool_drops_all_futures",
    ),
];

#[test]
fn no_model_passes_without_its_line() {
    let unguarded = Copied::new(&LESSON).unwrap().unguarded(GUARDS).unwrap();
    assert!(unguarded.is_empty(), "no model fails without these: {unguarded:#?}");
}
