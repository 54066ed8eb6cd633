//! What a reader sees who types the lesson's name, a scene or a stage. A scene whose record breaks
//! the schema exits with 1.

use harness::probe::{Program, count_lines};

const PROGRAM: Program = Program(env!("CARGO_BIN_EXE_executor"));

/// The scenes whose record is the same in every run.
const RECORDED: [&str; 6] = ["loop", "queue", "interleaved", "wake", "panic", "cancel"];
/// The scenes that measure, and print figures.
const MEASURED: [&str; 4] = ["layer", "idle", "blocks", "turn"];
/// The scene with several workers. Its record differs from run to run.
const SEVERAL_WORKERS: [&str; 1] = ["pool"];

#[test]
fn every_scene_that_is_listed_ends_by_itself_and_shows_the_same_record_every_time() {
    let mut scenes = PROGRAM.listed();
    scenes.sort_unstable();
    let mut known = [&RECORDED[..], &MEASURED, &SEVERAL_WORKERS].concat();
    known.sort_unstable();
    assert_eq!(scenes, known);
    for scene in RECORDED {
        let out = PROGRAM.prints(&[scene]);
        assert!(count_lines(&out, "  main ") > 0 && out.contains(" 1  main"), "{out}");
        assert_eq!(out, PROGRAM.prints(&[scene]));
    }
}

#[test]
fn without_arguments_a_few_scenes_are_played() {
    let out = PROGRAM.prints(&[]);
    for scene in ["loop: ", "idle: ", "blocks: ", "panic: ", "cancel: ", "pool: "] {
        assert!(out.lines().any(|line| line.starts_with(scene)), "{scene} {out}");
    }
}

/// N2: two polls at once, on two threads.
#[test]
fn tasks_run_on_several_threads() {
    let out = PROGRAM.prints(&["pool"]);
    assert_eq!(count_lines(&out, "both tasks are in a poll"), 2, "{out}");
    assert!(out.contains("The tasks were polled on worker 0 and worker 1."), "{out}");
}

/// N11, N12, N15: stage 1 polls without a cause; with a queue each poll has one.
#[test]
fn a_task_that_waits_is_polled_in_each_round_of_stage_1_and_after_a_wake_of_the_later_ones() {
    let spin = PROGRAM.prints(&["loop", "--stage", "spin"]);
    assert!(
        spin.contains("reader was polled 5 times, writer 4.") && count_lines(&spin, "<- no wake: spurious") == 3,
        "{spin}"
    );
    for stage in ["queue", "join"] {
        let out = PROGRAM.prints(&["loop", "--stage", stage]);
        assert!(out.contains("reader was polled 2 times, writer 4.") && count_lines(&out, "spurious") == 0, "{out}");
    }
}

/// N13, N14. The record names the traced task of each entry of the queue.
#[test]
fn a_task_is_in_the_queue_when_it_is_new_and_when_it_was_woken() {
    for stage in ["queue", "join"] {
        let out = PROGRAM.prints(&["queue", "--stage", stage]);
        let said: Vec<&str> =
            out.lines().filter_map(|line| line.split_once("  note     ")).map(|(_, said)| said).collect();
        assert_eq!(
            said,
            [
                "called: 0 in the queue",
                "spawned: 1 in the queue",
                "after its first poll: 0 in the queue",
                "after another look into the queue: 0 in the queue",
                "woken: 1 in the queue",
                "task 1 (reader), received Ok(5)",
                "after its second poll: 0 in the queue",
            ]
        );
        let entries = ["enqueue  task 1 (reader)", "dequeue  task 1 (reader)"];
        assert_eq!(entries.map(|entry| out.lines().filter(|line| line.ends_with(entry)).count()), [2, 2], "{out}");
    }
}

/// N1, N6.
#[test]
fn tasks_take_turns_on_one_thread_and_the_kernel_has_no_part_in_it() {
    for stage in ["spin", "queue", "join"] {
        let out = PROGRAM.prints(&["interleaved", "--stage", stage]);
        assert!(out.contains("a1 b1 c1 a2 b2 c2 a3 b3 c3, on 1 thread."), "{out}");
        let out = PROGRAM.prints(&["layer", "--stage", stage]);
        assert!(out.contains("100 tasks yielded 10000 times, on 1 thread."), "{out}");
        assert!(out.contains("Meanwhile the kernel switched to another thread 0 times."), "{out}");
    }
}

#[test]
fn a_wait_for_another_thread_burns_a_core_in_stage_1_and_sleeps_in_the_later_ones() {
    let polls = |stage| {
        let out = PROGRAM.prints(&["idle", "--stage", stage]);
        let (_, rest) = out.split_once("was polled ").unwrap();
        rest.split_once(' ').unwrap().0.parse::<u64>().unwrap()
    };
    assert!(polls("spin") > 100, "some in each of a hundred milliseconds");
    for stage in ["block-on", "queue", "join"] {
        assert_eq!(polls(stage), 2);
    }
}

#[test]
fn the_other_scenes_say_what_came_of_them() {
    for stage in ["block-on", "queue", "join"] {
        let out = PROGRAM.prints(&["wake", "--stage", stage]);
        assert!(out.contains("reader received Ok(5); the send returned Ok(())."), "{out}");
        let parked = |what| out.lines().filter(|line| line.ends_with(what)).count();
        assert_eq!((parked("  park"), parked("  unpark")), (1, 1), "{out}");
    }
    for stage in ["queue", "join"] {
        let out = PROGRAM.prints(&["turn", "--stage", stage]);
        assert!(out.contains("was served after 6"), "{out}");
    }
    let out = PROGRAM.prints(&["panic"]);
    assert!(
        out.contains("fails: the task panicked: no such group; goes_on: Ok(5).") && count_lines(&out, " panic ") == 1,
        "{out}"
    );
    let out = PROGRAM.prints(&["cancel"]);
    assert!(out.contains("aborted: the task was cancelled; detached: 1 turn; waits: the task was cancelled."), "{out}");
}

/// N16: nothing prevents a poll from blocking.
#[test]
fn a_task_that_blocks_is_named_with_its_poll_and_how_long() {
    for stage in ["spin", "queue", "join"] {
        let out = PROGRAM.prints(&["blocks", "--stage", stage]);
        let found: Vec<&str> = out.lines().filter(|line| line.starts_with("blocked: ")).collect();
        assert_eq!(found.len(), 1, "{out}");
        let (what, waited) = found[0].split_once(" kept its thread for ").unwrap();
        assert_eq!(what, "blocked: task 2 (greedy), poll 2,");
        let (took, waited) = waited.split_once(" ms, and ").unwrap();
        assert!(took.parse::<u64>().unwrap() >= 100 && waited == "1 more in the queue had to wait", "{out}");
    }
}

#[test]
fn a_wrong_command_line_is_a_clear_message_and_exit_code_2() {
    PROGRAM.assert_refuses(&[
        (&["nowhere"][..], "there is no scene 'nowhere'"),
        (&["panic", "--stage", "spin"], "the scene 'panic' has no stages"),
        (&["queue", "--stage", "spin"], "the stages of the scene 'queue' are queue, join"),
        (&["loop", "--stage", "9"], "invalid value '9' for '--stage <STAGE>'"),
        (&["--stage", "spin"], "--stage needs a scene"),
    ]);
}

#[test]
fn behind_a_pipe_that_is_closed_it_ends_quietly() {
    PROGRAM.assert_quiet_behind_a_closed_pipe(&["loop"]);
}
