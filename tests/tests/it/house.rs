//! The rules of the house over the whole checkout, and each of them on made-up input that breaks
//! it: a rule that cannot fail holds nothing.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use cargo_metadata::{DependencyKind, Metadata, MetadataCommand};
use house::arrows::{self, Edge, edges, wrong_edge, wrong_names};
use house::{Problem, root, sources};

fn metadata() -> Metadata {
    MetadataCommand::new().current_dir(root()).no_deps().exec().expect("cargo metadata works here")
}

/// The Rust files that git tracks or would track, from the root, with their text.
fn rust_files() -> Vec<(PathBuf, String)> {
    let arguments = ["ls-files", "-z", "--cached", "--others", "--exclude-standard", "--", "*.rs"];
    let listed = Command::new("git").args(arguments).current_dir(root()).output();
    // Sources that came without their history are whatever lies there.
    let files = match listed {
        Ok(listed) if listed.status.success() => {
            let names = String::from_utf8(listed.stdout).expect("the names of our files are UTF-8");
            names.split_terminator('\0').map(PathBuf::from).collect()
        }
        _ => below(root()),
    };
    let files = files.into_iter();
    // A file that was deleted and not yet committed is listed and cannot be read.
    let files: Vec<_> = files.filter_map(|file| Some((fs::read_to_string(root().join(&file)).ok()?, file))).collect();
    assert!(!files.is_empty(), "there are sources");
    files.into_iter().map(|(text, file)| (file, text)).collect()
}

/// Every `.rs` file below a folder but cargo's own, by its path from the root.
fn below(folder: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(folder).into_iter().flatten().flatten().map(|entry| entry.path());
    let (folders, files): (Vec<_>, Vec<_>) = entries.partition(|path| path.is_dir());
    let files = files.into_iter().filter(|file| file.extension().is_some_and(|extension| extension == "rs"));
    let files = files.filter_map(|file| Some(file.strip_prefix(root()).ok()?.to_owned()));
    let folders = folders.iter().filter(|folder| !folder.ends_with("target"));
    files.chain(folders.flat_map(|folder| below(folder))).collect()
}

/// The packages of the workspace: name and folder from the root.
fn members(metadata: &Metadata) -> Vec<(String, PathBuf)> {
    let folder = |manifest: &Path| {
        let folder = manifest.parent().expect("a manifest stands in a folder");
        folder.strip_prefix(&metadata.workspace_root).expect("a member is below the root").to_owned()
    };
    let packages = metadata.workspace_packages().into_iter();
    packages.map(|package| (package.name.to_string(), folder(package.manifest_path.as_std_path()))).collect()
}

#[test]
fn packages_depend_only_along_the_arrows() {
    let metadata = metadata();
    let wrong: Vec<String> = edges(&metadata).iter().filter_map(wrong_edge).collect();
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    for (name, folder) in members(&metadata) {
        let known = arrows::member(&name).is_some();
        assert!(known, "{}: package {name} must be in `HOUSE` of tests/src/arrows.rs", folder.display());
    }
}

#[test]
fn sources_name_only_what_their_part_of_the_package_may_know() {
    let (files, members) = (rust_files(), members(&metadata()));
    let problems = members.iter().flat_map(|(package, folder)| {
        let own = files.iter().filter_map(move |(file, text)| Some((file.strip_prefix(folder).ok()?, text)));
        own.flat_map(move |(file, text)| wrong_names(package, folder, file, text))
    });
    Problem::expect_none(&problems.collect::<Vec<_>>());
}

#[test]
fn every_source_is_written_as_the_house_writes() {
    let (files, members) = (rust_files(), members(&metadata()));
    let mut problems = Vec::new();
    for (file, text) in &files {
        let owner = members.iter().find(|(_, folder)| file.starts_with(folder));
        let lesson = owner.is_some_and(|(package, _)| arrows::is_lesson(package));
        problems.extend(sources::head(file, text));
        problems.extend(sources::length(file, text, lesson));
        problems.extend(sources::comments(file, text));
        problems.extend(sources::unsafe_code(file, text, sources::UNSAFE));
        if lesson {
            problems.extend(sources::one_stage(file, text));
        }
    }
    for (_, folder) in &members {
        let manifest = folder.join("Cargo.toml");
        let text = fs::read_to_string(root().join(&manifest)).expect("a member has a manifest");
        problems.extend(sources::lints(&manifest, &text));
        let library = Path::new("src/lib.rs");
        let text = fs::read_to_string(root().join(folder).join(library)).expect("a member has a library");
        problems.extend(sources::forbids(folder, library, &text, sources::UNSAFE));
    }
    Problem::expect_none(&problems);
}

#[test]
fn every_file_listed_as_unsafe_exists() {
    for file in sources::UNSAFE {
        assert!(root().join(file).is_file(), "{file} is in `UNSAFE` of tests/src/sources.rs, and there is none");
    }
}

