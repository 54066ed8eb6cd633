//! The scenes: short plays on a real server in this process, which end by themselves.

use std::{
    io::{self, BufRead, BufReader, Write},
    net::{SocketAddr, TcpListener, TcpStream},
    sync::Arc,
    thread,
};

use chat::{
    Limits, Request,
    scene::{self, Client},
    service::{raise_descriptor_limit, say},
};
use lesson_async_chat::{
    Stage, Which,
    parts::{census::tasks, stop::Stop},
    run,
};

/// A scene, by its name.
pub struct Scene {
    pub name: &'static str,
    pub about: &'static str,
    pub play: fn(Stage, Which) -> io::Result<()>,
}

pub const SCENES: [Scene; 2] = [
    Scene {
        name: "conversation",
        about: "four clients talk: how many tasks ran on how many threads",
        play: conversation,
    },
    Scene {
        name: "crowd",
        about: "five hundred clients join: how many tasks, and still how many threads",
        play: crowd,
    },
];

/// Starts a stage on a free loopback port, with its runtime's threads beside this one; it serves
/// until the program ends.
fn start(stage: Stage, on: Which) -> io::Result<SocketAddr> {
    let listener = TcpListener::bind("127.0.0.1:0")?;
    let address = listener.local_addr()?;
    let serve = move || run(stage, on, listener, Limits::default(), Arc::new(Stop::default()), stage.nodelay());
    thread::Builder::new().name("accept".into()).spawn(serve)?;
    Ok(address)
}

fn conversation(stage: Stage, on: Which) -> io::Result<()> {
    let server = start(stage, on)?;
    say(format_args!(
        "A chat server (stage {stage:?} on {on:?}) listens on {server}, and four clients connect to it.\n"
    ));
    let _clients = scene::conversation(server)?;
    count("4 clients");
    Ok(())
}

fn crowd(stage: Stage, on: Which) -> io::Result<()> {
    const CROWD: usize = 500;
    raise_descriptor_limit();
    let server = start(stage, on)?;
    say(format_args!("A chat server (stage {stage:?} on {on:?}); {CROWD} clients join, and then one of them posts.\n"));
    let mut crowd = Vec::new();
    for number in 0..CROWD {
        let socket = TcpStream::connect(server)?;
        // The post to a group of its own comes back once it has joined both.
        let (own, message) = (number.to_string(), "am I in?".to_owned());
        let join = |group: &str| Request::Join { group_name: group.into() }.to_line();
        let lines = [join("rust"), join(&own), Request::Post { group_name: own.clone(), message }.to_line()].concat();
        (&socket).write_all(&lines)?;
        let mut back = BufReader::new(socket);
        back.read_line(&mut String::new())?;
        crowd.push(back);
    }
    let mut last = Client::connect("last", server)?;
    last.join("rust")?;
    last.hear()?;
    count(&format!("{} clients", CROWD + 1));
    Ok(())
}

fn count(clients: &str) {
    match scene::threads() {
        None => say(format_args!(
            "{clients}, {} tasks; threads are counted in /proc, which this system does not have.",
            tasks()
        )),
        Some((threads, list)) => {
            say(format_args!("{clients}, {} tasks on {threads} OS threads: {list}.", tasks()));
            say(format_args!("The main thread plays the clients; all others belong to the server and its runtime."));
        }
    }
}
