//! `notes-sync`: updates the excerpts of the notes from their sources, and records that a
//! translation is up to date.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::Duration;

use clap::Parser;
use house::notes::{Language, Notes, synced, translated};

/// Updates the excerpts of notes/es and notes/en in place, and prints what changed.
///
/// An excerpt is a fence directly under `<!-- src: file#anchor -->`. It holds the lines of the file
/// between `// ANCHOR: anchor` and `// ANCHOR_END: anchor`.
#[derive(Parser)]
struct Arguments {
    /// Only report what would change, and exit with 1 if something would.
    #[arg(long, conflicts_with = "translated")]
    check: bool,
    /// Only record that the English page of this name (such as 01-hilos.md) translates the Spanish
    /// page as it is now.
    #[arg(long, value_name = "PAGE")]
    translated: Option<PathBuf>,
    /// The root of the checkout.
    #[arg(long, value_name = "FOLDER", default_value_os_t = house::root().to_owned())]
    root: PathBuf,
}

fn main() -> ExitCode {
    let arguments = Arguments::parse();
    let done = match &arguments.translated {
        Some(page) => record(&arguments.root, page).map(|()| true),
        None => sync(&arguments.root, arguments.check),
    };
    match done {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(error) => {
            eprintln!("notes-sync: {error}");
            ExitCode::FAILURE
        }
    }
}

/// Writes fresh excerpts, or only reports them if `check`. Gives whether all excerpts are fresh
/// now.
fn sync(root: &Path, check: bool) -> io::Result<bool> {
    let mut good = true;
    for page in Notes::read(root, &[], Duration::ZERO)?.pages {
        let file = page.file.display();
        match synced(root, &page) {
            Ok((text, changed)) => {
                for line in &changed {
                    println!("{file}:{line}: {}", if check { "stale" } else { "rewritten" });
                }
                if check {
                    good &= changed.is_empty();
                } else if !changed.is_empty() {
                    fs::write(root.join(&page.file), text)?;
                }
            }
            Err((line, fault)) => {
                eprintln!("{file}:{line}: the excerpt under here: {fault}");
                good = false;
            }
        }
    }
    Ok(good)
}

/// Writes the hash of the Spanish page into the English one.
fn record(root: &Path, page: &Path) -> io::Result<()> {
    let of = |language: Language| root.join(language.folder()).join(page);
    let read = |file: PathBuf| {
        fs::read_to_string(&file).map_err(|error| io::Error::other(format!("{}: {error}", file.display())))
    };
    let (spanish, english) = (read(of(Language::Spanish))?, read(of(Language::English))?);
    let fresh = translated(&english, &spanish)
        .ok_or_else(|| io::Error::other(format!("{}: has no frontmatter", of(Language::English).display())))?;
    fs::write(of(Language::English), fresh)?;
    println!("{}: recorded", Path::new(Language::English.folder()).join(page).display());
    Ok(())
}
