//! The load generator as a program: what it reports is what happened. Nothing here asks how fast it
//! was.

use std::{
    fs,
    io::{BufRead, BufReader, Write},
    net::{SocketAddr, TcpListener},
    path::Path,
    process::{Command, Stdio},
    sync::mpsc,
    thread,
    time::{Duration, Instant},
};

use chat::{Reply, Request};
use rustix::process::{Pid, Signal, kill_process, test_kill_process};
use serde_json::Value;

use crate::support::{DEADLINE, end};

pub const LIMIT: [&str; 3] = [env!("CARGO_BIN_EXE_limit-server"), "--listen", "127.0.0.1:0"];
pub const SHORT: [&str; 4] = ["--warmup", "0.1", "--seconds", "0.4"];

pub fn piped(mut command: Command) -> (i32, String, String) {
    end(command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap())
}

/// Runs `load --json` for a short time: exit code, report, stderr.
fn load(flags: &[&str]) -> (i32, Value, String) {
    let mut command = Command::new(env!("CARGO_BIN_EXE_load"));
    command.arg("--json").args(SHORT).args(flags);
    let (code, out, err) = piped(command);
    (code, serde_json::from_str(&out).unwrap_or_else(|error| panic!("{error}: {out:?}, {err:?}")), err)
}

pub fn number(report: &Value, path: &str) -> f64 {
    report.pointer(path).and_then(Value::as_f64).unwrap_or_else(|| panic!("no number {path} in {report}"))
}

/// Runs both at once, since each spends its time waiting.
pub fn side_by_side<A: Send, B: Send>(one: impl FnOnce() -> A + Send, two: impl FnOnce() -> B + Send) -> (A, B) {
    thread::scope(|scope| {
        let one = scope.spawn(one);
        let two = two();
        (one.join().unwrap(), two)
    })
}

/// A server for groups of one, in which a client's `n`th line is answered by what `answer` makes of
/// it.
fn scripted(answer: impl Fn(u32, Request) -> Option<Reply> + Clone + Send + 'static) -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    thread::spawn(move || {
        for stream in listener.incoming() {
            let (mut stream, answer) = (stream.unwrap(), answer.clone());
            thread::spawn(move || {
                let lines = BufReader::new(stream.try_clone().unwrap()).lines();
                for (n, line) in (0..).zip(lines.map_while(Result::ok)) {
                    if let Some(reply) = answer(n, Request::parse(&line).unwrap()) {
                        stream.write_all(&reply.to_line()).ok();
                    }
                }
            });
        }
    });
    address
}

fn echo(request: Request) -> Option<Reply> {
    match request {
        Request::Post { group_name, message } => Some(Reply::Message { group_name, message }),
        _ => None,
    }
}

#[test]
fn in_a_closed_loop_every_post_reaches_every_member() {
    let (code, report, err) = load(&[&["--clients", "12", "--groups", "3"], &LIMIT[..]].concat());
    assert_eq!((code, err.as_str(), &report["void"]), (0, "", &Value::Null), "{report}");
    let posts = number(&report, "/total/posts");
    assert!(posts > 12.0, "{report}");
    assert_eq!(number(&report, "/total/deliveries"), posts * 4.0, "{report}");
    for lost in ["/total/dropped", "/total/missing", "/total/wrong"] {
        assert_eq!(number(&report, lost), 0.0, "{lost} of {report}");
    }
    let rate = number(&report, "/posts") / number(&report, "/seconds");
    assert!((number(&report, "/posts_per_second") - rate).abs() < 1e-6, "{report}");
    assert!(number(&report, "/posts") <= posts, "{report}");
    let latency = |name| number(&report, &format!("/latency_us/{name}"));
    assert!(0.0 < latency("p50") && latency("p50") <= latency("p99") && latency("p99") <= latency("p99_9"), "{report}");
    assert!(number(&report, "/server_memory_bytes") > 0.0, "{report}");
    assert!(report["server_cpu_seconds"].is_number() && report["server_writes"].is_number(), "{report}");
}

#[test]
fn groups_need_not_be_of_one_size() {
    let (code, report, _) = load(&[&["--clients", "5", "--groups", "2", "--rate", "100"], &LIMIT[..]].concat());
    assert_eq!(code, 0, "{report}");
    // Each client posts in turn: 0, 2 and 4 to three members, 1 and 3 to two.
    let (posts, due) = (number(&report, "/total/posts") as u64, number(&report, "/total/deliveries") as u64);
    let rest: u64 = [3, 2, 3, 2][..(posts % 5) as usize].iter().sum();
    assert_eq!(due, posts / 5 * 13 + rest, "{report}");
}

