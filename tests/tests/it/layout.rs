//! Two rules of the house that look at whole packages: how their modules hang together, and with
//! which features their dependencies are compiled.

use std::{
    fs,
    path::{Path, PathBuf},
    process::Command,
};

use cargo_metadata::{Metadata, MetadataCommand};
use house::{Problem, features, modules, root};

fn metadata() -> Metadata {
    MetadataCommand::new().current_dir(root()).no_deps().exec().expect("cargo metadata works here")
}

/// The Rust files below a folder that git tracks or would track.
fn files_below(folder: &Path) -> Vec<PathBuf> {
    let arguments = ["ls-files", "-z", "--cached", "--others", "--exclude-standard", "--", "*.rs"];
    let listed = Command::new("git").args(arguments).current_dir(folder).output().expect("git starts");
    let names = String::from_utf8(listed.stdout).expect("the names of our files are UTF-8");
    let files = names.split_terminator('\0').map(|name| folder.join(name));
    files.filter(|file| file.is_file()).collect()
}

#[test]
fn every_source_is_a_module_of_some_target() {
    let mut problems = Vec::new();
    for package in metadata().workspace_packages() {
        let folder = package.manifest_path.parent().expect("a manifest stands in a folder");
        let targets: Vec<PathBuf> = package.targets.iter().map(|target| target.src_path.clone().into()).collect();
        problems.extend(modules::left_out(&files_below(folder.as_std_path()), &targets));
    }
    Problem::expect_none(&problems);
}

#[test]
fn every_test_belongs_to_a_target_that_cargo_tests() {
    let metadata = metadata();
    let targets = metadata.workspace_packages().into_iter().flat_map(|package| &package.targets);
    let programs = targets.filter(|target| !target.test && (target.is_lib() || target.is_bin()));
    let problems = programs.flat_map(|target| modules::untested(target.src_path.as_std_path()));
    Problem::expect_none(&problems.collect::<Vec<_>>());
}

#[test]
fn a_test_in_an_untested_target_is_found() {
    let (_folder, files) =
        made_up(&[("lib.rs", "mod a;\n#[testing]\nfn f() {}\n"), ("a.rs", "\n#[test]\nfn f() {}\n")]);
    let found: Vec<_> = modules::untested(&files[0]).into_iter().map(|problem| (problem.file, problem.line)).collect();
    assert_eq!(found, [(files[1].clone(), 2)]);
}

#[test]
fn imports_go_one_way_in_every_library_and_program() {
    let mut problems = Vec::new();
    for package in metadata().workspace_packages() {
        let in_src = |target: &&cargo_metadata::Target| target.src_path.components().any(|part| part.as_str() == "src");
        for target in package.targets.iter().filter(in_src) {
            problems.extend(modules::cycles(&modules::modules(target.src_path.as_std_path())));
        }
    }
    Problem::expect_none(&problems);
}

#[test]
fn every_readme_lists_the_modules_and_says_where_the_tests_are() {
    let mut problems = Vec::new();
    for package in metadata().workspace_packages() {
        let folder = package.manifest_path.parent().expect("a manifest stands in a folder").as_std_path();
        let readme = folder.join("README.md");
        let text = fs::read_to_string(&readme).unwrap_or_default();
        let mut names = names_in(&folder.join("src"));
        if folder.join("tests").is_dir() {
            names.push("tests/".to_owned());
        }
        problems.extend(names.into_iter().filter(|name| !is_listed(&text, name)).map(|name| Problem {
            file: readme.clone(),
            line: 1,
            rule: "modules",
            message: format!("must list {name}"),
        }));
    }
    Problem::expect_none(&problems);
}

/// The modules right below a folder, but for the roots: `wire.rs`, `notes/`.
fn names_in(folder: &Path) -> Vec<String> {
    let entries = fs::read_dir(folder).into_iter().flatten().flatten();
    let names = entries.map(|entry| {
        let name = entry.file_name().to_string_lossy().into_owned();
        if entry.path().is_dir() { name + "/" } else { name }
    });
    names.filter(|name| !matches!(name.as_str(), "lib.rs" | "main.rs")).collect()
}

/// Whether a README names a module: as a file, as a folder, or as a module in code.
fn is_listed(readme: &str, name: &str) -> bool {
    let module = name.trim_end_matches(".rs").trim_end_matches('/');
    [name.to_owned(), format!("{module}/"), format!("`{module}`")].iter().any(|spelling| readme.contains(spelling))
}

#[test]
fn a_module_that_a_readme_does_not_list_is_found() {
    assert!(is_listed("| `wire` | the wire |", "wire.rs"));
    assert!(is_listed("`src/wire.rs`", "wire.rs") && is_listed("see `notes/`", "notes/"));
    assert!(!is_listed("the wire", "wire.rs") && !is_listed("the notes", "notes/"));
}

