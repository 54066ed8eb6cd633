//! The lines that the loom models guard, each with its model.

use harness::guards::{Guard, guard};

const STATE: &str = "parts/task/state.rs";
const CELL: &str = "parts/task/cell.rs";
const JOINING: &str = "parts/task/cell/joining.rs";
const QUEUE: &str = "parts/queue.rs";
const WAKER: &str = "parts/task/waker.rs";
const ROOT: &str = "parts/root.rs";
const STAGE: &str = "s4_spawn.rs";
const RING: &str = "parts/steal/ring.rs";
const INJECTOR: &str = "parts/steal/injector.rs";
const IDLE: &str = "parts/idle.rs";
const SHARED: &str = "parts/shared_owner.rs";
const WORDS: &str = "parts/fast/words.rs";
const WOKEN: &str = "parts/fast/woken.rs";
const RETURNED: &str = "parts/fast/returned.rs";
const OWNER: &str = "parts/fast/owner.rs";
const COMMON: &str = "parts/fast/shared.rs";

pub const GUARDS: &[Guard] = &[
    guard(STATE, "(now | SCHEDULED, Wake::Nothing)", "(now, Wake::Nothing)", "with_handles::wake_inside_the_poll"),
    guard(
        STATE,
        "let (next, done) = step(now);",
        "let (next, done) = step(now); if next == now { return done; }",
        "with_handles::wake_from_two_threads",
    ),
    guard(
        STATE,
        "} else if now & SCHEDULED != 0 {\n                (now & !RUNNING, Pending::Again)",
        "} else if false {\n                (now & !RUNNING, Pending::Again)",
        "with_handles::wake_inside_the_poll",
    ),
    guard(
        STATE,
        "compare_exchange_weak(now, next, AcqRel, Relaxed)",
        "compare_exchange_weak(now, next, Relaxed, Relaxed)",
        "with_handles::wake_inside_the_poll",
    ),
    guard(
        STATE,
        "self.0.fetch_xor(RUNNING | COMPLETE, AcqRel)",
        "self.0.fetch_xor(RUNNING | COMPLETE, Relaxed)",
        "join_gets_the_output",
    ),
    guard(
        STATE,
        "{ (now, Err(Complete)) } else { (now | AWAITED, Ok(())) }",
        "{ (now | AWAITED, Ok(())) } else { (now | AWAITED, Ok(())) }",
        "join_is_woken",
    ),
    guard(
        STATE,
        "Left { output: true, waker: now & AWAITED == 0 }",
        "Left { output: true, waker: true }",
        "join_leaves_no_waker_behind",
    ),
    guard(
        STATE,
        "Left { output: true, waker: now & AWAITED == 0 }",
        "Left { output: false, waker: now & AWAITED == 0 }",
        "join_handle_goes_while_the_task_ends",
    ),
    guard(
        STATE,
        "self.0.fetch_and(!AWAITED, AcqRel) & HANDLE == 0",
        "{ self.0.fetch_and(!AWAITED, AcqRel); true }",
        "join_leaves_no_waker_behind",
    ),
    guard(
        STATE,
        "self.0.fetch_and(!AWAITED, AcqRel) & HANDLE == 0",
        "{ self.0.fetch_and(!AWAITED, AcqRel); false }",
        "join_leaves_no_waker_behind",
    ),
    guard(STATE, "(now | CANCELLED, Wake::Nothing)", "(now, Wake::Nothing)", "with_handles::abort_from_elsewhere"),
    guard(
        STATE,
        "if now & CANCELLED != 0 {\n                (now, Pending::Cancel)",
        "if false {\n                (now, Pending::Cancel)",
        "with_handles::abort_from_elsewhere",
    ),
    guard(
        STATE,
        "0 => (now | CANCELLED | RUNNING, true)",
        "0 => (now | CANCELLED, true)",
        "with_handles::shutdown_while_a_task_is_woken",
    ),
    guard(
        STATE,
        "self.0.fetch_sub(REFERENCE, AcqRel) / REFERENCE == 1",
        "self.0.fetch_sub(REFERENCE, Relaxed) / REFERENCE == 1",
        "join_handle_goes_while_the_task_ends",
    ),
    guard(JOINING, "state.take_back()?;", "", "join_leaves_no_waker_behind"),
    guard(CELL, "        if !wanted {", "        if false && !wanted {", "join_handle_goes_while_the_task_ends"),
    guard(QUEUE, "if entries.closed {", "if false && entries.closed {", "with_handles::shutdown_while_a_task_is_woken"),
    guard(QUEUE, "        entries.closed = true;\n", "", "with_handles::shutdown_while_a_task_is_woken"),
    guard(
        STAGE,
        "        self.queue.push(woken);\n        self.unparker.wake_by_ref();",
        "        self.unparker.wake_by_ref();\n        self.queue.push(woken);",
        "with_handles::wake_from_another_thread",
    ),
    guard(
        WAKER,
        "    event::wake(\"value\", task.address());\n    task.wake();",
        "    let lent = std::mem::ManuallyDrop::new(unsafe { Task::from_raw(task.as_raw()) });\n    drop(task);\n    lent.wake();",
        "with_handles::shutdown_while_a_task_is_woken",
    ),
    guard(
        ROOT,
        "        self.woken.swap(true, Release);\n        self.unparker.wake_by_ref();",
        "        self.unparker.wake_by_ref();\n        self.woken.swap(true, Release);",
        "with_handles::wake_of_the_root",
    ),
    guard(RING, "tail.0.store(end + 1, Release);", "tail.0.store(end + 1, Relaxed);", "ring_is_taken_from_by_two"),
    guard(
        RING,
        "self.head.0.compare_exchange(head, head + count, AcqRel, Acquire).map(drop)",
        "{ self.head.0.swap(head + count, AcqRel); Ok(()) }",
        "ring_is_taken_from_by_two",
    ),
    guard(RING, "if end - head == ROOM {", "if false && end - head == ROOM {", "ring_overflows"),
    guard(
        RING,
        "return self.overflow(head, woken);",
        "return self.overflow(self.ring.head.0.load(Acquire), woken);",
        "ring_overflows",
    ),
    guard(
        RING,
        "        self.ring.take(head, count).ok()?;\n",
        "        let _ = self.ring.take(head, count);\n",
        "ring_is_emptied",
    ),
    guard(
        RING,
        "                Err(now) => head = now,\n            }\n        }\n        None",
        "                Err(_) => break,\n            }\n        }\n        None",
        "ring_is_taken_from_by_two",
    ),
    guard(RING, "tail.0.store(after, Release);", "tail.0.store(after, Relaxed);", "queues_give_each_entry_to_one"),
    guard(
        INJECTOR,
        "local.extend(entries.waiting.drain(..more));",
        "entries.waiting.drain(..more);",
        "queues_give_each_entry_to_one",
    ),
    guard(
        IDLE,
        "        fence(SeqCst);\n        if self.is_wanting() {",
        "        if self.is_wanting() {",
        "idle_sees_the_push",
    ),
    guard(IDLE, "        fence(SeqCst);\n        loop {", "        loop {", "idle_sees_the_push"),
    guard(
        IDLE,
        "            if is_more() {\n                self.leave",
        "            if false {\n                self.leave",
        "idle_sees_the_push",
    ),
    // That only the last to search looks (`== SEARCHER`) saves a look: if it was not, nobody is
    // wanted.
    guard(
        IDLE,
        "if self.is_wanting() && is_more() {",
        "if false && self.is_wanting() && is_more() {",
        "idle_wakes_the_next",
    ),
    guard(
        IDLE,
        "SLEEPER - if searching { SEARCHER } else { 0 }",
        "SLEEPER - if false && searching { SEARCHER } else { 0 }",
        "idle_wakes_the_next",
    ),
    guard(IDLE, "driver.park(watches.then(|| Instant::now() + LOOK_AGAIN));", "driver.park(None);", "idle_watches"),
    guard(IDLE, "if watches {", "if watches && !is_more() {", "idle_goes_on_watching"),
    guard(
        IDLE,
        "return !self.leave(worker, 0);",
        "let _ = self.leave(worker, 0); return false;",
        "idle_is_woken_at_its_deadline",
    ),
    guard(IDLE, "        if self.is_closed() {\n            return false;\n        }", "", "idle_closes"),
    guard(SHARED, "if tasks.closed {", "if false && tasks.closed {", "shared_owner_closes"),
    guard(SHARED, "lock(tasks).closed = true);", "drop(lock(tasks)));", "shared_owner_closes"),
    // Stage 7: the wake.
    guard(
        WORDS,
        "let before = self.0.fetch_or(flags, AcqRel);",
        "let before = self.0.load(Acquire); if before & WOKEN == 0 { self.0.fetch_or(flags, AcqRel); }",
        "fast::wake_from_two_threads",
    ),
    guard(
        WORDS,
        "self.0.fetch_or(flags, AcqRel)",
        "self.0.fetch_or(flags, std::sync::atomic::Ordering::Relaxed)",
        "fast::wake_from_two_threads",
    ),
    guard(WORDS, "            self.retain();\n", "", "fast::wake_while_it_ends"),
    guard(
        WORDS,
        "self.0.fetch_sub(WOKEN + REFERENCE, AcqRel)",
        "self.0.fetch_sub(WOKEN + REFERENCE, std::sync::atomic::Ordering::Relaxed)",
        "fast::wake_from_two_threads",
    ),
    guard(
        WORDS,
        "self.0.fetch_sub(WOKEN + REFERENCE, AcqRel)",
        "self.0.fetch_sub(WOKEN, AcqRel)",
        "fast::wake_while_it_ends",
    ),
    guard(WORDS, "self.wake_with(WOKEN | ABORT)", "self.wake_with(WOKEN)", "fast::abort_from_elsewhere"),
    guard(
        OWNER,
        "self.drain();\n        self.shared().queue.pop()",
        "self.shared().queue.pop()",
        "fast::wake_from_another_thread",
    ),
    guard(WOKEN, "        if entries.waiting.len() > 1 {", "        if true {", "fast::wake_from_another_thread"),
    guard(
        COMMON,
        "Pushed::First => self.unparker.with(|unparker| unsafe { (*unparker).wake_by_ref() }),",
        "Pushed::First => {}",
        "fast::wake_from_another_thread",
    ),
    // The end of a task.
    guard(WORDS, "self.set(MERGED);", "", "fast::last_reference_is_dropped_elsewhere"),
    guard(
        WORDS,
        "wrapping_mul(REFERENCE).wrapping_add(ALL)",
        "wrapping_mul(REFERENCE)",
        "fast::last_reference_is_dropped_elsewhere",
    ),
    guard(WORDS, "self.0.load(Acquire)", "self.0.load(std::sync::atomic::Ordering::Relaxed)", "fast::look_is_enough"),
    guard(
        WORDS,
        "self.0.fetch_sub(REFERENCE, AcqRel)",
        "self.0.fetch_sub(REFERENCE, std::sync::atomic::Ordering::Relaxed)",
        "fast::last_reference_is_dropped_elsewhere",
    ),
    guard(WORDS, "others.add(self.count());", "", "fast::last_reference_is_dropped_elsewhere"),
    guard(WORDS, "_ if references(before) == 1 => Answer::Free,", "", "fast::wake_while_it_ends"),
    guard(
        RETURNED,
        "self.0.swap(ptr::null_mut(), Acquire)",
        "self.0.swap(ptr::null_mut(), Relaxed)",
        "fast::last_reference_is_dropped_elsewhere",
    ),
    // The end of the executor.
    guard(
        COMMON,
        "let last = task.head().others.give_back();",
        "let last = false;",
        "fast::shutdown_while_a_task_is_woken",
    ),
    guard(
        OWNER,
        "shared.others.woken.close().into_iter().for_each(|task| shared.answer(task));",
        "",
        "fast::shutdown_while_a_task_is_woken",
    ),
    guard(
        COMMON,
        "shared.others.returned.close().for_each(|slot| shared.slab.give(slot));",
        "",
        "fast::shutdown_leaves_the_last_slot_to_whoever_has_it",
    ),
    guard(
        COMMON,
        "slots.fetch_sub(1, AcqRel)",
        "slots.fetch_sub(1, std::sync::atomic::Ordering::Relaxed)",
        "fast::shutdown_leaves_the_last_slot_to_whoever_has_it",
    ),
    guard(
        COMMON,
        "if let Err(Closed) = shared.others.returned.push(self) {",
        "if let Err(Closed) = shared.others.returned.push(self) && false {",
        "fast::shutdown_leaves_the_last_slot_to_whoever_has_it",
    ),
    guard(
        RETURNED,
        "slot.as_ptr(), Release, Relaxed)",
        "slot.as_ptr(), Relaxed, Relaxed)",
        "fast::shutdown_leaves_the_last_slot_to_whoever_has_it",
    ),
    guard(
        RETURNED,
        "self.0.swap(closed(), Acquire)",
        "self.0.swap(closed(), Relaxed)",
        "fast::shutdown_leaves_the_last_slot_to_whoever_has_it",
    ),
    guard(
        RETURNED,
        "while first != closed() {",
        "while first != closed() || true {",
        "fast::shutdown_leaves_the_last_slot_to_whoever_has_it",
    ),
    guard(WOKEN, "if entries.closed {", "if false && entries.closed {", "fast::shutdown_while_a_task_is_woken"),
];
