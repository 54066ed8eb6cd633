//! The lines that the loom models guard, each with its model.

use harness::guards::{Guard, guard};

const STATE: &str = "parts/task/state.rs";
const CELL: &str = "parts/task/cell.rs";
const JOIN: &str = "parts/task/join.rs";
const QUEUE: &str = "parts/run_queue.rs";
const WAKER: &str = "parts/task/waker.rs";
const SCHEDULER: &str = "s1_one_allocation/scheduler.rs";
const RING: &str = "s3_stealing/ring.rs";
const INJECTOR: &str = "s3_stealing/injector.rs";
const IDLE: &str = "parts/idle.rs";
const SHARED: &str = "parts/shared_owner.rs";
const OWNER_WORD: &str = "s4_no_atomics/owner_word.rs";
const REMOTE_WORD: &str = "s4_no_atomics/remote_word.rs";
const REMOTE_WAKES: &str = "s4_no_atomics/remote_wakes.rs";
const RETURNED: &str = "s4_no_atomics/returned_slots.rs";
const CORE_REF: &str = "s4_no_atomics/core_ref.rs";
const CORE: &str = "s4_no_atomics/executor_core.rs";

pub const GUARDS: &[Guard] = &[
    guard(
        STATE,
        "(now | SCHEDULED, WakeStep::Nothing)",
        "(now, WakeStep::Nothing)",
        "one_allocation::wake_inside_the_poll",
    ),
    guard(
        STATE,
        "let (next, done) = step(now);",
        "let (next, done) = step(now); if next == now { return done; }",
        "one_allocation::wake_from_two_threads",
    ),
    guard(
        STATE,
        "} else if now & SCHEDULED != 0 {\n                (now & !RUNNING, PendingStep::Again)",
        "} else if false {\n                (now & !RUNNING, PendingStep::Again)",
        "one_allocation::wake_inside_the_poll",
    ),
    guard(
        STATE,
        "compare_exchange_weak(now, next, AcqRel, Relaxed)",
        "compare_exchange_weak(now, next, Relaxed, Relaxed)",
        "one_allocation::wake_inside_the_poll",
    ),
    guard(
        STATE,
        "self.0.fetch_xor(RUNNING | COMPLETE, AcqRel)",
        "self.0.fetch_xor(RUNNING | COMPLETE, Relaxed)",
        "join_gets_the_output",
    ),
    guard(
        STATE,
        "{ (now, Err(AlreadyComplete)) } else { (now | AWAITED, Ok(())) }",
        "{ (now | AWAITED, Ok(())) } else { (now | AWAITED, Ok(())) }",
        "join_is_woken",
    ),
    guard(
        STATE,
        "DetachStep { output: true, waker: now & AWAITED == 0 }",
        "DetachStep { output: true, waker: true }",
        "join_leaves_no_waker_behind",
    ),
    guard(
        STATE,
        "DetachStep { output: true, waker: now & AWAITED == 0 }",
        "DetachStep { output: false, waker: now & AWAITED == 0 }",
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
    guard(
        STATE,
        "(now | CANCELLED, WakeStep::Nothing)",
        "(now, WakeStep::Nothing)",
        "one_allocation::abort_from_elsewhere",
    ),
    guard(
        STATE,
        "if now & CANCELLED != 0 {\n                (now, PendingStep::Cancel)",
        "if false {\n                (now, PendingStep::Cancel)",
        "one_allocation::abort_from_elsewhere",
    ),
    guard(
        STATE,
        "0 => (now | CANCELLED | RUNNING, true)",
        "0 => (now | CANCELLED, true)",
        "one_allocation::shutdown_while_a_task_is_woken",
    ),
    guard(
        STATE,
        "self.0.fetch_sub(REFERENCE, AcqRel) / REFERENCE == 1",
        "self.0.fetch_sub(REFERENCE, Relaxed) / REFERENCE == 1",
        "join_handle_goes_while_the_task_ends",
    ),
    guard(
        STATE,
        "{ (now, Err(AlreadyComplete)) } else { (now & !AWAITED, Ok(())) }",
        "{ (now & !AWAITED, Ok(())) } else { (now & !AWAITED, Ok(())) }",
        "join_leaves_no_waker_behind",
    ),
    guard(JOIN, "state.take_back()?;", "", "join_leaves_no_waker_behind"),
    guard(
        CELL,
        "        if !is_output_wanted {",
        "        if false && !is_output_wanted {",
        "join_handle_goes_while_the_task_ends",
    ),
    guard(
        QUEUE,
        "if entries.closed {",
        "if false && entries.closed {",
        "one_allocation::shutdown_while_a_task_is_woken",
    ),
    guard(QUEUE, "        entries.closed = true;\n", "", "one_allocation::shutdown_while_a_task_is_woken"),
    guard(
        SCHEDULER,
        "        self.queue.push(task);\n        self.unparker.wake_by_ref();",
        "        self.unparker.wake_by_ref();\n        self.queue.push(task);",
        "one_allocation::wake_from_another_thread",
    ),
    guard(
        WAKER,
        "    event::wake(\"value\", task.address());\n    task.wake();",
        "    let lent = std::mem::ManuallyDrop::new(unsafe { TaskRef::from_raw(task.as_raw()) });\n    drop(task);\n    lent.wake();",
        "one_allocation::shutdown_while_a_task_is_woken",
    ),
    guard(RING, "tail.0.store(end + 1, Release);", "tail.0.store(end + 1, Relaxed);", "ring_is_taken_from_by_two"),
    guard(
        RING,
        "self.head.0.compare_exchange(head, head + count, AcqRel, Acquire).map(drop)",
        "{ self.head.0.swap(head + count, AcqRel); Ok(()) }",
        "ring_is_taken_from_by_two",
    ),
    guard(RING, "if end - head == RING_SIZE {", "if false && end - head == RING_SIZE {", "ring_overflows"),
    guard(
        RING,
        "return self.overflow(head, task);",
        "return self.overflow(self.ring.head.0.load(Acquire), task);",
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
        "ring.extend(entries.tasks.drain(..more));",
        "entries.tasks.drain(..more);",
        "queues_give_each_entry_to_one",
    ),
    guard(
        IDLE,
        "        fence(SeqCst);\n        if self.is_wake_needed() {",
        "        if self.is_wake_needed() {",
        "idle_sees_the_push",
    ),
    guard(IDLE, "        fence(SeqCst);\n        loop {", "        loop {", "idle_sees_the_push"),
    guard(
        IDLE,
        "            if is_more() {\n                self.get_up",
        "            if false {\n                self.get_up",
        "idle_sees_the_push",
    ),
    // The condition `== SEARCHER` only saves a look. Without it, no wake would be needed either.
    guard(
        IDLE,
        "if self.is_wake_needed() && is_more() {",
        "if false && self.is_wake_needed() && is_more() {",
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
        "return !self.get_up(worker, 0);",
        "let _ = self.get_up(worker, 0); return false;",
        "idle_is_woken_at_its_deadline",
    ),
    guard(IDLE, "        if self.is_closed() {\n            return false;\n        }", "", "idle_closes"),
    guard(SHARED, "if tasks.closed {", "if false && tasks.closed {", "shared_owner_closes"),
    guard(SHARED, "lock(tasks).closed = true);", "drop(lock(tasks)));", "shared_owner_closes"),
    // Stage 4: the wake.
    guard(
        REMOTE_WORD,
        "let before = self.0.fetch_or(flags, AcqRel);",
        "let before = self.0.load(Acquire); if before & WOKEN == 0 { self.0.fetch_or(flags, AcqRel); }",
        "no_atomics::wake_from_two_threads",
    ),
    guard(
        REMOTE_WORD,
        "self.0.fetch_or(flags, AcqRel)",
        "self.0.fetch_or(flags, std::sync::atomic::Ordering::Relaxed)",
        "no_atomics::wake_from_two_threads",
    ),
    guard(REMOTE_WORD, "            self.retain();\n", "", "no_atomics::wake_while_it_ends"),
    guard(
        REMOTE_WORD,
        "self.0.fetch_sub(WOKEN + REFERENCE, AcqRel)",
        "self.0.fetch_sub(WOKEN + REFERENCE, std::sync::atomic::Ordering::Relaxed)",
        "no_atomics::wake_from_two_threads",
    ),
    guard(
        REMOTE_WORD,
        "self.0.fetch_sub(WOKEN + REFERENCE, AcqRel)",
        "self.0.fetch_sub(WOKEN, AcqRel)",
        "no_atomics::wake_while_it_ends",
    ),
    guard(REMOTE_WORD, "self.wake_with(WOKEN | ABORT)", "self.wake_with(WOKEN)", "no_atomics::abort_from_elsewhere"),
    guard(
        CORE_REF,
        "self.take_remote_wakes();\n        self.core().queue.pop()",
        "self.core().queue.pop()",
        "no_atomics::wake_from_another_thread",
    ),
    guard(
        REMOTE_WAKES,
        "        if entries.tasks.len() > 1 {",
        "        if true {",
        "no_atomics::wake_from_another_thread",
    ),
    guard(
        CORE,
        "RemotePush::First => self.unparker.with(|unparker| unsafe { (*unparker).wake_by_ref() }),",
        "RemotePush::First => {}",
        "no_atomics::wake_from_another_thread",
    ),
    // The end of a task.
    guard(OWNER_WORD, "self.set(MERGED);", "", "no_atomics::last_reference_is_dropped_elsewhere"),
    guard(
        REMOTE_WORD,
        "wrapping_mul(REFERENCE).wrapping_add(MERGED)",
        "wrapping_mul(REFERENCE)",
        "no_atomics::last_reference_is_dropped_elsewhere",
    ),
    guard(
        REMOTE_WORD,
        "self.0.load(Acquire)",
        "self.0.load(std::sync::atomic::Ordering::Relaxed)",
        "no_atomics::look_is_enough",
    ),
    guard(
        REMOTE_WORD,
        "self.0.fetch_sub(REFERENCE, AcqRel)",
        "self.0.fetch_sub(REFERENCE, std::sync::atomic::Ordering::Relaxed)",
        "no_atomics::last_reference_is_dropped_elsewhere",
    ),
    guard(OWNER_WORD, "remote.add(self.count());", "", "no_atomics::last_reference_is_dropped_elsewhere"),
    guard(REMOTE_WORD, "_ if references(before) == 1 => RemoteStep::Free,", "", "no_atomics::wake_while_it_ends"),
    guard(
        RETURNED,
        "self.0.swap(ptr::null_mut(), Acquire)",
        "self.0.swap(ptr::null_mut(), Relaxed)",
        "no_atomics::last_reference_is_dropped_elsewhere",
    ),
    // The end of the executor.
    guard(
        CORE,
        "let last = task.header().remote_word.release();",
        "let last = false;",
        "no_atomics::shutdown_while_a_task_is_woken",
    ),
    guard(
        CORE_REF,
        "core.remote.woken.close().into_iter().for_each(|task| core.answer(task));",
        "",
        "no_atomics::shutdown_while_a_task_is_woken",
    ),
    guard(
        CORE,
        "core.remote.returned.close().for_each(|slot| core.slab.give(slot));",
        "",
        "no_atomics::shutdown_leaves_the_last_slot_to_whoever_has_it",
    ),
    guard(
        CORE,
        "slots.fetch_sub(1, AcqRel)",
        "slots.fetch_sub(1, std::sync::atomic::Ordering::Relaxed)",
        "no_atomics::shutdown_leaves_the_last_slot_to_whoever_has_it",
    ),
    guard(
        CORE,
        "if let Err(StackClosed) = core.remote.returned.push(self) {",
        "if let Err(StackClosed) = core.remote.returned.push(self) && false {",
        "no_atomics::shutdown_leaves_the_last_slot_to_whoever_has_it",
    ),
    guard(
        RETURNED,
        "slot.as_ptr(), Release, Relaxed)",
        "slot.as_ptr(), Relaxed, Relaxed)",
        "no_atomics::shutdown_leaves_the_last_slot_to_whoever_has_it",
    ),
    guard(
        RETURNED,
        "self.0.swap(closed(), Acquire)",
        "self.0.swap(closed(), Relaxed)",
        "no_atomics::shutdown_leaves_the_last_slot_to_whoever_has_it",
    ),
    guard(
        RETURNED,
        "while first != closed() {",
        "while first != closed() || true {",
        "no_atomics::shutdown_leaves_the_last_slot_to_whoever_has_it",
    ),
    guard(
        REMOTE_WAKES,
        "if entries.closed {",
        "if false && entries.closed {",
        "no_atomics::shutdown_while_a_task_is_woken",
    ),
];
