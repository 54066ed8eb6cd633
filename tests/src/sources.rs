//! How every source of the house is written: its head, its length, where unsafe may stand, and that
//! a stage of a lesson uses no other stage.

use std::path::Path;

use crate::Problem;
use crate::tokens::tokens;

/// The files that hold unsafe code, each because the lesson is about it or because the standard
/// interface leaves no other way.
pub const UNSAFE: &[&str] = &[
    "crates/04-waker/exercise/mod.rs",
    "crates/04-waker/exercise/solution.rs",
    "crates/04-waker/src/parts/atomic_waker.rs",
    "crates/04-waker/src/parts/oneshot.rs",
    "crates/04-waker/src/parts/ring.rs",
    "crates/04-waker/src/s1_raw_waker.rs",
    "crates/06-fast-executor/src/parts/list.rs",
    "crates/06-fast-executor/src/parts/shared_owner.rs",
    "crates/06-fast-executor/src/parts/task/cell.rs",
    "crates/06-fast-executor/src/parts/task/contents.rs",
    "crates/06-fast-executor/src/parts/task/join.rs",
    "crates/06-fast-executor/src/parts/task/run.rs",
    "crates/06-fast-executor/src/parts/task/waker.rs",
    "crates/06-fast-executor/src/s1_one_allocation/owner.rs",
    "crates/06-fast-executor/src/s3_stealing/ring.rs",
    "crates/06-fast-executor/src/s4_no_atomics/contents.rs",
    "crates/06-fast-executor/src/s4_no_atomics/core_ref.rs",
    "crates/06-fast-executor/src/s4_no_atomics/executor_core.rs",
    "crates/06-fast-executor/src/s4_no_atomics/join.rs",
    "crates/06-fast-executor/src/s4_no_atomics/returned_slots.rs",
    "crates/06-fast-executor/src/s4_no_atomics/slab.rs",
    "crates/06-fast-executor/src/s4_no_atomics/slot.rs",
    "crates/06-fast-executor/src/s4_no_atomics/waker.rs",
    "crates/harness/src/probe/alloc.rs",
    "crates/harness/src/probe/waker.rs",
    "crates/harness/tests/contract/broken/executors/with_unsafe.rs",
    "crates/harness/tests/contract/broken/futures/with_unsafe.rs",
    "crates/harness/tests/contract/broken/wakers/raw.rs",
    "crates/timeline/src/waker.rs",
    "tests/tests/it/findings/hooked_waker.rs",
];

/// How long any file may be.
const LINES: usize = 400;
/// How long the `src/lib.rs` of a lesson may be.
const LESSON_LINES: usize = 60;
/// The last column of a comment.
const COLUMNS: usize = 100;
/// How many lines of `//!` a file opens with at most.
const HEAD: usize = 5;

fn problem(file: &Path, line: usize, rule: &'static str, message: String) -> Problem {
    Problem { file: file.to_owned(), line, rule, message }
}

/// A file opens with `//!`: one to five lines that say what it is. The root of a library may open
/// with its README instead.
pub fn head(file: &Path, text: &str) -> Option<Problem> {
    let lines = text.lines().take_while(|line| line.starts_with("//!")).count();
    let readme = file.ends_with("src/lib.rs") && text.starts_with("#![doc = include_str!(\"../README.md\")]\n");
    (!readme && !(1..=HEAD).contains(&lines)).then(|| {
        let message = format!("must open with 1 to {HEAD} lines of `//!`, found: {lines}");
        problem(file, 1, "head", message)
    })
}

/// No file is longer than a reader reads at once; a lesson's `lib.rs` is a table of contents.
pub fn length(file: &Path, text: &str, lesson: bool) -> Option<Problem> {
    let most = if lesson && file.ends_with("src/lib.rs") { LESSON_LINES } else { LINES };
    let lines = text.lines().count();
    (lines > most).then(|| problem(file, most + 1, "length", format!("must have at most {most} lines, found: {lines}")))
}

/// A comment ends at column 100, so that a projector shows all of it.
pub fn comments(file: &Path, text: &str) -> Option<Problem> {
    let wide = |line: &str| line.trim_start().starts_with("//") && line.chars().count() > COLUMNS;
    let line = text.lines().position(wide)? + 1;
    Some(problem(file, line, "comment", format!("must wrap its comments at {COLUMNS} columns")))
}

