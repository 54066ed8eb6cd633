//! This checkout as cargo sees it, and the copy of it in which files are built: the working tree is
//! never touched.

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

/// A lesson with an exercise: its package's name, and its folder from the root.
pub(super) struct Lesson {
    pub(super) name: String,
    folder: PathBuf,
}

impl Lesson {
    /// How the compiler calls the file that stands in the place of the exercise.
    pub(super) fn built_as(&self) -> String {
        format!("{}/tests/../exercise/mod.rs", self.folder.display())
    }
}

impl Checkout {
    /// Asks cargo, which needs no network for it.
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

    /// Its folder, from the root.
    fn folder_of<'a>(&self, package: &'a Package) -> &'a Path {
        let folder = package.manifest_path.parent().unwrap_or(&package.manifest_path);
        folder.strip_prefix(&self.workspace_root).unwrap_or(folder)
    }

    fn workshop(&self) -> PathBuf {
        self.target_directory.join("grade")
    }

    /// Brings the copy up to date, with `text` in the place of the lesson's exercise and without
    /// any solution. Waits until no other run uses it.
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

    /// A folder for one run. Those of runs that were killed are removed.
    pub(super) fn folder(&self) -> io::Result<Folder> {
        let runs = self.workshop().join("runs");
        fs::create_dir_all(&runs)?;
        for run in fs::read_dir(&runs)?.flatten() {
            if !Path::new("/proc").join(run.file_name()).exists() {
                // Another run may have seen it too.
                let _ = fs::remove_dir_all(run.path());
            }
        }
        let folder = runs.join(process::id().to_string());
        fs::create_dir_all(&folder)?;
        Ok(Folder(folder))
    }
}

/// The copy, which is this run's alone while this lives.
pub(super) struct Copy {
    /// Its root.
    pub(super) root: PathBuf,
    /// Where the programs go that are built on the way, so that they replace none of the working
    /// tree's.
    pub(super) built: PathBuf,
    _lock: File,
}

/// A folder that is gone when this is dropped.
pub(super) struct Folder(PathBuf);

impl Folder {
    /// Puts a copy of a program here, which the next build does not replace.
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

/// The cargo that started this program, or the one in the path.
pub(super) fn cargo() -> OsString {
    env::var_os("CARGO").unwrap_or_else(|| "cargo".into())
}

/// Makes `to` what `from` is, but for the text of one file. It writes only what differs: cargo
/// builds anew what is newer.
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

/// Solutions, and an editor's own files.
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
