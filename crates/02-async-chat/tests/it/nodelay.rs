//! Accepted sockets have `TCP_NODELAY` or not: as the stage does, or as the flag says. What the
//! server's log tells is what the kernel told the server.

use std::{
    io::{BufRead, BufReader, Read},
    net::{Shutdown, SocketAddr, TcpStream},
    process::{Child, Command, Stdio},
};

/// A server that ends with the test.
struct Server(Child);

impl Drop for Server {
    fn drop(&mut self) {
        self.0.kill().expect("it is ours");
        self.0.wait().expect("it is ours");
    }
}

#[test]
fn accepted_sockets_have_the_option_that_the_stage_or_the_flag_says() {
    for runtime in ["async-std", "smol", "tokio", "tokio-current"] {
        for (stage, usual) in [("plain", false), ("mailbox", true)] {
            assert_eq!(nodelay(runtime, stage, &[]), usual, "{stage} on {runtime}");
            for (flag, expected) in [("true", true), ("false", false)] {
                assert_eq!(nodelay(runtime, stage, &["--nodelay", flag]), expected, "{stage} on {runtime}, {flag}");
            }
        }
    }
}

/// Whether the socket of a client has the option on the server's side.
fn nodelay(runtime: &str, stage: &str, flags: &[&str]) -> bool {
    let mut command = Command::new(env!("CARGO_BIN_EXE_async-chat"));
    command.args(["serve", "--listen", "127.0.0.1:0", "--log", "debug", "--runtime", runtime, "--stage", stage]);
    command.args(flags).stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut server = Server(command.spawn().unwrap());
    let mut line = String::new();
    BufReader::new(server.0.stdout.take().unwrap()).read_line(&mut line).unwrap();
    let address: SocketAddr = line.trim_end().strip_prefix("listening on ").unwrap().parse().unwrap();
    let mut client = TcpStream::connect(address).unwrap();
    client.shutdown(Shutdown::Write).unwrap();
    client.read_to_string(&mut String::new()).unwrap();
    let mut log = BufReader::new(server.0.stderr.take().unwrap()).lines().map(Result::unwrap);
    let accepted = log.find(|line| line.contains("accepted")).expect("the server logs every connection");
    match (accepted.contains("nodelay=Ok(true)"), accepted.contains("nodelay=Ok(false)")) {
        (on, off) if on != off => on,
        _ => panic!("{accepted}"),
    }
}