#[test]
fn one_set_of_features() {
    let workspace = features::features(&["--workspace"]);
    let mut problems = Vec::new();
    for package in metadata().workspace_packages() {
        let mut alone = features::features(&["-p", &package.name]);
        // The package itself may have a feature that only others ask for.
        alone.remove(&format!("{} v{}", package.name, package.version));
        let different = features::different(&alone, &workspace);
        problems.extend(different.into_iter().map(|crates| format!("cargo test -p {}: {crates}", package.name)));
    }
    assert!(
        problems.is_empty(),
        "these crates are compiled again after `cargo test --workspace`; see crates/unify/README.md:\n{}",
        problems.join("\n")
    );
}

#[test]
fn a_set_of_features_of_its_own_is_found() {
    let workspace = features::parse("a v1.0.0|std,x\nb v1.0.0|std (*)\nb v1.0.0|\nours v0.1.0 (/here)|\n");
    let alone = |tree: &str| features::different(&features::parse(tree), &workspace);
    assert!(alone("a v1.0.0|std,x (*)\nb v1.0.0|\nours v0.1.0 (/here)|").is_empty());
    assert_eq!(alone("a v1.0.0|std").len(), 1);
    assert_eq!(alone("a v1.1.0|std,x").len(), 1, "another version is another crate");
}

/// A crate of these files, of which the first is the root.
fn made_up(files: &[(&str, &str)]) -> (tempfile::TempDir, Vec<PathBuf>) {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let paths = files.iter().map(|(name, text)| {
        let path = folder.path().join(name);
        fs::create_dir_all(path.parent().expect("it is below the folder")).expect("a folder can be made");
        fs::write(&path, text).expect("a file can be written");
        path
    });
    let paths = paths.collect();
    (folder, paths)
}

#[test]
fn a_file_that_no_module_includes_is_found() {
    let (_folder, files) = made_up(&[
        ("lib.rs", "mod a;\nmod b { mod inside; }\n#[cfg(x)]\n#[path = \"other/c.rs\"]\nmod c;\nmod dead {}\n"),
        ("a.rs", "mod below;\n"),
        ("a/below.rs", ""),
        ("b/inside.rs", ""),
        ("other/c.rs", "mod d;\n"),
        ("other/d/mod.rs", "mod e;\n"),
        ("other/d/e.rs", ""),
        ("dead.rs", "// `mod dead {}` is another module\n"),
        ("a/lost.rs", ""),
    ]);
    let lost: Vec<PathBuf> = modules::left_out(&files, &files[..1]).into_iter().map(|problem| problem.file).collect();
    assert_eq!(lost, files[7..]);
}

#[test]
fn imports_in_a_circle_are_found() {
    let circles = |files: &[(&str, &str)]| {
        let (_folder, paths) = made_up(files);
        let problems = modules::cycles(&modules::modules(&paths[0]));
        problems
            .iter()
            .map(|problem| problem.message.split(": ").last().unwrap_or_default().to_owned())
            .collect::<Vec<_>>()
    };
    let root = ("lib.rs", "mod a;\nmod b;\npub use b::{deep::Deep, B};\npub struct Own;\n");
    let (a, b) = ("a/mod.rs", "b/mod.rs");
    let deep = ("b/deep.rs", "pub struct Deep;\n");
    let two = |what: &'static str, back: &'static str| circles(&[root, (a, what), (b, back), deep]);
    let none: [&str; 0] = [];
    // Each circle stands beside one import that is no circle.
    assert_eq!(two("use crate::b::B;\n", "pub mod deep;\npub struct B;\n"), none);
    let both = ["in `crate`, a imports b, and b leads back to a", "in `crate`, b imports a, and a leads back to b"];
    assert_eq!(two("use crate::b::B;\n", "pub mod deep;\nuse crate::a::A;\n"), both);
    assert_eq!(two("use crate::B;\n", "pub mod deep;\nuse super::a::A;\n"), both, "through a re-export");
    assert_eq!(two("fn f() { crate::b::deep::g() }\n", "pub mod deep;\nuse crate::{a::{self, A}};\n"), both);
    assert_eq!(two("// use crate::b::B;\n", "pub mod deep;\nuse crate::a::A;\n"), none);
    assert_eq!(two("mod tests { use crate::b::B; }\n", "pub mod deep;\nuse crate::a::A;\n"), none);
    assert_eq!(
        two("const X: T = T { f: crate::b::f };\n", "pub mod deep;\nfn f(a: super::a::A) {}\n"),
        both,
        "behind a colon"
    );
    // A module's own items count among its children.
    assert_eq!(
        two("use crate::Own;\n", "pub mod deep;\npub struct B;\n"),
        none,
        "the root re-exports, it uses nothing"
    );
    let uses = ("lib.rs", "mod a;\npub struct Own;\nfn f() { crate::a::f() }\n");
    let circle = [
        "in `crate`, a imports self, and self leads back to a",
        "in `crate`, self imports a, and a leads back to self",
    ];
    assert_eq!(circles(&[uses, ("a.rs", "use super::Own;\n")]), circle);
    assert_eq!(circles(&[uses, ("a.rs", "pub fn f() {}\n")]), none);
}
