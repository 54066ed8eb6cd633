//! Which package may use which. `cargo metadata` shows the dependencies of a package; the sources
//! show which part of it (library, `main.rs`, tests) uses them.

use std::path::Path;

use cargo_metadata::{DependencyKind, Metadata};

use crate::Problem;
use crate::tokens::{roots, tokens};

/// A package and the packages of ours that it may use.
#[derive(Debug)]
pub struct Member {
    /// Its name.
    pub name: &'static str,
    /// Whether it is a lesson.
    pub lesson: bool,
    /// The packages that every part may use.
    library: &'static [&'static str],
    /// The packages that `src/main.rs` may use too.
    main: &'static [&'static str],
    /// The packages that `tests/` may use too.
    tests: &'static [&'static str],
}

const fn lesson(name: &'static str, library: &'static [&'static str]) -> Member {
    Member { name, lesson: true, library, main: &[], tests: &[] }
}

const fn other(name: &'static str, library: &'static [&'static str]) -> Member {
    Member { name, lesson: false, library, main: &[], tests: &[] }
}

/// Every package there is or will be.
pub const HOUSE: &[Member] = &[
    lesson("threads", &["chat"]),
    lesson("async-chat", &["chat"]),
    lesson("future", &[]),
    lesson("waker", &[]),
    Member { main: &["future"], tests: &["future"], ..lesson("executor", &["waker"]) },
    Member { main: &["future"], tests: &["future"], ..lesson("fast-executor", &["executor", "waker"]) },
    Member { main: &["async-chat"], ..lesson("reactor", &["executor", "fast-executor", "waker"]) },
    lesson(
        "costs",
        &["threads", "async-chat", "executor", "fast-executor", "reactor", "peers", "chat", "chat-tools", "measure"],
    ),
    other("chat", &[]),
    other("chat-tools", &["chat", "measure"]),
    other("measure", &[]),
    other("timeline", &[]),
    other("harness", &["chat"]),
    other("peers", &["harness"]),
    other("unify", &[]),
    other(
        "tests",
        &[
            "threads",
            "async-chat",
            "future",
            "waker",
            "executor",
            "fast-executor",
            "reactor",
            "costs",
            "harness",
            "peers",
            "timeline",
            "chat",
            "chat-tools",
        ],
    ),
];

/// A package of the house by its name.
pub fn member(name: &str) -> Option<&'static Member> {
    HOUSE.iter().find(|member| member.name == name)
}

/// Whether a lesson of this name is planned (its package need not exist yet).
pub fn is_lesson(name: &str) -> bool {
    member(name).is_some_and(|member| member.lesson)
}

/// A part of a package.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Place {
    /// `src/`, but for the program.
    Library,
    /// `src/main.rs`, and the scenes that a lesson's program plays: `src/scenes.rs` and what is
    /// below it.
    Main,
    /// `tests/`.
    Tests,
    /// `exercise/`, `benches/` and `examples/`.
    Others,
}

impl Place {
    /// The part that a file belongs to, by its path in the package.
    pub fn of(file: &Path) -> Place {
        let first = file.iter().next().unwrap_or_default().to_string_lossy();
        match &*first {
            "tests" => Place::Tests,
            "exercise" | "benches" | "examples" => Place::Others,
            _ if file == Path::new("src/main.rs") || file == Path::new("src/scenes.rs") => Place::Main,
            _ if file.starts_with("src/scenes") => Place::Main,
            _ => Place::Library,
        }
    }
}

impl Member {
    /// Whether one part of this package may use another package.
    pub fn may_use(&self, place: Place, package: &str) -> bool {
        self.library.contains(&package)
            || package == self.name // a program uses its library
            || match place {
                Place::Library => false,
                Place::Main => {
                    self.main.contains(&package) || (self.lesson && package == "timeline")
                }
                Place::Tests | Place::Others => {
                    let shared = self.lesson && matches!(package, "harness" | "peers" | "measure");
                    shared || (place == Place::Tests && self.tests.contains(&package))
                }
            }
    }

    /// The name by which code calls its library.
    pub fn library_name(&self) -> String {
        match (self.name, self.lesson) {
            ("tests", _) => "house".to_owned(),
            (name, true) => format!("lesson_{}", name.replace('-', "_")),
            (name, false) => name.replace('-', "_"),
        }
    }
}

/// A dependency of one of our packages on another.
#[derive(Clone, Debug)]
pub struct Edge {
    /// The package that depends.
    pub from: String,
    /// The package that it depends on.
    pub to: String,
    /// The kind of the dependency.
    pub kind: DependencyKind,
    /// Whether only a feature enables it.
    pub optional: bool,
    /// Whether its default features are on.
    pub default_features: bool,
}

/// The dependencies between the packages of a workspace.
pub fn edges(metadata: &Metadata) -> Vec<Edge> {
    let edges = metadata.workspace_packages().into_iter().flat_map(|package| {
        let ours = package.dependencies.iter().filter(|dependency| dependency.path.is_some());
        ours.map(|dependency| Edge {
            from: package.name.to_string(),
            to: dependency.name.clone(),
            kind: dependency.kind,
            optional: dependency.optional,
            default_features: dependency.uses_default_features,
        })
    });
    edges.collect()
}

/// The rule that a dependency breaks, if it breaks one.
pub fn wrong_edge(edge: &Edge) -> Option<String> {
    let (from, to) = (&edge.from, &edge.to);
    let Some(member) = member(from) else {
        return Some(format!("package {from} must be in the table `HOUSE` of tests/src/arrows.rs"));
    };
    if to == "unify" && edge.kind == DependencyKind::Development {
        return None; // every package takes the features of the workspace from it
    }
    let (places, words): (&[Place], _) = match edge.kind {
        // The table tells library and program apart, cargo does not: see `wrong_names`.
        DependencyKind::Normal => (&[Place::Library, Place::Main], "depend on"),
        DependencyKind::Development => (&[Place::Tests, Place::Others], "depend (in tests) on"),
        _ => (&[Place::Library], "depend (in its build script) on"),
    };
    if !places.iter().any(|&place| member.may_use(place, to)) {
        return Some(format!("{from} must not {words} {to}"));
    }
    match (from.as_str(), to.as_str(), edge.kind) {
        ("reactor", "async-chat", _) if edge.default_features => {
            Some("reactor must take async-chat with `default-features = false`".to_owned())
        }
        ("harness", "chat", DependencyKind::Normal) if !edge.optional => {
            Some("harness must take chat only for its feature `chat` (optional)".to_owned())
        }
        _ => None,
    }
}

/// The names of our libraries in a file that this part of its package must not know.
pub fn wrong_names(package: &str, folder: &Path, file: &Path, code: &str) -> Vec<Problem> {
    let Some(owner) = member(package) else { return Vec::new() };
    let place = Place::of(file);
    let tokens = tokens(code);
    let wrong = roots(&tokens).filter_map(|token| {
        let named = HOUSE.iter().find(|member| member.library_name() == token.text)?;
        (!owner.may_use(place, named.name)).then(|| Problem {
            file: folder.join(file),
            line: token.line,
            rule: "arrows",
            message: format!("this part of {package} must not use {}", named.name),
        })
    });
    wrong.collect()
}
