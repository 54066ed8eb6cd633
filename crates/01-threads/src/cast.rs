//! Who plays in the scenes: a server in this process, and clients that do what a script says.

use std::{
    collections::BTreeMap,
    fs,
    io::{self, BufRead, BufReader, Write},
    net::{SocketAddr, TcpListener, TcpStream},
    thread,
    time::Duration,
};

use chat::{Limits, Reply, Request, service::say};
use lesson_threads::{Stage, s1_shared_writer, s2_mailboxes::Server};

/// How long a client of a scene waits for what should come at once, however busy the machine is.
const PATIENCE: Duration = Duration::from_secs(10);

/// Starts a stage on a free loopback port; it serves until the program ends.
pub fn start(stage: Stage) -> io::Result<SocketAddr> {
    let listener = TcpListener::bind("127.0.0.1:0")?;
    let address = listener.local_addr()?;
    thread::Builder::new().name("accept".into()).spawn(move || run(stage, listener.incoming()))?;
    Ok(address)
}

/// Runs a stage's accept loop over these connections, and gives what it ended with.
pub fn run(stage: Stage, incoming: impl Iterator<Item = io::Result<TcpStream>>) -> io::Result<()> {
    let limits = Limits::default();
    match stage {
        Stage::SharedWriter => s1_shared_writer::accept(incoming, &Default::default(), &limits),
        Stage::Mailboxes => {
            Server::new(limits).run(incoming);
            Ok(())
        }
    }
}

/// A client of a scene.
pub struct Client {
    name: &'static str,
    socket: TcpStream,
    input: BufReader<TcpStream>,
}

impl Client {
    pub fn connect(name: &'static str, server: SocketAddr) -> io::Result<Self> {
        let socket = TcpStream::connect(server)?;
        socket.set_read_timeout(Some(PATIENCE))?;
        socket.set_write_timeout(Some(PATIENCE))?;
        Ok(Client { name, input: BufReader::new(socket.try_clone()?), socket })
    }

    /// Where the scene is that nothing comes, waits only this long to find out.
    pub fn impatient(self, patience: Duration) -> io::Result<Self> {
        self.socket.set_read_timeout(Some(patience))?;
        self.socket.set_write_timeout(Some(patience))?;
        Ok(self)
    }

    /// Joins, and posts to see itself in the group, since `Join` has no acknowledgement.
    pub fn join(&mut self, group: &str) -> io::Result<()> {
        say(format_args!("{:<5}-> joins {group}", self.name));
        self.send(&Request::Join { group_name: group.into() })?;
        self.send(&Request::Post { group_name: group.into(), message: format!("{} is here", self.name) })
    }

    pub fn leave(&mut self, group: &str) -> io::Result<()> {
        say(format_args!("{:<5}-> leaves {group}", self.name));
        self.send(&Request::Leave { group_name: group.into() })
    }

    pub fn post(&mut self, group: &str, message: &str) -> io::Result<()> {
        say(format_args!("{:<5}-> posts to {group}: {message}", self.name));
        self.post_quietly(group, message)
    }

    pub fn post_quietly(&mut self, group: &str, message: &str) -> io::Result<()> {
        self.send(&Request::Post { group_name: group.into(), message: message.into() })
    }

    pub fn say(&mut self, bytes: &str) -> io::Result<()> {
        say(format_args!("{:<5}-> sends {bytes:?}", self.name));
        writeln!(self.socket, "{bytes}")
    }

    /// Waits for one line and prints it.
    pub fn hear(&mut self) -> io::Result<()> {
        match self.reply()? {
            Reply::Message { group_name, message } => {
                say(format_args!("        {:<5}<- {group_name}: {message}", self.name))
            }
            Reply::Error(text) => say(format_args!("        {:<5}<- error: {text}", self.name)),
        }
        Ok(())
    }

    /// Waits for one line; an error of kind `WouldBlock` says that none came.
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

/// The OS threads of this process by name, as the kernel lists them; elsewhere than on Linux there is no such list.
pub fn threads() -> Option<BTreeMap<String, usize>> {
    let mut names = BTreeMap::new();
    for task in fs::read_dir("/proc/self/task").ok()? {
        let name = fs::read_to_string(task.ok()?.path().join("comm")).ok()?;
        *names.entry(name.trim().to_owned()).or_default() += 1;
    }
    Some(names)
}