/// The line of the first unsafe code in a file, or of what allows it.
pub fn first_unsafe(text: &str) -> Option<usize> {
    let tokens = tokens(text);
    let allowed = |index: usize| {
        let opens = tokens[index + 1..].first().is_some_and(|token| token.text == "(");
        let inside = tokens[index..].iter().take_while(|token| token.text != ")");
        opens && inside.into_iter().any(|token| token.text == "unsafe_code")
    };
    let found = tokens.iter().enumerate().find(|(index, token)| match token.text.as_str() {
        "unsafe" => true,
        "allow" | "expect" | "warn" => allowed(*index),
        _ => false,
    });
    found.map(|(_, token)| token.line)
}

/// Unsafe code stands only in the files of the list, and such a file says so at its head.
pub fn unsafe_code(file: &Path, text: &str, list: &[&str]) -> Option<Problem> {
    let listed = list.iter().any(|&path| file == Path::new(path));
    let line = first_unsafe(text);
    let after_head = text.lines().find(|line| !line.starts_with("//!") && !line.trim().is_empty());
    let message = match (listed, line) {
        (false, Some(_)) => "must hold no unsafe code: it is not in `UNSAFE` of tests/src/sources.rs",
        (true, None) => "is in `UNSAFE` of tests/src/sources.rs, so it must hold unsafe code",
        (true, _) if after_head != Some("#![allow(unsafe_code)]") => {
            "must open, after its `//!`, with `#![allow(unsafe_code)]`"
        }
        _ => return None,
    };
    Some(problem(file, line.unwrap_or(1), "unsafe", message.to_owned()))
}

/// The root of a crate without unsafe code forbids it. `folder` is the package's.
pub fn forbids(folder: &Path, root: &Path, text: &str, list: &[&str]) -> Option<Problem> {
    let has_unsafe = list.iter().any(|path| Path::new(path).starts_with(folder));
    let forbids = text.lines().any(|line| line == "#![forbid(unsafe_code)]");
    let message = match (has_unsafe, forbids) {
        (false, false) => "must say `#![forbid(unsafe_code)]`, as its crate holds no unsafe code",
        _ => return None, // rustc refuses a crate that does both
    };
    Some(problem(&folder.join(root), 1, "forbid", message.to_owned()))
}

/// Every package inherits the lints of the workspace.
pub fn lints(file: &Path, manifest: &str) -> Option<Problem> {
    let manifest: toml::Table = manifest.parse().unwrap_or_default();
    let inherits = manifest.get("lints").and_then(|lints| lints.get("workspace"));
    (inherits != Some(&toml::Value::Boolean(true)))
        .then(|| problem(file, 1, "lints", "must say `workspace = true` under `[lints]`".to_owned()))
}

/// The number of a stage, if a file or a folder is one: 2 of `s2_block_on.rs`.
fn stage(name: &str) -> Option<u32> {
    let (number, _) = name.strip_prefix('s')?.split_once('_')?;
    number.parse().ok()
}

/// A stage names no other stage of its lesson: what two of them share stands in `src/parts/`. One
/// of an earlier lesson is named by its path, `lesson_waker::s8_parker`.
pub fn one_stage(file: &Path, text: &str) -> Vec<Problem> {
    // `src/s2_queue.rs`, and each file below `src/s3_stealing/`.
    let below_src = file.iter().skip_while(|part| *part != "src").nth(1).unwrap_or_default();
    let Some(own) = stage(&below_src.to_string_lossy()) else { return Vec::new() };
    let tokens = tokens(text);
    let of_a_lesson = |index: usize| match &tokens[..index] {
        [.., lesson, first, second] => lesson.text.starts_with("lesson_") && first.text == ":" && second.text == ":",
        _ => false,
    };
    let named = tokens.iter().enumerate().filter(|(index, _)| !of_a_lesson(*index)).map(|(_, token)| token);
    let others = named.filter(|token| stage(&token.text).is_some_and(|number| number != own));
    let found = |token: &str| format!("a stage must not use another, found: {token}");
    others.map(|token| problem(file, token.line, "stage", found(&token.text))).collect()
}
