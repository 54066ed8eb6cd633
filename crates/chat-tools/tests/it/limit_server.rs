//! The server that is one readiness loop answers as any other does.

use std::{
    io::{BufRead, BufReader, Read, Write},
    net::{Shutdown, TcpStream},
    sync::atomic::AtomicBool,
};

use chat_tools::load::Server;

use crate::{load::LIMIT, support::DEADLINE};

#[test]
fn the_limit_server_answers_like_any_server() {
    let never = AtomicBool::new(false);
    let server = Server::start(&LIMIT.map(Into::into), &never).unwrap();
    let connect = || TcpStream::connect(server.address()).unwrap();
    let ask = |request: &str| {
        let mut stream = connect();
        stream.write_all(request.as_bytes()).unwrap();
        stream.shutdown(Shutdown::Write).unwrap();
        let mut answer = String::new();
        stream.set_read_timeout(Some(DEADLINE)).unwrap();
        stream.read_to_string(&mut answer).unwrap();
        answer
    };
    let [join, post, leave] = [
        r#"{"Join":{"group_name":"rust"}}"#,
        r#"{"Post":{"group_name":"rust","message":"hola"}}"#,
        r#"{"Leave":{"group_name":"rust"}}"#,
    ];
    let message = r#"{"Message":{"group_name":"rust","message":"hola"}}"#;
    let missing = r#"{"Error":"Group 'rust' does not exist"}"#;
    let cases = [
        (format!("{post}\n"), format!("{missing}\n")),
        (format!("{join}\n{join}\n{post}\r\n{post}\n"), format!("{message}\n{message}\n")),
        (format!("{join}\n{leave}\n{post}\n"), format!("{missing}\n")),
        (format!("{leave}\n"), "{\"Error\":\"You are not in group 'rust'\"}\n".into()),
        (format!("{join}\n{post} x\n{post}\n"), "{\"Error\":\"Line is not a request: ".into()),
        (
            format!("{}\n{join}\n{post}\n", "x".repeat(70_000)),
            "{\"Error\":\"Line is longer than 65536 bytes\"}\n".into(),
        ),
    ];
    for (request, expected) in cases {
        let answer = ask(&request);
        assert!(answer.starts_with(&expected), "{request}: {answer}");
        // A bad line costs one line, and the connection goes on.
        assert!(!expected.contains("Line") || answer.ends_with(&format!("\n{message}\n")), "{request}: {answer}");
    }
    // From one connection to another, and nothing to one that has gone.
    let (mut member, gone) = (connect(), connect());
    for mut stream in [&member, &gone] {
        stream.write_all(format!("{join}\n{post}\n").as_bytes()).unwrap();
    }
    drop(gone);
    let mut lines = BufReader::new(member.try_clone().unwrap()).lines();
    member.set_read_timeout(Some(DEADLINE)).unwrap();
    assert_eq!(lines.next().unwrap().unwrap(), message);
    assert_eq!(ask(&format!("{post}\n")), "");
    member.write_all(format!("{leave}\n{leave}\n").as_bytes()).unwrap();
    let last = lines.map(Result::unwrap).find(|line| line != message);
    assert_eq!(last.unwrap(), "{\"Error\":\"You are not in group 'rust'\"}");
}
