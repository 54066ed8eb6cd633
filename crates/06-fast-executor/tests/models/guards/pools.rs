//! The lines that the models of whole pools guard, each with its model. Lines that only make a pool
//! faster are not in the list.

use harness::guards::{Guard, guard};

const POOL: &str = "s2_pool.rs";
const STEALING: &str = "s3_stealing/mod.rs";
const IDLE: &str = "parts/idle.rs";
const DRIVER: &str = "parts/shared_driver.rs";
const QUEUES: &str = "s3_stealing/queues.rs";

pub const GUARDS: &[Guard] = &[
    // A worker that is needed is woken.
    guard(POOL, "        self.idle.notify();\n", "", "a_push_is_seen_in_a_pool"),
    guard(STEALING, "PushedTo::Injector => self.idle.notify(),", "PushedTo::Injector => {}", "a_push_is_seen_where"),
    guard(
        STEALING,
        "PushedTo::Behind => self.idle.notify_of_own(),",
        "PushedTo::Behind => {}",
        "a_task_blocks_for_another_where",
    ),
    guard(
        IDLE,
        "    pub fn notify_of_own(&self) {\n        if self.is_wake_needed() {",
        "    pub fn notify_of_own(&self) {\n        if false {",
        "a_task_blocks_for_another_where",
    ),
    guard(POOL, "idle.found(|| !queue.is_empty());", "", "two_from_outside_meet_in_a_pool"),
    guard(POOL, "idle.found(|| !queue.is_empty());", "idle.found(|| false);", "two_from_outside_meet_in_a_pool"),
    guard(STEALING, "idle.found(|| queues.is_more());", "", "two_from_outside_meet_where"),
    guard(STEALING, "idle.found(|| queues.is_more());", "idle.found(|| false);", "two_from_outside_meet_where"),
    // A worker checks the queues once more before it sleeps.
    guard(POOL, "let is_more = || !queue.is_empty();", "let is_more = || false;", "a_push_is_seen_in_a_pool"),
    guard(STEALING, "let is_more = || queues.is_more();", "let is_more = || false;", "a_push_is_seen_where"),
    guard(QUEUES, "|| self.rings.iter().any(|ring| !ring.is_empty())", "", "a_task_blocks_for_another_where"),
    // One of the sleeping workers watches: it looks again after a while.
    guard(
        IDLE,
        "driver.park(watches.then(|| Instant::now() + LOOK_AGAIN));",
        "driver.park(None);",
        "what_nobody_was_told_of_is_found_where",
    ),
    guard(POOL, "            idle.ensure_watcher();\n", "", "the_driver_of_a_pool_is_not_left_alone"),
    guard(STEALING, "            idle.ensure_watcher();\n", "", "the_driver_is_not_left_alone_where"),
    guard(
        IDLE,
        "return !self.get_up(worker, 0);",
        "if self.is_closed() { return !self.get_up(worker, 0); }",
        "the_driver_of_a_pool_is_not_left_alone",
    ),
    guard(
        IDLE,
        "asleep.watcher.take_if(|watcher| *watcher == worker).is_some() { WATCHED }",
        "asleep.watcher == Some(worker) && false { WATCHED }",
        "the_driver_of_a_pool_is_not_left_alone",
    ),
    // The driver has its turn, and no worker waits for another one in it.
    guard(POOL, "                driver.turn();\n", "", "the_driver_of_a_pool_has_its_turn"),
    guard(STEALING, "                driver.turn();\n", "", "the_driver_has_its_turn_where"),
    guard(
        DRIVER,
        "match self.0.as_ref()?.try_lock() {",
        "match self.0.as_ref()?.lock().map_err(TryLockError::from) {",
        "a_turn_waits_for_nobody_where",
    ),
    // The end.
    guard(POOL, "        self.spawner.0.scheduler().idle.close();\n", "", "a_pool_goes"),
    guard(STEALING, "        self.spawner.0.scheduler().idle.close();\n", "", "one_that_steals_goes"),
];
