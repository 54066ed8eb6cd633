//! This checkout as cargo describes it, and the copy of it in which submitted files are built. The
//! working tree is never changed.

use std::{
    env,
    ffi::OsString,
    fs::{self, File},
    io,
    path::{Path, PathBuf},
    process::{self, Command},
};

use serde::Deserialize;

/// The workspace that this program was built from.
#[derive(Debug, Deserialize)]
pub struct Checkout {
    workspace_root: PathBuf,
    target_directory: PathBuf,
    pub(super) build_directory: PathBuf,
    packages: Vec<Package>,
}

#[derive(Debug, Deserialize)]
struct Package {
    name: String,
    manifest_path: PathBuf,
    targets: Vec<Target>,
}

#[derive(Debug, Deserialize)]
struct Target {
    name: String,
    kind: Vec<String>,
}

/// A lesson with an exercise: the name of its package, and its folder relative to the root.
pub(super) struct Lesson {
    pub(super) name: String,
    folder: PathBuf,
}

impl Lesson {
    /// The path of the exercise in the compiler's messages.
    pub(super) fn built_as(&self) -> String {
        format!("{}/tests/../exercise/mod.rs", self.folder.display())
    }
}

impl Checkout {
    /// Asks cargo for the workspace. This needs no network.
    ///
    /// # Errors
    ///
    /// Cargo cannot be started, or cannot read the workspace.
    pub fn here() -> Result<Self, String> {
        let arguments = ["metadata", "--no-deps", "--format-version", "1"];
        let asked = Command::new(cargo()).args(arguments).current_dir(env!("CARGO_MANIFEST_DIR")).output();
        let output = asked.map_err(|error| format!("cannot start cargo: {error}"))?;
        if !output.status.success() {
            return Err(String::from_utf8_lossy(&output.stderr).trim().to_owned());
        }
        serde_json::from_slice(&output.stdout).map_err(|error| format!("cargo's description of the workspace: {error}"))
    }

    pub(super) fn lesson(&self, name: &str) -> Result<Lesson, String> {
        let has_exercise = |package: &&Package| {
            package.targets.iter().any(|target| target.name == "exercise" && target.kind == ["test"])
        };
        let mut lessons = self.packages.iter().filter(has_exercise);
        let found = lessons.clone().find(|package| package.name == name);
        let package = found.ok_or_else(|| {
            let mut names: Vec<_> = lessons.by_ref().map(|package| package.name.as_str()).collect();
            names.sort_unstable();
            format!("there is no lesson '{name}' with an exercise; there are: {}", names.join(", "))
        })?;
        Ok(Lesson { name: name.to_owned(), folder: self.folder_of(package).to_owned() })
    }

    /// The package's folder, relative to the root.
    fn folder_of<'a>(&self, package: &'a Package) -> &'a Path {
        let folder = package.manifest_path.parent().unwrap_or(&package.manifest_path);
        folder.strip_prefix(&self.workspace_root).unwrap_or(folder)
    }

    fn workshop(&self) -> PathBuf {
        self.target_directory.join("grade")
    }

    /// Updates the copy: `text` replaces the lesson's exercise, and the solutions are left out.
    /// Waits until no other run uses the copy.
    pub(super) fn copy(&self, lesson: &Lesson, text: &[u8]) -> io::Result<Copy> {
        let root = self.workshop().join("checkout");
        fs::create_dir_all(&root)?;
        let lock = File::create(self.workshop().join("lock"))?;
        lock.lock()?;
        let replaced = (&*self.workspace_root.join(&lesson.folder).join("exercise/mod.rs"), text);
        let files = ["Cargo.toml", "Cargo.lock", "rust-toolchain.toml", ".cargo"].map(Path::new);
        for path in files.into_iter().chain(self.packages.iter().map(|package| self.folder_of(package))) {
            mirror(&self.workspace_root.join(path), &root.join(path), replaced)?;
        }
        Ok(Copy { root, built: self.workshop().join("built"), _lock: lock })
    }

    /// Makes a folder for this run. Removes the folders of runs that were killed.
    pub(super) fn folder(&self) -> io::Result<Folder> {
        let runs = self.workshop().join("runs");
        fs::create_dir_all(&runs)?;
        for run in fs::read_dir(&runs)?.flatten() {
            if !Path::new("/proc").join(run.file_name()).exists() {
                // An error means that another run has removed it.
                let _ = fs::remove_dir_all(run.path());
            }
        }
        let folder = runs.join(process::id().to_string());
        fs::create_dir_all(&folder)?;
        Ok(Folder(folder))
    }
}

/// Guard: the copy, locked for this run until it is dropped.
pub(super) struct Copy {
    /// The root folder of the copy.
    pub(super) root: PathBuf,
    /// The target folder of its builds. It is separate, so that they do not replace programs of the
    /// working tree.
    pub(super) built: PathBuf,
    _lock: File,
}

/// Guard: a folder that is removed on drop.
pub(super) struct Folder(PathBuf);

impl Folder {
    /// Copies a program into the folder, so that the next build does not replace it.
    pub(super) fn take(&self, program: &Path) -> io::Result<PathBuf> {
        let own = self.0.join("exercise");
        fs::copy(program, &own)?;
        Ok(own)
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

/// The cargo that started this program, or the first one in `PATH`.
pub(super) fn cargo() -> OsString {
    env::var_os("CARGO").unwrap_or_else(|| "cargo".into())
}

/// Makes `to` a copy of `from`, with another text for one file. Writes only files that differ,
/// because cargo rebuilds every file that is newer.
fn mirror(from: &Path, to: &Path, replaced: (&Path, &[u8])) -> io::Result<()> {
    if !from.exists() {
        return remove(to);
    }
    if from == replaced.0 {
        return write_if_new(to, replaced.1);
    }
    if from.is_file() {
        return write_if_new(to, &fs::read(from)?);
    }
    fs::create_dir_all(to)?;
    for old in fs::read_dir(to)? {
        let old = old?;
        if !from.join(old.file_name()).exists() || left_out(&old.path()) {
            remove(&old.path())?;
        }
    }
    for new in fs::read_dir(from)? {
        let new = new?;
        if !left_out(&new.path()) {
            mirror(&new.path(), &to.join(new.file_name()), replaced)?;
        }
    }
    Ok(())
}

/// Whether the copy leaves this file out: a solution, or a hidden file such as an editor's.
fn left_out(path: &Path) -> bool {
    path.ends_with("exercise/solution.rs")
        || path.file_name().is_some_and(|name| name.as_encoded_bytes().starts_with(b"."))
}

fn remove(path: &Path) -> io::Result<()> {
    match fs::symlink_metadata(path) {
        Ok(found) if found.is_dir() => fs::remove_dir_all(path),
        Ok(_) => fs::remove_file(path),
        Err(_) => Ok(()),
    }
}

fn write_if_new(path: &Path, bytes: &[u8]) -> io::Result<()> {
    if fs::read(path).is_ok_and(|old| old == bytes) { Ok(()) } else { fs::write(path, bytes) }
}
