//! The command line of every server: the first line, the exit codes, clear messages, and the end at
//! a signal.

use std::{
    io::{BufRead, BufReader, Read},
    net::TcpListener,
    process::{Child, Command, Output, Stdio},
};

use house::programs::program;
use rustix::process::{Pid, Signal, kill_process};

/// The packages with a server. The program has the package's name, and the subcommand `serve`.
const SERVERS: [&str; 2] = ["threads", "async-chat"];

fn command(server: &str, arguments: &[&str]) -> Command {
    let mut command = Command::new(program(server, server));
    command.args(arguments).stdin(Stdio::null());
    command
}

fn run(server: &str, arguments: &[&str]) -> (Output, String) {
    let output = command(server, arguments).output().unwrap();
    let err = String::from_utf8(output.stderr.clone()).unwrap();
    (output, err)
}

fn serve(server: &str, arguments: &[&str]) -> (Child, String) {
    let mut server = command(server, &["serve", "--listen", "127.0.0.1:0"]);
    let mut server = server.args(arguments).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    let mut line = String::new();
    BufReader::new(server.stdout.as_mut().unwrap()).read_line(&mut line).unwrap();
    (server, line)
}

#[test]
fn the_first_line_says_where_it_listens_and_a_signal_ends_it_with_0() {
    for server in SERVERS {
        for signal in [Signal::TERM, Signal::INT] {
            let (mut server, line) = serve(server, &[]);
            let port = line.strip_prefix("listening on 127.0.0.1:").and_then(|port| port.trim().parse::<u16>().ok());
            assert!(port.is_some(), "{line:?}");
            kill_process(Pid::from_child(&server), signal).unwrap();
            assert_eq!(server.wait().unwrap().code(), Some(0));
        }
    }
}

#[test]
fn the_log_goes_to_stderr_and_has_no_colour_in_a_pipe() {
    for name in SERVERS {
        let (mut server, _) = serve(name, &["--log", "info"]);
        kill_process(Pid::from_child(&server), Signal::TERM).unwrap();
        server.wait().unwrap();
        let mut log = String::new();
        server.stderr.take().unwrap().read_to_string(&mut log).unwrap();
        assert!(log.contains(&format!("INFO {name}: stopping")), "{log:?}");
        assert!(!log.contains('\x1b'), "{log:?}");
    }
}

#[test]
fn a_wrong_command_line_is_a_clear_message_and_exit_code_2() {
    for server in SERVERS {
        for (arguments, words) in [
            (&["serve", "--stage", "3"][..], "invalid value '3' for '--stage <STAGE>'"),
            (&["serve", "--max-line", "0"], "must be at least 1"),
            (&["serve", "--listen", "everywhere"], "invalid value 'everywhere' for '--listen <IP:PORT>'"),
            (&["nowhere"], "there is no scene 'nowhere'"),
        ] {
            let (output, err) = run(server, arguments);
            assert_eq!(output.status.code(), Some(2), "{err}");
            assert!(err.contains(words), "{err}");
        }
    }
}

#[test]
fn a_port_in_use_is_one_line_and_exit_code_1() {
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = taken.local_addr().unwrap().to_string();
    for server in SERVERS {
        let (output, err) = run(server, &["serve", "--listen", &address]);
        assert_eq!(output.status.code(), Some(1));
        assert_eq!(err, format!("error: cannot listen on {address}: Address already in use (os error 98)\n"));
    }
}