#[test]
fn in_an_open_loop_what_was_offered_is_sent() {
    let (code, report, _) = load(&[&["--clients", "4", "--groups", "2", "--rate", "500"], &LIMIT[..]].concat());
    assert_eq!((code, number(&report, "/offered_posts_per_second")), (0, 500.0), "{report}");
    let off = number(&report, "/posts_sent") - 500.0 * 0.4;
    assert!(off.abs() <= 1.0, "{report}");
    assert_eq!(number(&report, "/total/deliveries"), number(&report, "/total/posts") * 2.0, "{report}");
    assert!(report["sent_late_p99_us"].is_number(), "{report}");
}

#[test]
fn a_stalled_server_is_charged_for_the_posts_that_it_held_up() {
    let stall = Duration::from_millis(300);
    let address = scripted(move |n, request| {
        if n == 20 {
            thread::sleep(stall);
        }
        echo(request)
    });
    let address = address.to_string();
    let (_, report, _) = load(&["--clients", "1", "--groups", "1", "--rate", "100", "--at", &address]);
    // Thirty posts should have been sent meanwhile, and the first of them waited longest.
    assert!(number(&report, "/latency_us/p99") > 200_000.0, "{report}");
    assert!(number(&report, "/latency_us/p50") > 20_000.0, "most of the posts were late: {report}");
}

#[test]
fn a_dropped_line_makes_a_closed_loop_void() {
    let lossy = |n, request| match request {
        Request::Post { group_name, .. } if n == 5 => {
            Some(Reply::Error(format!("Dropped 3 messages from {group_name}.")))
        }
        request => echo(request),
    };
    let address = scripted(lossy).to_string();
    let flags = ["--clients", "1", "--groups", "1", "--at", &address];
    let (closed, open) = side_by_side(|| load(&flags), || load(&[&flags[..], &["--rate", "200"]].concat()));
    let (code, report, err) = closed;
    assert_eq!((code, number(&report, "/total/dropped")), (1, 3.0), "{report}");
    assert_eq!(report["void"], "dropped lines: 3");
    assert_eq!(err, "load: this run is void: dropped lines: 3\n");
    // Nothing is known of a server that was not started here.
    assert_eq!(report["server_cpu_seconds"], Value::Null);
    let (code, report, _) = open;
    assert_eq!((code, &report["void"]), (0, &Value::Null), "in an open loop it is a result: {report}");
    assert_eq!(number(&report, "/total/dropped"), 3.0, "{report}");
}

#[test]
fn a_line_that_vanishes_and_a_line_that_is_wrong_make_a_run_void() {
    let silent = scripted(|n, request| echo(request).filter(|_| n != 5)).to_string();
    let moody = scripted(|n, request| if n == 5 { Some(Reply::Error("no".into())) } else { echo(request) }).to_string();
    let (vanished, wrong) = side_by_side(
        || load(&["--clients", "1", "--groups", "1", "--at", &silent]),
        || load(&["--clients", "1", "--groups", "1", "--rate", "200", "--at", &moody]),
    );
    let (code, report, _) = vanished;
    assert_eq!((code, &report["void"]), (1, &"lines that did not arrive: 1".into()), "{report}");
    let (code, report, _) = wrong;
    let expected = "lines that nobody expected: 1, the first of them: no";
    assert_eq!((code, &report["void"]), (1, &expected.into()), "{report}");
}

#[test]
fn a_server_that_trickles_does_not_outlast_the_limit() {
    // Now and then a line, or the word that one was dropped: always too soon for the run to be
    // given up.
    let run = |drops| {
        let trickle = move |_, request| {
            let echoed = echo(request)?;
            thread::sleep(Duration::from_millis(if echoed.to_line().len() > 100 { 300 } else { 0 }));
            match echoed {
                Reply::Message { group_name, message } if drops && message.len() > 8 => {
                    Some(Reply::Error(format!("Dropped 1 messages from {group_name}.")))
                }
                reply => Some(reply),
            }
        };
        let address = scripted(trickle).to_string();
        let flags = ["--clients", "1", "--groups", "1", "--rate", "100", "--limit", "3", "--at", &address];
        let begin = Instant::now();
        let (code, report, err) = load(&flags);
        assert!(begin.elapsed() >= Duration::from_secs(3), "it was given up before the limit: {report}");
        let missing = number(&report, "/total/missing");
        assert!(missing > 0.0, "{report}");
        let expected = format!("lines still to come after 3 s, the limit: {missing}");
        assert_eq!((code, &report["void"]), (1, &expected.as_str().into()), "{report}");
        assert_eq!(err, format!("load: this run is void: {expected}\n"));
    };
    side_by_side(|| run(false), || run(true));
}

#[test]
fn a_server_that_lets_nobody_join_does_not_outlast_the_limit() {
    let address = scripted(|_, _| None).to_string();
    let mut command = Command::new(env!("CARGO_BIN_EXE_load"));
    command.args(["--clients", "1", "--groups", "1", "--limit", "0.6", "--at", &address]).args(SHORT);
    let (code, _, err) = piped(command);
    assert_eq!((code, err.as_str()), (1, "load: 1 clients have not joined in 0.6 s, the limit\n"));
}

