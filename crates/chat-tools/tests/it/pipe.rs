//! The program between pipes: what it prints, where, and how it ends.

use std::{
    io::{BufRead, BufReader, Read, Write},
    net::TcpListener,
    sync::mpsc::{self, RecvTimeoutError},
    thread,
    time::Duration,
};

use chat::Reply;

use crate::support::{DEADLINE, end, run, scripted, server, start};

fn message(text: &str) -> Vec<u8> {
    Reply::Message { group_name: "rust".into(), message: text.into() }.to_line().to_vec()
}

#[test]
fn join_post_and_hear_it() {
    assert_eq!(run(server(), &[], "/join rust\nhola\n"), (0, "rust: hola\n".into(), String::new()));
}

#[test]
fn the_groups_of_the_command_line_are_joined_and_the_last_is_current() {
    let (code, out, err) = run(server(), &["--join", "go", "--join", "rust"], "hola\n/group go\n//quit\r\n\nlast");
    assert_eq!((code, out.as_str(), err.as_str()), (0, "rust: hola\ngo: /quit\ngo: last\n", ""));
}

#[test]
fn everything_posted_comes_back_in_order_before_the_end() {
    let texts: Vec<String> = (0..5000).map(|n| format!("post number {n}")).collect();
    let (code, out, _) = run(server(), &["--join", "rust"], texts.join("\n"));
    assert_eq!(code, 0);
    assert!(out.lines().eq(texts.iter().map(|text| format!("rust: {text}"))), "{} lines", out.lines().count());
}

#[test]
fn quit_ends_a_script_as_its_end_does() {
    assert_eq!(run(server(), &["--join", "rust"], "hola\n/quit\nlost\n"), (0, "rust: hola\n".into(), String::new()));
}

#[test]
fn another_clients_post_arrives_while_the_input_is_open() {
    let addr = server();
    let mut listener = start(addr, &["--join", "rust"]);
    let mut heard = BufReader::new(listener.stdout.take().unwrap()).lines().map(Result::unwrap);
    writeln!(listener.stdin.as_mut().unwrap(), "joined").unwrap();
    assert_eq!(heard.next().unwrap(), "rust: joined");
    assert_eq!(run(addr, &[], "/group rust\nhola\n"), (0, String::new(), String::new()));
    assert_eq!(heard.next().unwrap(), "rust: hola");
    assert_eq!(end(listener).0, 0);
}

#[test]
fn an_error_of_the_server_is_a_reply() {
    let (code, out, err) = run(server(), &[], "/group go\nhola\n");
    assert_eq!((code, out.as_str(), err.as_str()), (0, "error: Group 'go' does not exist\n", ""));
}

#[test]
fn json_goes_out_and_comes_in_as_it_is() {
    let (sender, sent) = mpsc::channel();
    let reply = "{ \"Message\": {\"group_name\":\"rust\",\"message\":\"\u{9b}2J\"} }\n";
    let addr = scripted(move |mut stream| {
        let mut received = Vec::new();
        stream.read_to_end(&mut received).unwrap();
        sender.send(received).unwrap();
        stream.write_all(reply.as_bytes()).unwrap();
    });
    let input = b"{\"Join\":{\"group_name\":\"rust\"}}\n\n/quit\r\n\xff\nlast";
    assert_eq!(run(addr, &["--json"], input), (0, reply.into(), String::new()));
    assert_eq!(sent.recv().unwrap(), [input, &b"\n"[..]].concat());
}

#[test]
fn json_leaves_only_what_it_joined_itself() {
    let (code, out, _) = run(server(), &["--json", "--join", "rust"], "nonsense\n");
    assert_eq!(code, 0);
    assert!(matches!(Reply::parse(out.trim_end()), Ok(Reply::Error(_))), "{out}");
}

#[test]
fn a_strangers_text_cannot_move_the_cursor() {
    let addr = scripted(|mut stream| {
        stream.write_all(&message("\x1b[2J\x07\n\r\u{9b}31m\u{202e}\x7f")).unwrap();
        stream.write_all(&Reply::Error("\x1b]0;title\x07".into()).to_line()).unwrap();
        stream.write_all(b"\x1b[2J no json\n\xff\n").unwrap();
        // Closing before the client's end would be another story.
        stream.read_to_end(&mut Vec::new()).unwrap();
    });
    let (code, out, err) = run(addr, &[], "");
    assert_eq!(code, 0);
    assert_eq!(out, "rust: \\u001b[2J\\u0007\\n\\r\\u009b31m\\u202e\\u007f\nerror: \\u001b]0;title\\u0007\n");
    assert_eq!(
        err,
        "chat: from the server: line is no reply: \\u001b[2J no json\nchat: from the server: Line is not valid UTF-8\n"
    );
}

