//! What a person sees who types no more than the lesson's name, a scene or a stage. A scene whose
//! record breaks the schema exits with 1.

use harness::probe::{Program, count_lines};

const PROGRAM: Program = Program(env!("CARGO_BIN_EXE_waker"));

#[test]
fn every_scene_that_is_listed_ends_by_itself_and_shows_the_same_record_every_time() {
    let scenes = PROGRAM.listed();
    assert_eq!(
        scenes,
        [
            "counts",
            "clones",
            "noop",
            "before",
            "during",
            "after",
            "another-thread",
            "early-unpark",
            "handed-on",
            "queue"
        ]
    );
    for scene in &scenes {
        let out = PROGRAM.prints(&[scene]);
        assert!(out.contains("1  main"), "{out}");
        assert_eq!(out, PROGRAM.prints(&[scene]));
    }
}

#[test]
fn without_arguments_a_few_of_them_are_played() {
    let out = PROGRAM.prints(&[]);
    for scene in ["counts: ", "clones: ", "during: ", "another-thread: ", "queue: "] {
        assert!(out.lines().any(|line| line.starts_with(scene)), "{scene} {out}");
    }
    assert_eq!(count_lines(&out, "stuck: "), 1, "{out}");
}

#[test]
fn the_waker_by_hand_and_that_of_std_count_alike() {
    let notes = |stage| {
        let out = PROGRAM.prints(&["counts", "--stage", stage]);
        out.lines().filter(|line| line.contains("  note ")).map(str::to_owned).collect::<Vec<_>>()
    };
    let by_hand = notes("raw");
    assert_eq!(by_hand.len(), 8);
    assert!(by_hand[1].ends_with("cloned twice: 3 alive") && by_hand[7].ends_with("0 alive"), "{by_hand:?}");
    assert_eq!(by_hand, notes("wake"));
}

#[test]
fn what_comes_during_the_registration_is_lost_in_stage_5_and_in_no_later_one() {
    let lost = PROGRAM.prints(&["during", "--stage", "lost"]);
    assert_eq!((count_lines(&lost, " wake  "), count_lines(&lost, " ready ")), (0, 0), "{lost}");
    assert!(lost.contains("stuck: the event has happened, the task waits for it, and nobody wakes it."), "{lost}");
    for stage in ["mended", "atomic"] {
        let out = PROGRAM.prints(&["during", "--stage", stage]);
        assert!(out.contains("saw the event at its second look") && count_lines(&out, " ready ") == 1, "{out}");
    }
}

#[test]
fn the_other_scenes_say_what_came_of_them() {
    for (scene, said, wakes, releases) in [
        ("clones", "woken 1 time by reference and 1 time by value", 2, 1),
        ("noop", "It gave None, and the sender got its value back: Err(5).", 0, 1),
        ("before", "receiver gave Ready(Ok(5)).", 0, 0),
        ("after", "task was woken: true, and gave Ready(()).", 1, 1),
        ("another-thread", "receiver gave Ok(5), and to send gave Ok(()).", 1, 0),
        ("early-unpark", "receiver gave Ok(5).", 1, 0),
        ("handed-on", "second was woken: true, and sent: Ready(Ok(())).", 2, 1),
        ("queue", "receiver gave Ok(5).", 1, 0),
    ] {
        let out = PROGRAM.prints(&[scene]);
        assert!(out.contains(said), "{out}");
        assert_eq!((count_lines(&out, " wake  "), count_lines(&out, " release ")), (wakes, releases), "{out}");
    }
    let parked = |scene| PROGRAM.prints(&[scene]).lines().filter(|line| line.ends_with("  park")).count();
    assert_eq!((parked("another-thread"), parked("early-unpark")), (1, 0));
}

/// N14, on tokio: only the wake puts a task that is pending back into the queue.
#[test]
fn a_task_that_waits_is_in_no_queue_until_somebody_wakes_it() {
    let out = PROGRAM.prints(&["queue"]);
    let said: Vec<&str> = out.lines().filter_map(|line| line.split_once("  note     ")).map(|(_, said)| said).collect();
    assert_eq!(
        said,
        [
            "spawned: 1 in the queue, of 1 alive",
            "after its first poll: 0 in the queue, of 1 alive",
            "after another turn of the executor: 0 in the queue, of 1 alive",
            "woken: 1 in the queue, of 1 alive",
            "after its second poll: 0 in the queue, of 0 alive",
        ]
    );
    assert_eq!(count_lines(&out, "  poll  "), 2, "{out}");
}

#[test]
fn a_wrong_command_line_is_a_clear_message_and_exit_code_2() {
    PROGRAM.assert_refuses(&[
        (&["nowhere"][..], "there is no scene 'nowhere'"),
        (&["noop", "--stage", "lost"], "the scene 'noop' has no stages"),
        (&["during", "--stage", "raw"], "the stages of the scene 'during' are lost, mended, atomic"),
        (&["during", "--stage", "9"], "invalid value '9' for '--stage <STAGE>'"),
        (&["--stage", "lost"], "--stage needs a scene"),
    ]);
}

#[test]
fn behind_a_pipe_that_is_closed_it_ends_quietly() {
    PROGRAM.assert_quiet_behind_a_closed_pipe(&["after"]);
}
