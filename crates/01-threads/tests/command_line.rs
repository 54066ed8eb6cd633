//! What a person meets at the command line: the first line, exit codes, clear words, and an end at a signal.

use std::{
    io::{BufRead, BufReader, Read},
    net::TcpListener,
    process::{Child, Command, Output, Stdio},
};

use rustix::process::{Pid, Signal, kill_process};

fn threads(arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_threads"));
    command.args(arguments).stdin(Stdio::null());
    command
}

fn run(arguments: &[&str]) -> (Output, String, String) {
    let output = threads(arguments).output().unwrap();
    let text = |bytes: &[u8]| String::from_utf8(bytes.to_vec()).unwrap();
    let (out, err) = (text(&output.stdout), text(&output.stderr));
    (output, out, err)
}

fn serve(arguments: &[&str]) -> (Child, String) {
    let mut server = threads(&["serve", "--listen", "127.0.0.1:0"]);
    let mut server = server.args(arguments).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    let mut line = String::new();
    BufReader::new(server.stdout.as_mut().unwrap()).read_line(&mut line).unwrap();
    (server, line)
}

#[test]
fn without_arguments_a_conversation_is_played_and_its_threads_are_counted() {
    let (output, out, _) = run(&[]);
    assert!(output.status.success());
    assert!(out.contains("luis <- rust: hola, does anybody know what a future is?"), "{out}");
    // main, accept, and a reader and a writer for each of four clients.
    assert!(out.contains("4 clients, 10 OS threads in this process"), "{out}");
    let (output, out, _) = run(&["--stage", "1"]);
    assert!(output.status.success());
    assert!(out.contains("4 clients, 6 OS threads in this process"), "{out}");
}

#[test]
fn the_first_line_says_where_it_listens_and_sigterm_ends_it_with_0() {
    for signal in [Signal::TERM, Signal::INT] {
        let (mut server, line) = serve(&[]);
        let port = line.strip_prefix("listening on 127.0.0.1:").and_then(|port| port.trim().parse::<u16>().ok());
        assert!(port.is_some(), "{line:?}");
        kill_process(Pid::from_child(&server), signal).unwrap();
        assert_eq!(server.wait().unwrap().code(), Some(0));
    }
}

#[test]
fn the_log_goes_to_stderr_and_has_no_colour_in_a_pipe() {
    let (mut server, _) = serve(&["--log", "info"]);
    kill_process(Pid::from_child(&server), Signal::TERM).unwrap();
    server.wait().unwrap();
    let mut log = String::new();
    server.stderr.take().unwrap().read_to_string(&mut log).unwrap();
    assert!(log.contains("INFO threads: stopping"), "{log:?}");
    assert!(!log.contains('\x1b'), "{log:?}");
}

#[test]
fn a_wrong_command_line_is_a_clear_message_and_exit_code_2() {
    for (arguments, words) in [
        (&["serve", "--stage", "3"][..], "invalid value '3' for '--stage <STAGE>'"),
        (&["serve", "--max-line", "0"], "must be at least 1"),
        (&["serve", "--listen", "everywhere"], "invalid value 'everywhere' for '--listen <IP:PORT>'"),
        (&["nowhere"], "there is no scene 'nowhere'"),
    ] {
        let (output, _, err) = run(arguments);
        assert_eq!(output.status.code(), Some(2), "{err}");
        assert!(err.contains(words), "{err}");
    }
}

#[test]
fn a_port_in_use_is_one_line_and_exit_code_1() {
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = taken.local_addr().unwrap().to_string();
    let (output, _, err) = run(&["serve", "--listen", &address]);
    assert_eq!(output.status.code(), Some(1));
    assert_eq!(err, format!("error: cannot listen on {address}: Address already in use (os error 98)\n"));
}
