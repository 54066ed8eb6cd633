//! The client's other end in these tests, and the client itself as a process.
#![cfg_attr(not(feature = "client"), allow(dead_code))]

use std::{
    io::{Read, Write},
    net::{SocketAddr, TcpListener, TcpStream},
    process::{Child, Command, Output, Stdio},
    sync::{Arc, Mutex, mpsc},
    thread,
    time::Duration,
};

use chat::{Groups, Limits, LineDecoder, Member, Session};

/// How long a client may take before its test fails: far above what it needs, below what a person
/// would wait for.
pub const DEADLINE: Duration = Duration::from_secs(30);

struct Peer(Mutex<TcpStream>);

impl Member for Peer {
    // It writes under the table's lock, which no server should do. Here everybody reads what they
    // get.
    fn deliver(&self, _group: &str, line: &Arc<[u8]>) {
        self.0.lock().unwrap().write_all(line).ok();
    }
}

/// A server with a thread for each connection. It closes a half-closed connection at once if it is
/// in no group, and **never** if it is in one: what other servers do after a quiet time no test
/// should have to wait for.
pub fn server() -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let addr = listener.local_addr().unwrap();
    let groups = Arc::new(Groups::default());
    thread::spawn(move || {
        for stream in listener.incoming() {
            let groups = groups.clone();
            thread::spawn(move || talk_to(stream.unwrap(), groups));
        }
    });
    addr
}

fn talk_to(mut stream: TcpStream, groups: Arc<Groups<Peer>>) {
    let me = Arc::new(Peer(Mutex::new(stream.try_clone().unwrap())));
    let limits = Limits::default();
    let mut session = Session::new(groups, me.clone(), &limits);
    let mut decoder = LineDecoder::new(limits.line_bytes);
    let mut buffer = [0; 4096];
    while let Ok(length @ 1..) = stream.read(&mut buffer) {
        let mut chunk = &buffer[..length];
        while let Some(line) = decoder.next(&mut chunk) {
            if let Err(reply) = session.handle(line) {
                me.0.lock().unwrap().write_all(&reply.to_line()).ok();
            }
        }
    }
    while session.is_member() {
        thread::park();
    }
}

/// A server for one connection, with which `talk` does as it likes.
pub fn scripted(talk: impl FnOnce(TcpStream) + Send + 'static) -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let addr = listener.local_addr().unwrap();
    thread::spawn(move || talk(listener.accept().unwrap().0));
    addr
}

/// The client that is tested.
pub fn program(addr: impl ToString, flags: &[&str]) -> Command {
    let mut program = Command::new(env!("CARGO_BIN_EXE_chat"));
    program.arg(addr.to_string()).args(flags);
    program
}

/// Starts the client, with pipes at all its ends.
pub fn start(addr: impl ToString, flags: &[&str]) -> Child {
    program(addr, flags).stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap()
}

/// Closes the client's stdin if it is still there, and waits for its end.
pub fn end(child: Child) -> (i32, String, String) {
    let (sender, receiver) = mpsc::channel();
    thread::spawn(move || sender.send(child.wait_with_output()));
    let Output { status, stdout, stderr } = receiver.recv_timeout(DEADLINE).expect("the client hangs").unwrap();
    let text = |bytes| String::from_utf8(bytes).unwrap();
    (status.code().expect("ended by a signal"), text(stdout), text(stderr))
}

/// Runs the client with this input: exit code, stdout, stderr.
pub fn run(addr: impl ToString, flags: &[&str], input: impl AsRef<[u8]>) -> (i32, String, String) {
    let mut child = start(addr, flags);
    // A client that has ended already does not read its input; what it said is what the test looks
    // at.
    child.stdin.take().unwrap().write_all(input.as_ref()).ok();
    end(child)
}