#[test]
fn a_reader_that_goes_away_is_no_reason_to_panic() {
    let limit = format!("limit={}", LIMIT.join(" "));
    let load = [&["--clients", "2", "--groups", "1"], &LIMIT[..]].concat();
    let table = ["--server", &limit, "--load", "2/1", "--rounds", "1", "--rate", "100"];
    for (program, flags) in [(env!("CARGO_BIN_EXE_load"), &load[..]), (env!("CARGO_BIN_EXE_load-table"), &table)] {
        let mut command = Command::new(program);
        command.args(SHORT).args(flags).stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = command.spawn().unwrap();
        // Before there is anything to print.
        drop(child.stdout.take());
        let (code, _, err) = end(child);
        assert_eq!((code, err.as_str()), (0, ""), "{program}");
    }
}

#[test]
fn a_server_that_writes_json_in_its_own_way_is_understood() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap().to_string();
    thread::spawn(move || {
        let (mut stream, _) = listener.accept().unwrap();
        for line in BufReader::new(stream.try_clone().unwrap()).lines().map_while(Result::ok) {
            if let Ok(Request::Post { group_name, message }) = Request::parse(&line) {
                let line =
                    format!("{{ \"Message\": {{\"message\": {message:?}, \"group_name\": {group_name:?}}} }}\r\n");
                // In two pieces, so that lines are cut.
                let (one, two) = line.split_at(30);
                stream.write_all(one.as_bytes()).and_then(|()| stream.write_all(two.as_bytes())).ok();
            }
        }
    });
    let (code, report, err) = load(&["--clients", "1", "--groups", "1", "--bytes", "24", "--at", &address]);
    assert_eq!((code, err.as_str()), (0, ""), "{report}");
    assert!(number(&report, "/posts") > 1.0, "{report}");
}

#[test]
fn what_cannot_be_measured_is_said_in_one_line() {
    let program = env!("CARGO_BIN_EXE_load");
    let run = |arguments: &[&str]| {
        let mut command = Command::new(program);
        command.args(arguments);
        piped(command)
    };
    let (code, out, err) = run(&["false"]);
    assert_eq!((code, out.as_str(), err.lines().count()), (1, "", 1), "{err}");
    assert!(err.contains("not `listening on IP:PORT`"), "{err}");
    assert_eq!(run(&["/no/such/program"]).0, 1);
    assert_eq!(run(&[&["--clients", "1", "--groups", "2"], &LIMIT[..]].concat()).0, 2);
    assert_eq!(run(&["--rate", "0", "--at", "127.0.0.1:1"]).0, 2);
    for flag in ["--seconds", "--warmup", "--limit"] {
        let (code, _, err) = run(&[flag, "18446744074", "--at", "127.0.0.1:1"]);
        assert!(code == 2 && err.contains("must be at most 86400, a day"), "{code}: {err}");
    }
    let (code, _, err) = run(&["--seconds", "5", "--limit", "5", "--at", "127.0.0.1:1"]);
    assert!(code == 2 && err.contains("the limit is shorter than warm-up and measuring together"), "{code}: {err}");
    let mut command = Command::new("sh");
    command.args(["-c", "ulimit -n 60; exec \"$@\"", "sh", program, "--clients", "100"]).args(LIMIT);
    let (code, _, err) = piped(command);
    assert_eq!(code, 1);
    assert!(err.contains("100 clients need 132 open descriptors, and this process may have 60"), "{err}");
}

#[test]
fn ctrl_c_ends_the_server_too() {
    // Reading it waits until the server has written its number into it.
    let fifo = Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("server-{}", std::process::id()));
    assert!(Command::new("mkfifo").arg(&fifo).status().unwrap().success());
    let mut command = Command::new(env!("CARGO_BIN_EXE_load"));
    command.args(["--clients", "4", "--groups", "2", "--seconds", "60"]);
    command.args(["sh", "-c", "echo $$ >\"$0\"; exec \"$@\"", fifo.to_str().unwrap()]).args(LIMIT);
    let child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    let (sender, written) = mpsc::channel();
    let reading = fifo.clone();
    thread::spawn(move || sender.send(fs::read_to_string(reading).unwrap()));
    let server = written.recv_timeout(DEADLINE).expect("the server is started");
    let server = Pid::from_raw(server.trim().parse().unwrap()).unwrap();
    kill_process(Pid::from_child(&child), Signal::INT).unwrap();
    assert_eq!(end(child).0, 130);
    assert!(test_kill_process(server).is_err(), "the server still runs");
    fs::remove_file(fifo).unwrap();
}