#[test]
fn a_line_that_is_not_sent_is_told_and_the_next_one_goes_on() {
    let (code, out, err) = run(server(), &[], b"hola\n/jion rust\n\xff\n/join rust\nhola\n");
    assert_eq!((code, out.as_str()), (1, "rust: hola\n"));
    let err: Vec<&str> = err.lines().collect();
    assert!(err[0].contains("no group"), "{err:?}");
    assert!(err[1].contains("/jion"), "{err:?}");
    assert!(err[2].contains("UTF-8"), "{err:?}");
    assert_eq!(err[3..], ["chat: 3 lines were not sent"]);
}

#[test]
fn help_is_not_mistaken_for_a_reply() {
    let (code, out, err) = run(server(), &[], "/help\n");
    assert_eq!((code, out.as_str()), (0, ""));
    assert!(err.contains("/join GROUP"), "{err}");
}

#[test]
fn the_server_ending_first_ends_the_client() {
    // Its stdin stays open: nothing but the server can end it.
    let mut child = start(scripted(|mut stream| stream.write_all(&message("bye")).unwrap()), &[]);
    let stdin = child.stdin.take();
    assert_eq!(end(child), (1, "rust: bye\n".into(), "chat: the server closed the connection\n".into()));
    drop(stdin);
}

#[test]
fn a_server_that_never_closes_is_waited_for_within_a_bound() {
    let (sender, sent) = mpsc::channel();
    let addr = scripted(move |mut stream| {
        stream.write_all(&message("hola")).unwrap();
        let mut received = String::new();
        stream.read_to_string(&mut received).unwrap();
        sender.send((received, stream)).unwrap();
    });
    let (code, out, err) = run(addr, &["--quiet-ms", "50"], "/join rust\nhola\n");
    assert_eq!((code, out.as_str()), (1, "rust: hola\n"));
    assert!(err.contains("--quiet-ms") && err.lines().count() == 1, "{err}");
    let (received, _stream) = sent.recv().unwrap();
    let requests: Vec<&str> = received.lines().collect();
    assert_eq!(
        requests,
        [
            r#"{"Join":{"group_name":"rust"}}"#,
            r#"{"Post":{"group_name":"rust","message":"hola"}}"#,
            r#"{"Leave":{"group_name":"rust"}}"#
        ]
    );
}

#[test]
fn a_quiet_time_before_the_end_of_the_input_does_not_count() {
    let mut child = start(server(), &["--join", "rust", "--quiet-ms", "1"]);
    let (sender, heard) = mpsc::channel();
    let lines = BufReader::new(child.stdout.take().unwrap()).lines();
    thread::spawn(move || lines.map_while(Result::ok).try_for_each(|line| sender.send(line)));
    // A client that ended after its quiet time, a hundredth of this, would be disconnected at once.
    assert_eq!(heard.recv_timeout(Duration::from_millis(100)), Err(RecvTimeoutError::Timeout));
    writeln!(child.stdin.as_mut().unwrap(), "still here").unwrap();
    assert_eq!(heard.recv_timeout(DEADLINE).unwrap(), "rust: still here");
    child.kill().unwrap();
    child.wait().unwrap();
}

#[test]
fn nobody_reading_its_output_ends_the_client() {
    let mut child = start(server(), &["--join", "rust"]);
    drop(child.stdout.take());
    let mut stdin = child.stdin.take().unwrap();
    writeln!(stdin, "hola").unwrap();
    let (code, _, err) = end(child);
    assert_eq!(code, 1);
    assert!(err.contains("cannot print") && err.lines().count() == 1, "{err}");
}

#[test]
fn nobody_listening_is_one_line_and_exit_1() {
    let addr = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let (code, out, err) = run(addr, &[], "");
    assert_eq!((code, out.as_str(), err.lines().count()), (1, "", 1), "{err}");
    assert!(err.contains(&format!("cannot connect to {addr}")), "{err}");
}

#[test]
fn wrong_usage_is_exit_2() {
    for (addr, flags) in [
        ("127.0.0.1:8080", &["--jsn"][..]),
        ("127.0.0.1:8080", &["another"]),
        ("127.0.0.1:8080", &["--join"]),
        ("127.0.0.1:8080", &["--quiet-ms", "0"]),
        ("127.0.0.1", &[]),
        (":8080", &[]),
        ("localhost:chat", &[]),
    ] {
        let (code, out, err) = run(addr, flags, "");
        assert_eq!((code, out.as_str()), (2, ""), "{addr} {flags:?}: {err}");
    }
    let (code, out, _) = run("--help", &[], "");
    assert_eq!(code, 0);
    assert!(out.contains("--quiet-ms") && out.contains("/join GROUP"), "{out}");
}
