//! What a future holds while it waits: with each of the three cures nothing that keeps it on one
//! thread, or others out.

use std::{
    future::Future,
    io::Write,
    pin::Pin,
    process::{Command, Stdio},
    sync::Mutex,
    task::{Context, Poll, Waker},
    thread,
};

use harness::probe::Task;
use lesson_future::{
    s4_yield_now::yield_now,
    s10_send::{Total, add_by_method, add_scoped, greet, spawnable},
};

#[test]
fn the_lock_is_free_while_the_cured_ones_wait() {
    let total = Mutex::new(1);
    let mut adding = Task::new(spawnable(add_scoped(&total, 2, yield_now())));
    adding.assert_pending();
    assert_eq!(total.try_lock().map(|total| *total).ok(), Some(3));
    assert_eq!(adding.assert_ready(), 3);

    let total = Total::default();
    let mut adding = Task::new(spawnable(add_by_method(&total, 2, yield_now())));
    adding.assert_pending();
    assert_eq!(total.add(1), 3);
    assert_eq!(adding.assert_ready(), 2);
}

#[test]
fn a_cured_future_goes_from_thread_to_thread_between_two_polls() {
    let mut greeting = Box::pin(spawnable(greet("ana", yield_now())));
    assert!(poll(greeting.as_mut()).is_pending());
    let said = thread::scope(|scope| scope.spawn(|| poll(greeting.as_mut())).join()).expect("it does not panic");
    assert_eq!(said, Poll::Ready("hola, ana".to_owned()));
}

fn poll<F: Future>(future: Pin<&mut F>) -> Poll<F::Output> {
    future.poll(&mut Context::from_waker(Waker::noop()))
}

/// What the compiler says to a program of a few lines.
fn compiler_says(program: &str) -> String {
    let mut rustc = Command::new(std::env::var_os("RUSTC").unwrap_or_else(|| "rustc".into()));
    rustc.args(["--edition=2024", "--crate-type=lib", "--emit=metadata", "-o", "/dev/null", "-"]);
    let mut rustc = rustc.stdin(Stdio::piped()).stderr(Stdio::piped()).spawn().expect("there is a compiler");
    rustc.stdin.take().expect("it is piped").write_all(program.as_bytes()).expect("it reads the program");
    let output = rustc.wait_with_output().expect("it ends");
    assert!(!output.status.success(), "this must not compile");
    String::from_utf8(output.stderr).expect("it speaks UTF-8")
}

/// Every `compile_fail` example of the stage, as a program with the errors that stand in the `text`
/// after it.
fn examples() -> Vec<(String, Vec<String>)> {
    let stage = include_str!("../../src/s10_send.rs");
    let docs: Vec<&str> = stage.lines().filter_map(|line| line.strip_prefix("///")).map(str::trim_start).collect();
    let docs = docs.join("\n");
    let examples = docs.split("```compile_fail\n").skip(1).map(|rest| {
        let (program, rest) = rest.split_once("```").expect("a fence ends");
        let (_, rest) = rest.split_once("```text\n").expect("what the compiler says follows");
        let (says, _) = rest.split_once("```").expect("a fence ends");
        let program = program.replace("# use {lesson_future::s10_send::spawnable, ", "use {");
        let (items, call) = program.rsplit_once('\n').and_then(|(program, _)| program.rsplit_once('\n')).unwrap();
        let program = format!("{items}\nfn spawnable<F: Future + Send>(_: F) {{}}\nfn main() {{ {call} }}\n");
        (program, says.lines().map(str::to_owned).collect())
    });
    examples.collect()
}

#[test]
fn the_compiler_says_what_the_stage_quotes() {
    let examples = examples();
    assert_eq!(examples.len(), 2);
    for (program, quoted) in examples {
        let said = compiler_says(&program);
        for line in quoted {
            assert!(said.contains(&line), "{line:?} is not in what it says to\n{program}\n{said}");
        }
    }
}
