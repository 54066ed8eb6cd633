//! The programs and test executables of the workspace, found by one call of cargo, and how to run a
//! program under a deadline.

use std::io::{self, Read};
use std::os::unix::process::CommandExt;
use std::path::PathBuf;
use std::process::{Command, Stdio};
use std::sync::{OnceLock, mpsc};
use std::thread;
use std::time::Duration;

use cargo_metadata::{Message, MetadataCommand, TargetKind};
use rustix::process::{Pid, Signal, kill_process_group};

/// The kind of an executable.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// A program.
    Bin,
    /// The tests in `src/`.
    UnitTest,
    /// A file of `tests/`.
    IntegrationTest,
}

/// An executable of the workspace.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Program {
    /// Its package.
    pub package: String,
    /// Its name in that package; for tests, the name of their target.
    pub name: String,
    /// Its kind.
    pub kind: Kind,
    /// Where it is.
    pub path: PathBuf,
}

/// Every executable of the workspace, built once in this process. The error is the output of cargo.
///
/// `cargo test` builds a package's programs for its integration tests. So the programs of a package
/// without integration tests are not here.
pub fn all() -> Result<&'static [Program], &'static str> {
    static ALL: OnceLock<Result<Vec<Program>, String>> = OnceLock::new();
    ALL.get_or_init(build).as_deref().map_err(String::as_str)
}

/// The path of one program.
///
/// # Panics
///
/// If it does not exist, or if the workspace does not build.
pub fn program(package: &str, name: &str) -> PathBuf {
    let all = all().unwrap_or_else(|error| panic!("{error}"));
    let found = all.iter().find(|p| p.kind == Kind::Bin && p.package == package && p.name == name);
    found.unwrap_or_else(|| panic!("package {package} has no program {name}")).path.clone()
}

/// The path where cargo puts a program, beside this test executable. It builds nothing.
///
/// # Panics
///
/// If this is not a test executable in a target folder.
pub fn beside(name: &str) -> PathBuf {
    let this = std::env::current_exe().expect("a running program has a file");
    this.ancestors().nth(2).expect("tests are built in target/<profile>/deps").join(name)
}

fn build() -> Result<Vec<Program>, String> {
    let packages =
        MetadataCommand::new().current_dir(crate::root()).no_deps().exec().map_err(|error| error.to_string())?.packages;
    let output = Command::new(env!("CARGO"))
        .args(["test", "--workspace", "--lib", "--bins", "--tests", "--no-run"])
        .arg("--message-format=json-render-diagnostics")
        .current_dir(crate::root())
        .output()
        .map_err(|error| error.to_string())?;
    if !output.status.success() {
        let said = String::from_utf8_lossy(&output.stderr);
        return Err(format!("the workspace must build:\n{said}"));
    }
    let mut programs = Vec::new();
    for message in Message::parse_stream(output.stdout.as_slice()) {
        let Message::CompilerArtifact(artifact) = message.map_err(|error| error.to_string())? else {
            continue;
        };
        let Some(path) = artifact.executable else { continue };
        let kind = match artifact.target.kind.as_slice() {
            [TargetKind::Test] => Kind::IntegrationTest,
            _ if artifact.profile.test => Kind::UnitTest,
            [TargetKind::Bin] => Kind::Bin,
            _ => continue, // an example or a build script
        };
        if let Some(package) = packages.iter().find(|package| package.id == artifact.package_id) {
            let (package, name) = (package.name.to_string(), artifact.target.name);
            programs.push(Program { package, name, kind, path: path.into() });
        }
    }
    Ok(programs)
}

/// How a program ended.
#[derive(Clone, Debug)]
pub struct Outcome {
    /// Its exit code; `None` when a signal ended it.
    pub code: Option<i32>,
    /// Its output on stdout and stderr, in the order of writing.
    pub output: String,
}

/// Runs a command without stdin. At the deadline it is killed, with every process that it started.
pub fn run(mut command: Command, deadline: Duration) -> Result<Outcome, String> {
    let run = || -> io::Result<_> {
        let (mut reader, writer) = io::pipe()?;
        command.stdin(Stdio::null()).stdout(writer.try_clone()?).stderr(writer).process_group(0);
        let mut child = command.spawn()?;
        // The command holds copies of the writing end, and reading ends only when all are closed.
        drop(command);
        let pid = Pid::from_child(&child);
        let (sender, receiver) = mpsc::channel();
        thread::spawn(move || {
            let mut output = Vec::new();
            let read = reader.read_to_end(&mut output);
            let ended = read.and_then(|_| child.wait());
            // After the deadline nobody receives this. The child is reaped either way.
            let _ = sender.send(ended.map(|status| (status.code(), output)));
        });
        Ok((pid, receiver))
    };
    let (group, receiver) = run().map_err(|error| error.to_string())?;
    match receiver.recv_timeout(deadline) {
        Ok(ended) => {
            let (code, output) = ended.map_err(|error| error.to_string())?;
            Ok(Outcome { code, output: String::from_utf8_lossy(&output).into_owned() })
        }
        Err(_) => {
            // If it ends at this moment, there is nothing to kill.
            let _ = kill_process_group(group, Signal::KILL);
            Err(format!("must end within {deadline:?}"))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shell(script: &str, deadline: Duration) -> Result<(Option<i32>, String), String> {
        let mut command = Command::new("sh");
        command.args(["-c", script]);
        run(command, deadline).map(|outcome| (outcome.code, outcome.output))
    }

    #[test]
    fn a_program_ends_by_itself_or_with_all_it_started_at_the_deadline() {
        let long = Duration::from_secs(60);
        assert_eq!(shell("echo out; echo err >&2; cat; exit 3", long), Ok((Some(3), "out\nerr\n".to_owned())));
        assert_eq!(shell("kill -9 $$", long), Ok((None, String::new())));
        // The reader sees the end of the pipe once the child's child is dead too.
        let folder = tempfile::tempdir().expect("a temporary folder");
        let pipe = folder.path().join("pipe");
        assert_eq!(shell(&format!("mkfifo {}", pipe.display()), long), Ok((Some(0), String::new())));
        let reader = format!("cat {}", pipe.display());
        let reader = thread::spawn(move || shell(&reader, long));
        let late = shell(&format!("tail -f /dev/null > {} & wait", pipe.display()), Duration::from_millis(500));
        assert_eq!(late, Err("must end within 500ms".to_owned()));
        assert_eq!(reader.join().expect("it does not panic"), Ok((Some(0), String::new())));
    }
}