#[test]
fn wrong_dependencies_are_found() {
    use DependencyKind::{Build, Development, Normal};
    let found = |from: &str, to: &str, kind, optional, default_features| {
        let (from, to) = (from.to_owned(), to.to_owned());
        wrong_edge(&Edge { from, to, kind, optional, default_features })
    };
    // Each wrong dependency stands beside one that differs in one thing and is right.
    let cases = [
        (("threads", "harness", Normal, false, true), Some("threads must not depend on harness")),
        (("threads", "harness", Development, false, true), None),
        (("threads", "timeline", Development, false, true), Some("must not depend (in tests) on timeline")),
        (("threads", "timeline", Normal, false, true), None),
        (("threads", "chat-tools", Development, false, true), Some("must not depend (in tests) on chat-tools")),
        (("future", "waker", Normal, false, true), Some("future must not depend on waker")),
        (("executor", "waker", Normal, false, true), None),
        (("executor", "future", Build, false, true), Some("must not depend (in its build script) on future")),
        (("executor", "future", Development, false, true), None),
        (("reactor", "async-chat", Normal, false, true), Some("default-features = false")),
        (("reactor", "async-chat", Normal, false, false), None),
        (("reactor", "async-chat", Development, false, false), Some("must not depend (in tests) on async-chat")),
        (("harness", "chat", Normal, false, true), Some("only for its feature")),
        (("harness", "chat", Normal, true, true), None),
        (("harness", "threads", Development, false, true), Some("harness must not depend (in tests) on threads")),
        (("future", "unify", Normal, false, true), Some("future must not depend on unify")),
        (("future", "unify", Development, false, true), None),
        (("stranger", "chat", Normal, false, true), Some("package stranger must be in the table")),
        (("tests", "costs", Normal, false, true), None),
        (("waker", "measure", Normal, false, true), Some("waker must not depend on measure")),
        (("waker", "measure", Development, false, true), None),
        (("harness", "measure", Normal, true, true), Some("harness must not depend on measure")),
        (("chat-tools", "measure", Normal, true, true), None),
        (("measure", "chat", Normal, false, true), Some("measure must not depend on chat")),
    ];
    for ((from, to, kind, optional, default_features), expected) in cases {
        let message = found(from, to, kind, optional, default_features);
        match expected {
            None => assert_eq!(message, None, "{from} -> {to} ({kind:?})"),
            Some(part) => {
                assert!(message.as_ref().is_some_and(|m| m.contains(part)), "{from} -> {to} ({kind:?}): {message:?}");
            }
        }
    }
}

#[test]
fn wrong_names_are_found() {
    let cases = [
        ("threads", "src/s1_serial.rs", "//! x\nuse harness::Check;\n", Some(2)),
        ("threads", "src/s1_serial.rs", "//! x\nfn f() { timeline::record() }\n", Some(2)),
        ("threads", "src/main.rs", "//! x\nfn main() { timeline::record() }\n", None),
        ("threads", "src/scenes.rs", "//! x\nfn main() { timeline::record() }\n", None),
        ("threads", "src/scenes/hand.rs", "//! x\nfn main() { timeline::record() }\n", None),
        ("threads", "src/scenes2.rs", "//! x\nfn main() { timeline::record() }\n", Some(2)),
        ("threads", "src/main.rs", "//! x\nuse harness;\n", Some(2)),
        ("threads", "src/main.rs", "use lesson_threads::serve;\n", None),
        ("threads", "src/s1_serial.rs", "use lesson_async_chat::serve;\n", Some(1)),
        ("threads", "src/s1_serial.rs", "// harness::x\nconst X: &str = \"harness::x\";\n", None),
        ("threads", "src/s1_serial.rs", "use crate::harness::x;\n", None),
        ("threads", "src/s1_serial.rs", "fn f() { println!(\"{}\", peers::x()) }\n", Some(1)),
        ("threads", "tests/contract.rs", "use harness::x;\nuse peers::y;\n", None),
        ("threads", "exercise/mod.rs", "use harness::x;\n", None),
        ("threads", "benches/load.rs", "use timeline::x;\n", Some(1)),
        ("executor", "src/s1_spin.rs", "use lesson_future::Yield;\n", Some(1)),
        ("executor", "src/main.rs", "use lesson_future::Yield;\n", None),
        ("executor", "src/s2_block_on.rs", "use lesson_waker::Parker;\n", None),
        ("executor", "tests/lost_wakeup.rs", "use lesson_future::Yield;\n", None),
        ("executor", "benches/spawn.rs", "use lesson_future::Yield;\n", Some(1)),
        ("reactor", "src/s1_poll.rs", "use lesson_async_chat::serve;\n", Some(1)),
        ("waker", "src/s7_event.rs", "use measure::Median;\n", Some(1)),
        ("waker", "benches/against_futures.rs", "use measure::Median;\n", None),
        ("chat-tools", "src/load/table.rs", "use measure::Median;\n", None),
        ("measure", "src/table.rs", "use chat::Request;\n", Some(1)),
        ("harness", "src/chat.rs", "use chat_tools::load;\n", Some(1)),
        ("harness", "tests/chat.rs", "use chat::Request;\n", None),
    ];
    for (package, file, code, line) in cases {
        let found = wrong_names(package, Path::new("crates/x"), Path::new(file), code);
        let lines: Vec<usize> = found.iter().map(|problem| problem.line).collect();
        assert_eq!(lines, Vec::from_iter(line), "{package} {file}: {code}");
    }
}

