//! What a reader sees who types the name of the lesson, of a scene or of a stage. A scene whose
//! record breaks the schema exits with 1.

use harness::probe::{Program, count_lines};

const PROGRAM: Program = Program(env!("CARGO_BIN_EXE_fast-executor"));

/// The scenes whose record is always the same, and those with several workers, whose record is not.
const RECORDED: [&str; 2] = ["queue", "wake"];
const AT_ONCE: [&str; 2] = ["pool", "steal"];
const ONE_THREAD: [&str; 2] = ["one-allocation", "no-atomics"];

#[test]
fn every_scene_that_is_listed_ends_by_itself_and_shows_the_same_record_every_time() {
    let mut scenes = PROGRAM.listed();
    scenes.sort_unstable();
    let mut known = [&RECORDED[..], &AT_ONCE].concat();
    known.sort_unstable();
    assert_eq!(scenes, known);
    for scene in RECORDED {
        let out = PROGRAM.prints(&[scene]);
        assert!(count_lines(&out, "  main ") > 0 && out.contains(" 1  main"), "{out}");
        assert_eq!(out, PROGRAM.prints(&[scene]));
    }
}

#[test]
fn without_arguments_a_few_of_them_are_played() {
    let out = PROGRAM.prints(&[]);
    for scene in ["queue: ", "wake: ", "pool: ", "steal: "] {
        assert!(out.lines().any(|line| line.starts_with(scene)), "{scene} {out}");
    }
}

/// N2: two polls at once, on two threads. The tasks in the queue of a blocked worker run elsewhere.
#[test]
fn tasks_run_on_several_threads_and_are_stolen() {
    for stage in ["pool", "stealing"] {
        let out = PROGRAM.prints(&["pool", "--stage", stage]);
        assert_eq!(count_lines(&out, "both tasks are in a poll"), 2, "{out}");
        assert!(out.contains("The tasks were polled on worker 0 and worker 1."), "{out}");
    }
    let out = PROGRAM.prints(&["steal"]);
    assert!(count_lines(&out, "  steal ") >= 2 && out.contains("\n3 tasks were stolen."), "{out}");
}

/// N13, N14. The executors report the use of their wakers: the clone that the future keeps, and the
/// wake that uses it up.
#[test]
fn a_task_is_in_the_queue_when_it_is_new_and_when_it_was_woken() {
    for stage in ONE_THREAD {
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
                "fast-executor task 1 (reader), received Ok(5)",
                "after its second poll: 0 in the queue",
            ]
        );
        assert!(count_lines(&out, "  clone ") == 1 && count_lines(&out, "  wake ") == 1, "{out}");
        assert!(!out.contains("fast-executor task 2"), "the root is no task: {out}");
    }
}

#[test]
fn a_thread_that_sleeps_is_unparked_once() {
    for stage in ONE_THREAD {
        let out = PROGRAM.prints(&["wake", "--stage", stage]);
        assert!(out.contains("reader returned Ok(5), and send returned Ok(())."), "{out}");
        assert!(!out.contains("fast-executor task 2"), "the root is no task: {out}");
        let parked = |what| out.lines().filter(|line| line.ends_with(what)).count();
        assert_eq!((parked("  park"), parked("  unpark")), (1, 1), "{out}");
    }
}

#[test]
fn a_wrong_command_line_is_a_clear_message_and_exit_code_2() {
    PROGRAM.assert_refuses(&[
        (&["nowhere"][..], "there is no scene 'nowhere'"),
        (&["steal", "--stage", "pool"], "the scene 'steal' has no stages"),
        (&["queue", "--stage", "pool"], "the stages of the scene 'queue' are one-allocation, no-atomics"),
        (&["pool", "--stage", "9"], "invalid value '9' for '--stage <STAGE>'"),
        (&["--stage", "pool"], "--stage needs a scene"),
    ]);
}

#[test]
fn behind_a_pipe_that_is_closed_it_ends_quietly() {
    PROGRAM.assert_quiet_behind_a_closed_pipe(&["queue"]);
}
