//! The features of third-party crates: a package that is tested alone must ask for the same
//! features as the whole workspace, or cargo compiles those crates again.

use std::{collections::BTreeMap, collections::BTreeSet, process::Command};

/// The sets of features with which each crate is compiled, by name and version.
pub type Features = BTreeMap<String, BTreeSet<String>>;

/// The features that cargo compiles for the tests of some packages: `--workspace`, or `-p` and a
/// name.
///
/// # Panics
///
/// If cargo fails.
pub fn features(packages: &[&str]) -> Features {
    let mut command = Command::new(env!("CARGO"));
    command.args(["tree", "--offline", "--locked", "--prefix", "none", "--edges", "normal,build,dev"]);
    let output = command.args(["--format", "{p}|{f}"]).args(packages).current_dir(crate::root()).output();
    let output = output.expect("cargo starts");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    parse(&String::from_utf8_lossy(&output.stdout))
}

/// Reads the lines of `cargo tree`: `name version (path)|feature,feature (*)`.
pub fn parse(tree: &str) -> Features {
    let mut found = Features::new();
    for line in tree.lines() {
        let Some((package, features)) = line.trim_end_matches(" (*)").split_once('|') else { continue };
        let name = package.split(" (").next().unwrap_or(package);
        found.entry(name.to_owned()).or_default().insert(features.to_owned());
    }
    found
}

/// The crates that are compiled again when this package is tested alone, with the features it asks
/// for and those of the workspace.
pub fn different(package: &Features, workspace: &Features) -> Vec<String> {
    let none = BTreeSet::new();
    let differs = package.iter().filter_map(|(name, sets)| {
        let all = workspace.get(name).unwrap_or(&none);
        (!sets.is_subset(all)).then(|| format!("{name} is compiled with {sets:?}, and for the workspace with {all:?}"))
    });
    differs.collect()
}
