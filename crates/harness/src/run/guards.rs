//! Tests that a model can fail. Each line that a model guards is removed from a copy of the lesson:
//! the model must pass with the line and fail without it. A failing model may abort or hang, so
//! each one runs in its own process, with a deadline.

use std::{
    cell::RefCell,
    collections::BTreeSet,
    env, fs, io,
    path::{Path, PathBuf},
    process::{Command, Stdio},
    time::Duration,
};

use rustix::process::Signal;

use super::process::{self, Group, collect};

/// Names a hang: a model that passes takes much less.
const DEADLINE: Duration = Duration::from_secs(300);

/// A line of code, and the model that must fail when the line is removed.
pub struct Guard {
    /// The file, relative to `src`. It must contain `line` exactly once.
    pub file: &'static str,
    /// The text to remove: a line, several lines, or a part of one.
    pub line: &'static str,
    /// The text to put in its place. The file must still compile with it.
    pub without: &'static str,
    /// The model's name, or a part of it.
    pub model: &'static str,
}

/// Makes a [`Guard`].
pub const fn guard(file: &'static str, line: &'static str, without: &'static str, model: &'static str) -> Guard {
    Guard { file, line, without, model }
}

/// A lesson with models, described by a test in that lesson's package.
pub struct Lesson {
    /// `env!("CARGO_PKG_NAME")`. The library's name is the same with the prefix `lesson_`.
    pub package: &'static str,
    /// `env!("CARGO_MANIFEST_DIR")`.
    pub folder: &'static str,
    /// `env!("CARGO_TARGET_TMPDIR")`, the folder in which the copy is built.
    pub temporary: &'static str,
    /// The test target that contains the models: `models` for `tests/models/main.rs`. Its module
    /// `guards` is empty in the copy.
    pub models: &'static str,
    /// The dependencies of the library and the models, as lines of a manifest.
    pub dependencies: &'static str,
}

/// A copy of a lesson's library and models as a separate package. It is built with the `RUSTFLAGS`
/// of this process.
pub struct Copied {
    package: PathBuf,
    target: PathBuf,
    models: &'static str,
    /// The deadline of one run. A model that takes longer has failed.
    pub deadline: Duration,
    /// The models that have passed with all lines in place.
    pass: RefCell<BTreeSet<&'static str>>,
}

impl Copied {
    /// Copies the lesson and builds its models. Their deadline is 300 s.
    ///
    /// # Errors
    ///
    /// If a file cannot be read or written, or if the copy does not build.
    pub fn new(lesson: &Lesson) -> io::Result<Self> {
        let (from, copies) = (Path::new(lesson.folder), Path::new(lesson.temporary).join("guards"));
        let package = copies.join(lesson.package);
        if package.exists() {
            fs::remove_dir_all(&package)?;
        }
        for folder in ["src", "tests"] {
            copy_all(&from.join(folder), &package.join(folder))?;
        }
        // The module `guards` uses the crate `harness`, which is not a dependency of the copy.
        let guards = package.join("tests").join(lesson.models).join("guards.rs");
        if guards.exists() {
            fs::write(guards, "")?;
        }
        fs::copy(from.join("README.md"), package.join("README.md"))?;
        fs::copy(from.join("../../Cargo.lock"), package.join("Cargo.lock"))?;
        let library = format!("lesson_{}", lesson.package.replace('-', "_"));
        let manifest = MANIFEST
            .replace("lesson_LESSON", &library)
            .replace("LESSON", lesson.package)
            .replace("DEPENDENCIES", lesson.dependencies);
        fs::write(package.join("Cargo.toml"), manifest)?;
        let copied = Copied {
            package,
            target: copies.join("target"),
            models: lesson.models,
            deadline: DEADLINE,
            pass: RefCell::default(),
        };
        let (builds, said) = copied.build()?;
        if builds { Ok(copied) } else { Err(io::Error::other(format!("the copy of the lesson must build:\n{said}"))) }
    }

