//! What a person sees who types no more than the lesson's name, a scene or a stage. A scene whose
//! record breaks the schema exits with 1.

use harness::probe::{Program, count_lines};

const PROGRAM: Program = Program(env!("CARGO_BIN_EXE_future"));

#[test]
fn every_scene_that_is_listed_ends_by_itself_and_shows_its_record() {
    let scenes = PROGRAM.listed();
    assert_eq!(
        scenes,
        [
            "lazy",
            "countdown",
            "yield-now",
            "delay",
            "cancel",
            "state-machine",
            "pin",
            "map",
            "join",
            "select",
            "timeout",
            "stream",
            "lost-data"
        ]
    );
    for scene in &scenes {
        let out = PROGRAM.prints(&[scene]);
        assert!(out.contains("1  main"), "{out}");
        assert_eq!(out, PROGRAM.prints(&[scene]), "the same record every time");
    }
}

#[test]
fn without_arguments_a_few_of_them_are_played() {
    let out = PROGRAM.prints(&[]);
    for scene in ["lazy: ", "countdown: ", "delay: ", "timeout: "] {
        assert!(out.lines().any(|line| line.starts_with(scene)), "{scene} {out}");
    }
    assert_eq!(count_lines(&out, "stuck: second waits, and nobody can wake it."), 1, "{out}");
}

#[test]
fn the_countdown_is_polled_four_times_and_wakes_itself_three_times() {
    let out = PROGRAM.prints(&["countdown"]);
    assert_eq!(
        (count_lines(&out, " poll  "), count_lines(&out, " wake  "), count_lines(&out, " pending ")),
        (4, 3, 3),
        "{out}"
    );
    assert!(out.contains("task 1 (countdown), 4th time"), "{out}");
}

#[test]
fn the_stale_delay_leaves_a_task_that_nobody_can_wake_and_the_mended_one_wakes_it() {
    let out = PROGRAM.prints(&["delay", "--stage", "stale"]);
    assert!(out.contains("task 2 (second) waits and nobody can wake it"), "{out}");
    assert!(out.contains("wake     task 1 (first), waker 1, 0 alive, by value  too late: the task is over"), "{out}");
    let out = PROGRAM.prints(&["delay", "--stage", "mended"]);
    assert_eq!(out, PROGRAM.prints(&["delay"]));
    assert!(!out.contains("nobody can wake it"), "{out}");
    assert!(out.contains("delay  wake     task 2 (second), waker 1, 0 alive, by value\n"), "{out}");
}

#[test]
fn the_cancelled_delay_gives_its_waker_back_and_the_mended_one_does_not() {
    let out = PROGRAM.prints(&["cancel", "--stage", "cancelled"]);
    assert_eq!((count_lines(&out, " release "), count_lines(&out, " wake  ")), (1, 0), "{out}");
    let out = PROGRAM.prints(&["cancel", "--stage", "mended"]);
    assert_eq!((count_lines(&out, " release "), count_lines(&out, " wake  ")), (0, 1), "{out}");
}

#[test]
fn the_async_fn_and_the_machine_by_hand_have_the_same_record() {
    let out = PROGRAM.prints(&["state-machine"]);
    let (by_compiler, by_hand) = out.split_once("note     and now by hand").expect("two records");
    let events = |record: &str| {
        let words = record.lines().filter_map(|line| line.split_once("  main ").map(|(_, event)| event.to_owned()));
        // Without the numbers of tasks and of causes.
        let plain = words.map(|event| event.replace("sum_async", "sum").replace(|c: char| c.is_ascii_digit(), ""));
        plain.collect::<Vec<_>>()
    };
    let (by_compiler, by_hand) = (events(by_compiler), events(by_hand));
    assert_eq!(by_compiler[..by_compiler.len() - 1], by_hand);
    assert!(out.contains("sum_async gave 42, sum gave 42."), "{out}");
}

#[test]
fn the_other_scenes_say_what_came_of_them() {
    for (scene, said) in [
        ("pin", "loose gave an error"),
        ("select", "select gave \"fast\"."),
        ("timeout", "timeout gave Err(Elapsed)."),
        ("lost-data", "loses made [(2, 3)], keeps_future [(1, 2), (3, 4)], keeps_state [(1, 2), (3, 4)]."),
    ] {
        let out = PROGRAM.prints(&[scene]);
        assert!(out.contains(said), "{out}");
    }
}

#[test]
fn a_wrong_command_line_is_a_clear_message_and_exit_code_2() {
    PROGRAM.assert_refuses(&[
        (&["nowhere"][..], "there is no scene 'nowhere'"),
        (&["map", "--stage", "stale"], "the scene 'map' has no stages"),
        (&["delay", "--stage", "cancelled"], "the stages of the scene 'delay' are stale, mended"),
        (&["delay", "--stage", "9"], "invalid value '9' for '--stage <STAGE>'"),
        (&["--stage", "stale"], "--stage needs a scene"),
    ]);
}

#[test]
fn behind_a_pipe_that_is_closed_it_ends_quietly() {
    PROGRAM.assert_quiet_behind_a_closed_pipe(&["select"]);
}
