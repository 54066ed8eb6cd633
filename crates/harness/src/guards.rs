//! A model that cannot fail holds nothing: each line that a model is there for is taken out of a copy of the lesson, and the
//! model must fail. A model that fails may abort, so each runs in a process of its own.

use std::{
    env, fs, io,
    path::{Path, PathBuf},
    process::Command,
};

/// A line, what stands there when it is taken out, and the model that must see it.
pub struct Guard {
    /// The file, below `src`, in which the line is there once.
    pub file: &'static str,
    /// The line, or some, or a part of one.
    pub line: &'static str,
    /// What still builds in its place.
    pub without: &'static str,
    /// The model's name, or a part of it.
    pub model: &'static str,
}

/// A [`Guard`].
pub const fn guard(file: &'static str, line: &'static str, without: &'static str, model: &'static str) -> Guard {
    Guard { file, line, without, model }
}

/// A lesson with models, as a test of its own sees it.
pub struct Lesson {
    /// `env!("CARGO_PKG_NAME")`. Its library is called that, with `lesson_` before.
    pub package: &'static str,
    /// `env!("CARGO_MANIFEST_DIR")`.
    pub folder: &'static str,
    /// `env!("CARGO_TARGET_TMPDIR")`, where the copy is made and built.
    pub temporary: &'static str,
    /// The test in which the models are.
    pub models: &'static str,
    /// What the library and the models depend on, as in a manifest.
    pub dependencies: &'static str,
}

/// A copy of a lesson's library and its models, as a package of its own, which is built as this process was: under the same
/// `RUSTFLAGS`.
pub struct Copied {
    package: PathBuf,
    target: PathBuf,
    models: &'static str,
}

impl Copied {
    /// Copies the lesson, and builds its models.
    ///
    /// # Errors
    ///
    /// If a file cannot be read or written, or something does not build.
    pub fn new(lesson: &Lesson) -> io::Result<Self> {
        let (from, copies) = (Path::new(lesson.folder), Path::new(lesson.temporary).join("guards"));
        let package = copies.join(lesson.package);
        if package.exists() {
            fs::remove_dir_all(&package)?;
        }
        for folder in ["src", "tests"] {
            copy_all(&from.join(folder), &package.join(folder))?;
        }
        fs::copy(from.join("README.md"), package.join("README.md"))?;
        fs::copy(from.join("../../Cargo.lock"), package.join("Cargo.lock"))?;
        let manifest = MANIFEST.replace("LESSON", lesson.package).replace("DEPENDENCIES", lesson.dependencies);
        fs::write(package.join("Cargo.toml"), manifest)?;
        let copied = Copied { package, target: copies.join("target"), models: lesson.models };
        let (builds, said) = copied.cargo(&["--no-run"])?;
        if builds { Ok(copied) } else { Err(io::Error::other(format!("the copy of the lesson must build:\n{said}"))) }
    }

    /// Takes out each line, and puts it back. The lines whose models pass all the same: they are not guarded.
    ///
    /// # Errors
    ///
    /// As [`Copied::new`], or if a line is not there once.
    pub fn unguarded(&self, guards: &[Guard]) -> io::Result<Vec<&'static str>> {
        let mut unguarded = Vec::new();
        for guard in guards {
            let passes = self.passes_without(guard)?;
            println!("{} {} without: {}", guard.model, if passes { "PASSES" } else { "fails" }, guard.line);
            unguarded.extend(passes.then_some(guard.line));
        }
        Ok(unguarded)
    }

    fn passes_without(&self, guard: &Guard) -> io::Result<bool> {
        let Guard { file, line, without, model } = guard;
        let path = self.package.join("src").join(file);
        let whole = fs::read_to_string(&path)?;
        if whole.matches(line).count() != 1 {
            return Err(io::Error::other(format!("{file}: this line must be there once: {line}")));
        }
        fs::write(&path, whole.replace(line, without))?;
        let (builds, said) = self.cargo(&["--no-run"])?;
        if !builds {
            return Err(io::Error::other(format!("{file}: without this line it must still build: {line}\n{said}")));
        }
        let (passes, _) = self.cargo(&[model])?;
        fs::write(path, whole)?;
        Ok(passes)
    }

    /// Calls `cargo test` for the models with these arguments. Whether it succeeds, and what it says.
    ///
    /// # Errors
    ///
    /// If cargo cannot be started.
    pub fn cargo(&self, arguments: &[&str]) -> io::Result<(bool, String)> {
        let cargo = Command::new(env::var_os("CARGO").unwrap_or_else(|| "cargo".into()))
            .args(["test", "--quiet", "--offline", "--test", self.models])
            .args(arguments)
            .current_dir(&self.package)
            .env("CARGO_TARGET_DIR", &self.target)
            .output()?;
        let said = [cargo.stdout, cargo.stderr].map(|bytes| String::from_utf8_lossy(&bytes).into_owned()).concat();
        Ok((cargo.status.success(), said))
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