#[test]
fn badly_written_sources_are_found() {
    let list = &["crates/x/src/raw.rs"];
    let (lib, raw, stage) =
        (Path::new("crates/x/src/lib.rs"), Path::new("crates/x/src/raw.rs"), Path::new("crates/x/src/s2_queue.rs"));
    let part = Path::new("crates/x/src/s3_stealing/ring.rs");
    let head = |text: &str| sources::head(lib, text);
    let of_lines = |lines: usize| "//! x\n".repeat(lines);
    let length = |lines, file: &str, lesson| sources::length(Path::new(file), &of_lines(lines), lesson);
    let comments = |text: &str| sources::comments(lib, text);
    let unsafe_code = |file: &Path, text: &str| sources::unsafe_code(file, text, list);
    let forbids = |folder: &str, text: &str| sources::forbids(Path::new(folder), Path::new("src/lib.rs"), text, list);
    let lints = |text: &str| sources::lints(Path::new("Cargo.toml"), text);
    let one_stage = |file: &Path, text: &str| sources::one_stage(file, text).into_iter().next();
    let allowed = "//! x\n\n#![allow(unsafe_code)]\nunsafe fn f() {}\n";
    let cases = [
        (head("fn f() {}\n"), Some("must open with 1 to 5 lines of `//!`, found: 0")),
        (head(&of_lines(6)), Some("found: 6")),
        (head("#![x]\n//! late\n"), Some("found: 0")),
        (head("//! x\n#![x]\n"), None),
        (head("#![doc = include_str!(\"../README.md\")]\n"), None),
        (sources::head(raw, "#![doc = include_str!(\"../README.md\")]\n"), Some("found: 0")),
        (length(401, "a.rs", false), Some("at most 400 lines, found: 401")),
        (length(400, "a.rs", false), None),
        (length(61, "src/lib.rs", true), Some("at most 60 lines, found: 61")),
        (length(61, "src/lib.rs", false), None),
        (length(61, "src/s1_x.rs", true), None),
        (comments(&format!("    // {}", "é".repeat(94))), Some("must wrap its comments at 100 columns")),
        (comments(&format!("    // {}", "é".repeat(93))), None),
        (comments(&format!("let x = \"// {}\";", "x".repeat(100))), None),
        (unsafe_code(lib, "//! x\nfn f() { unsafe { g() } }\n"), Some("must hold no unsafe code")),
        (unsafe_code(lib, "//! x\n#![allow(dead_code, unsafe_code)]\n"), Some("must hold no unsafe code")),
        (unsafe_code(lib, "//! unsafe\n#![forbid(unsafe_code)]\n// unsafe\nconst X: &str = \"unsafe\";\n"), None),
        (unsafe_code(raw, "//! x\nfn f() {}\n"), Some("must hold unsafe code")),
        (unsafe_code(raw, "//! x\nuse y;\n#[allow(unsafe_code)]\nunsafe fn f() {}\n"), Some("must open, after")),
        (unsafe_code(raw, allowed), None),
        (forbids("crates/y", "//! x\n"), Some("must say `#![forbid(unsafe_code)]`")),
        (forbids("crates/y", "//! x\n#![forbid(unsafe_code)]\n"), None),
        (forbids("crates/x", "//! x\n"), None),
        (lints("[package]\n"), Some("must say `workspace = true` under `[lints]`")),
        (lints("[lints]\nworkspace = false\n"), Some("must say")),
        (lints("[lints]\nworkspace = true\n"), None),
        (one_stage(stage, "use crate::{parts, s1_spin};\n"), Some("found: s1_spin")),
        (one_stage(stage, "fn f() { crate::s3_pool::g() }\n"), Some("found: s3_pool")),
        (one_stage(stage, "// as in crate::s1_spin\nuse crate::s2_queue::Queue;\nuse crate::parts::x;\n"), None),
        (one_stage(stage, "use lesson_waker::s8_parker::Parker;\n"), None),
        (one_stage(stage, "use lesson::s8_parker::Parker;\n"), Some("found: s8_parker")),
        (one_stage(part, "use crate::s2_queue::Queue;\nuse super::ring;\n"), Some("found: s2_queue")),
        (one_stage(part, "use crate::s3_stealing::ring;\n"), None),
        (one_stage(lib, "pub mod s1_spin;\npub mod s2_queue;\n"), None),
    ];
    for (number, (found, expected)) in cases.into_iter().enumerate() {
        match (&found, expected) {
            (None, None) => {}
            (Some(problem), Some(part)) if problem.message.contains(part) => {}
            _ => panic!("case {number}: expected {expected:?}, found: {found:?}"),
        }
    }
}
