//! What a person sees who types no more than the lesson's name, a scene or a runtime.

use std::process::{Command, Output, Stdio};

fn run(arguments: &[&str]) -> (Output, String) {
    let program = Command::new(env!("CARGO_BIN_EXE_async-chat")).args(arguments).stdin(Stdio::null()).output().unwrap();
    let out = String::from_utf8(program.stdout.clone()).unwrap();
    (program, out)
}

#[test]
fn without_arguments_a_conversation_is_played_and_its_tasks_are_counted() {
    for runtime in ["async-std", "smol", "tokio", "tokio-current"] {
        // A task a connection, and one that writes; in the plain port also one for each of three
        // subscriptions.
        for (stage, tasks) in [("mailbox", 5), ("plain", 7)] {
            let (program, out) = run(&["--runtime", runtime, "--stage", stage]);
            assert!(program.status.success());
            assert!(out.contains("luis <- rust: hola, does anybody know what a future is?"), "{out}");
            assert!(out.contains(&format!("4 clients, {tasks} tasks on ")), "{out}");
        }
    }
}

#[test]
fn a_crowd_takes_more_tasks_and_no_more_threads() {
    let (program, out) = run(&["crowd", "--runtime", "tokio-current"]);
    assert!(program.status.success());
    assert!(out.contains("501 clients, 502 tasks on 2 OS threads"), "{out}");
}

#[test]
fn the_scenes_are_listed_and_a_wrong_runtime_is_named_with_those_there_are() {
    let (program, out) = run(&["--list"]);
    assert!(program.status.success());
    let names: Vec<&str> = out.lines().filter_map(|line| line.split_whitespace().next()).collect();
    assert_eq!(names, ["conversation", "crowd"]);
    let (program, _) = run(&["--runtime", "own"]);
    assert_eq!(program.status.code(), Some(2));
    let err = String::from_utf8(program.stderr).unwrap();
    assert!(err.contains("[possible values: async-std, tokio, tokio-current, smol]"), "{err}");
}
