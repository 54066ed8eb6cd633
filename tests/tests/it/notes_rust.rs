//! The Rust in the notes compiles and runs. An excerpt is compiled in its own package; every other
//! `rust` fence is a doctest here, and uses only the standard library.

use std::{env, fmt::Write, fs, process::Command};

use house::{notes::own_rust, root};

/// Runs these pieces of code as doctests, each under its name. Gives whether they pass, and the
/// output of rustdoc.
fn doctests(code: &[(String, String)]) -> (bool, String) {
    let mut items = String::new();
    for (name, code) in code {
        let doc = format!("```rust\n{code}```");
        writeln!(items, "#[doc = {doc:?}]\npub mod {name} {{}}").expect("a String accepts all text");
    }
    let folder = tempfile::tempdir().expect("a temporary folder");
    let file = folder.path().join("notes.rs");
    fs::write(&file, items).expect("the folder is writable");
    let rustdoc = env::var_os("RUSTDOC").unwrap_or_else(|| "rustdoc".into());
    let output = Command::new(rustdoc).args(["--test", "--edition", "2024"]).arg(file).output();
    let output = output.expect("rustdoc is installed with rustc");
    (output.status.success(), String::from_utf8_lossy(&[output.stdout, output.stderr].concat()).into_owned())
}

#[test]
fn every_rust_fence_of_the_notes_passes() {
    let fences = own_rust(root()).expect("the notes are readable");
    let named = fences.into_iter().map(|(page, fence)| {
        let stem = page.file_stem().expect("a page has a name").to_string_lossy();
        let word = stem.replace(|character: char| !character.is_ascii_alphanumeric(), "_");
        (format!("notes_en_{word}_line_{}", fence.line), fence.code)
    });
    let named: Vec<_> = named.collect();
    let (passes, said) = doctests(&named);
    assert!(passes && said.contains(&format!("{} passed", named.len())), "{said}");
}

#[test]
fn a_rust_fence_that_fails_is_found() {
    let fence = |name: &str, code: &str| (name.to_owned(), code.to_owned());
    let wrong =
        [fence("right", "assert!(true);\n"), fence("wrong", "assert!(false);\n"), fence("none", "let x: u8 = ();\n")];
    let (passes, said) = doctests(&wrong);
    assert!(!passes && said.contains("1 passed; 2 failed"), "{said}");
}
