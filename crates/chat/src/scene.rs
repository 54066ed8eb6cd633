//! What the scenes of the lessons share: clients that follow a script, and the conversation that
//! every server plays.

use std::{
    collections::BTreeMap,
    fs,
    io::{self, BufRead, BufReader, Write},
    net::{SocketAddr, TcpStream},
    time::Duration,
};

use crate::{Reply, Request, service::say};

/// How long a client of a scene waits for what should come at once, however busy the machine is.
const PATIENCE: Duration = Duration::from_secs(10);

/// A client of a scene, which prints what it does and hears.
#[derive(Debug)]
pub struct Client {
    name: &'static str,
    socket: TcpStream,
    input: BufReader<TcpStream>,
}

impl Client {
    /// Connects under a name, which only the scene knows of.
    ///
    /// # Errors
    ///
    /// The connection is refused.
    pub fn connect(name: &'static str, server: SocketAddr) -> io::Result<Self> {
        let socket = TcpStream::connect(server)?;
        socket.set_read_timeout(Some(PATIENCE))?;
        socket.set_write_timeout(Some(PATIENCE))?;
        Ok(Client { name, input: BufReader::new(socket.try_clone()?), socket })
    }

    /// Where the scene is that nothing comes, waits only this long to find out.
    ///
    /// # Errors
    ///
    /// The connection broke.
    pub fn impatient(self, patience: Duration) -> io::Result<Self> {
        self.socket.set_read_timeout(Some(patience))?;
        self.socket.set_write_timeout(Some(patience))?;
        Ok(self)
    }

    /// Joins, and posts to see itself in the group, since `Join` has no acknowledgement.
    ///
    /// # Errors
    ///
    /// The connection broke, here and below.
    pub fn join(&mut self, group: &str) -> io::Result<()> {
        say(format_args!("{:<5}-> joins {group}", self.name));
        self.send(&Request::Join { group_name: group.into() })?;
        self.post_quietly(group, &format!("{} is here", self.name))
    }

    /// Leaves a group.
    ///
    /// # Errors
    ///
    /// As for [`join`](Self::join).
    pub fn leave(&mut self, group: &str) -> io::Result<()> {
        say(format_args!("{:<5}-> leaves {group}", self.name));
        self.send(&Request::Leave { group_name: group.into() })
    }

    /// Posts to a group.
    ///
    /// # Errors
    ///
    /// As for [`join`](Self::join).
    pub fn post(&mut self, group: &str, message: &str) -> io::Result<()> {
        say(format_args!("{:<5}-> posts to {group}: {message}", self.name));
        self.post_quietly(group, message)
    }

    /// Posts without printing it.
    ///
    /// # Errors
    ///
    /// As for [`join`](Self::join).
    pub fn post_quietly(&mut self, group: &str, message: &str) -> io::Result<()> {
        self.send(&Request::Post { group_name: group.into(), message: message.into() })
    }

    /// Sends a line as it is.
    ///
    /// # Errors
    ///
    /// As for [`join`](Self::join).
    pub fn say(&mut self, line: &str) -> io::Result<()> {
        say(format_args!("{:<5}-> sends {line:?}", self.name));
        writeln!(self.socket, "{line}")
    }

    /// Waits for one line and prints it.
    ///
    /// # Errors
    ///
    /// As for [`reply`](Self::reply).
    pub fn hear(&mut self) -> io::Result<()> {
        match self.reply()? {
            Reply::Message { group_name, message } => {
                say(format_args!("        {:<5}<- {group_name}: {message}", self.name))
            }
            Reply::Error(text) => say(format_args!("        {:<5}<- error: {text}", self.name)),
        }
        Ok(())
    }

    /// Waits for one line.
    ///
    /// # Errors
    ///
    /// The connection broke or ended; `WouldBlock` says that nothing came in time.
    pub fn reply(&mut self) -> io::Result<Reply> {
        let mut line = String::new();
        if self.input.read_line(&mut line)? == 0 {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        Reply::parse(&line).map_err(io::Error::other)
    }

    fn send(&mut self, request: &Request) -> io::Result<()> {
        self.socket.write_all(&request.to_line())
    }
}

/// Plays the conversation of four clients, and gives them, still connected.
///
/// # Errors
///
/// The server does not answer as a chat server does.
pub fn conversation(server: SocketAddr) -> io::Result<[Client; 4]> {
    let mut ana = Client::connect("ana", server)?;
    let mut luis = Client::connect("luis", server)?;
    let mut eva = Client::connect("eva", server)?;
    let mut max = Client::connect("max", server)?;
    ana.join("rust")?;
    ana.hear()?;
    luis.join("rust")?;
    ana.hear()?;
    luis.hear()?;
    eva.join("go")?;
    eva.hear()?;
    ana.post("rust", "hola, does anybody know what a future is?")?;
    ana.hear()?;
    luis.hear()?;
    max.post("rust", "something that does nothing until it is polled")?;
    ana.hear()?;
    luis.hear()?;
    luis.post("go", "one may post to a group without being in it")?;
    eva.hear()?;
    luis.leave("rust")?;
    luis.post("tokio", "is anybody here?")?;
    luis.hear()?;
    max.say("this is not JSON")?;
    max.hear()?;
    max.post("rust", "a bad line costs one Error line, and the next one is served")?;
    ana.hear()?;
    say("");
    Ok([ana, luis, eva, max])
}

/// The OS threads of this process: how many, and a list by name such as `1 accept, 4 reader`;
/// `None` where the system has no `/proc` to read them from.
pub fn threads() -> Option<(usize, String)> {
    let mut names = BTreeMap::<String, usize>::new();
    for task in fs::read_dir("/proc/self/task").ok()? {
        let name = fs::read_to_string(task.ok()?.path().join("comm")).ok()?;
        *names.entry(name.trim().to_owned()).or_default() += 1;
    }
    let list: Vec<String> = names.iter().map(|(name, number)| format!("{number} {name}")).collect();
    Some((names.values().sum(), list.join(", ")))
}
