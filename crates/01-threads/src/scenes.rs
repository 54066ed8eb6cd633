//! The scenes: short plays on a real server in this process, which end by themselves.

use std::{
    io,
    net::{TcpListener, TcpStream},
    sync::mpsc,
    thread,
    time::Duration,
};

use chat::{
    Reply,
    scene::{self, Client},
    service::say,
};
use lesson_threads::Stage;

use crate::cast::{run, start};

/// A scene, by its name.
pub struct Scene {
    pub name: &'static str,
    pub about: &'static str,
    pub play: fn(Stage) -> io::Result<()>,
}

pub const SCENES: [Scene; 3] = [
    Scene { name: "conversation", about: "four clients talk, and how many OS threads that takes", play: conversation },
    Scene { name: "stalled", about: "one member does not read: who waits for it", play: stalled },
    Scene {
        name: "aborted",
        about: "one connection is aborted before it is accepted: who is served after it",
        play: aborted,
    },
];

fn conversation(stage: Stage) -> io::Result<()> {
    let server = start(stage)?;
    say(format_args!("A chat server (stage {stage:?}) listens on {server}, and four clients connect to it.\n"));
    let _clients = scene::conversation(server)?;
    let Some((total, list)) = scene::threads() else {
        say("How many OS threads that took is read from /proc, which this system does not have.");
        return Ok(());
    };
    say(format_args!("4 clients, {total} OS threads in this process: {list}."));
    let each = match stage {
        Stage::SharedWriter => "has one, under its parent's name",
        Stage::Mailboxes => "has a reader and a writer",
    };
    say(format_args!("The main thread plays the clients, one thread accepts, and each connection {each}."));
    Ok(())
}

/// Posts of 16 KiB that a scene sends to a member who does not read.
const POSTS: usize = 1000;

fn stalled(stage: Stage) -> io::Result<()> {
    let server = start(stage)?;
    say(format_args!(
        "A chat server (stage {stage:?}). eva joins and stops reading; ana posts {POSTS} times 16 KiB.\n"
    ));
    // In the first stage that is the end of the scene; in the second whatever is late is only late.
    let patience = Duration::from_secs(if stage == Stage::SharedWriter { 1 } else { 10 });
    let mut ana = Client::connect("ana", server)?.impatient(patience)?;
    let mut eva = Client::connect("eva", server)?;
    ana.join("rust")?;
    ana.hear()?;
    eva.join("rust")?;
    ana.hear()?;
    eva.hear()?;
    let text = "x".repeat(16 * 1024);
    for number in 0..POSTS {
        let came_back = ana.post_quietly("rust", &text).and_then(|()| ana.reply());
        if came_back.is_err() {
            say(format_args!(
                "Post {number} does not come back to ana: the server waits for eva's socket, with the groups locked."
            ));
            let mut max = Client::connect("max", server)?.impatient(patience)?;
            max.join("go")?;
            say(format_args!(
                "max, who has to do with neither: {}",
                if max.reply().is_err() { "waits too" } else { "is served" }
            ));
            return Ok(());
        }
    }
    say(format_args!("All {POSTS} posts came back to ana. eva reads again, and finds:"));
    let (mut whole, mut missed) = (0, 0);
    while whole + missed < POSTS {
        match eva.reply()? {
            Reply::Message { .. } => whole += 1,
            Reply::Error(text) => {
                // `Dropped 17 messages from rust.`
                missed += text.split(' ').nth(1).and_then(|number| number.parse::<usize>().ok()).unwrap_or_default();
                say(format_args!("        after {whole} posts  <- error: {text}"));
            }
        }
    }
    say(format_args!("{whole} posts and {missed} missed: that is all of them."));
    Ok(())
}

fn aborted(stage: Stage) -> io::Result<()> {
    say(format_args!(
        "The accept loop of stage {stage:?} is given: ana's connection, one that was aborted, luis' connection.\n"
    ));
    let listener = TcpListener::bind("127.0.0.1:0")?;
    let connect = |name| -> io::Result<(Client, TcpStream)> {
        let client = Client::connect(name, listener.local_addr()?)?;
        Ok((client, listener.accept()?.0))
    };
    let ((mut ana, first), (mut luis, second)) = (connect("ana")?, connect("luis")?);
    // As a listener does, the iterator waits for more when these three are gone.
    let (end, more) = mpsc::channel::<()>();
    let waits = std::iter::from_fn(move || more.recv().err().and(None));
    let incoming = [Ok(first), Err(io::ErrorKind::ConnectionAborted.into()), Ok(second)].into_iter().chain(waits);
    let accept_loop = thread::spawn(move || run(stage, incoming));
    ana.join("rust")?;
    ana.hear()?;
    match luis.join("rust").and_then(|()| luis.hear()) {
        Ok(()) => say(format_args!("\nluis is served: the accept loop goes on.")),
        Err(_) => say(format_args!("\nluis hears nothing.")),
    }
    drop((end, ana, luis));
    match accept_loop.join() {
        Ok(Err(error)) => say(format_args!("The accept loop ended: {error}.")),
        _ => say(format_args!("The accept loop ended when there were no more connections.")),
    }
    Ok(())
}