    /// Removes each guarded line in turn, runs its model, and restores the line. Returns the lines
    /// whose model passed without them: no model guards those.
    ///
    /// # Errors
    ///
    /// As [`Copied::new`], and also if a file does not contain the line exactly once, or if a model
    /// fails with all lines in place.
    pub fn unguarded(&self, guards: &[Guard]) -> io::Result<Vec<&'static str>> {
        let mut unguarded = Vec::new();
        for guard in guards {
            self.must_pass(guard.model)?;
        }
        for guard in guards {
            let passes = self.passes_without(guard)?;
            println!("{} {} without: {}", guard.model, if passes { "PASSES" } else { "fails" }, guard.line);
            unguarded.extend(passes.then_some(guard.line));
        }
        Ok(unguarded)
    }

    /// Runs a model with all lines in place, unless it has passed before.
    fn must_pass(&self, model: &'static str) -> io::Result<()> {
        if self.pass.borrow().contains(model) {
            return Ok(());
        }
        // `passes_without` restores a line but does not rebuild.
        self.build()?;
        let (passes, said) = self.cargo(&[model])?;
        if !passes {
            return Err(io::Error::other(format!("{model} must pass while no line is taken out:\n{said}")));
        }
        self.pass.borrow_mut().insert(model);
        Ok(())
    }

    fn passes_without(&self, guard: &Guard) -> io::Result<bool> {
        let Guard { file, line, without, model } = guard;
        let path = self.package.join("src").join(file);
        let whole = fs::read_to_string(&path)?;
        if whole.matches(line).count() != 1 {
            return Err(io::Error::other(format!("{file}: this line must be there once: {line}")));
        }
        fs::write(&path, whole.replace(line, without))?;
        let (builds, said) = self.build()?;
        let passes = builds && self.cargo(&[model])?.0;
        fs::write(path, whole)?;
        if builds {
            Ok(passes)
        } else {
            Err(io::Error::other(format!("{file}: without this line it must still build: {line}\n{said}")))
        }
    }

    /// Calls `cargo test` for the models with these arguments, and kills it at the deadline.
    /// Returns whether it succeeded in time, and its output. The models must be built already.
    ///
    /// # Errors
    ///
    /// If cargo cannot be started, or if waiting for it fails.
    pub fn cargo(&self, arguments: &[&str]) -> io::Result<(bool, String)> {
        let mut command = self.command(arguments);
        command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut group = Group::spawn(&mut command, Signal::KILL)?;
        let (stdout, stderr) = (collect(group.child.stdout.take()), collect(group.child.stderr.take()));
        let status = process::wait(&mut group.child, self.deadline);
        // Kills the test, which is cargo's child. It would hold the pipes open, and block `join`.
        drop(group);
        let mut said = [stdout, stderr].map(|pipe| pipe.join().unwrap_or_default()).concat();
        let status = status?;
        if status.is_none() {
            said += &format!("\na hang: nothing came of it in {} s\n", self.deadline.as_secs_f32());
        }
        Ok((status.is_some_and(|status| status.success()), said))
    }

    /// Builds the models, without a deadline. Returns whether that succeeded, and cargo's output.
    fn build(&self) -> io::Result<(bool, String)> {
        let cargo = self.command(&["--no-run"]).output()?;
        let said = [cargo.stdout, cargo.stderr].map(|bytes| String::from_utf8_lossy(&bytes).into_owned()).concat();
        Ok((cargo.status.success(), said))
    }

    fn command(&self, arguments: &[&str]) -> Command {
        let mut cargo = Command::new(env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
        cargo.args(["test", "--quiet", "--offline", "--test", self.models]).args(arguments);
        cargo.current_dir(&self.package).env("CARGO_TARGET_DIR", &self.target);
        cargo
    }
}

fn copy_all(from: &Path, to: &Path) -> io::Result<()> {
    fs::create_dir_all(to)?;
    for entry in fs::read_dir(from)? {
        let entry = entry?;
        let to = to.join(entry.file_name());
        if entry.file_type()?.is_dir() {
            copy_all(&entry.path(), &to)?
        } else {
            fs::copy(entry.path(), to).map(drop)?
        }
    }
    Ok(())
}

const MANIFEST: &str = r#"
[package]
name = "LESSON"
edition = "2024"
autobins = false
[workspace]
[lib]
name = "lesson_LESSON"
[dependencies]
DEPENDENCIES
[profile.dev]
opt-level = 1
debug = false
[profile.dev.package."*"]
opt-level = 3
"#;
