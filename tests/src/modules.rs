//! The modules of a target, found as rustc finds them: from its root file along `mod name;` and
//! `#[path = "…"]`. With them two rules: no source file is left out, and imports go one way.

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    path::{Path, PathBuf},
};

use crate::Problem;
use crate::tokens::{Token, tokens};

/// A module in a file of its own.
#[derive(Debug)]
pub struct Module {
    /// Its path in the crate: `["run", "check"]`; empty for the root.
    pub path: Vec<String>,
    /// Its file.
    pub file: PathBuf,
    code: Vec<Token>,
}

/// The modules of the target whose root is `file`, the root first. A file that cannot be read has
/// no modules: rustc reports it.
pub fn modules(file: &Path) -> Vec<Module> {
    let mut found = Vec::new();
    follow(file.to_owned(), Vec::new(), true, &mut found);
    found
}

/// `owns_folder`: whether the children of the file stand beside it, and not in a folder of its
/// name.
fn follow(file: PathBuf, path: Vec<String>, owns_folder: bool, found: &mut Vec<Module>) {
    let Ok(text) = fs::read_to_string(&file) else { return };
    let code = tokens(&text);
    let beside = file.parent().unwrap_or(Path::new("")).to_owned();
    let folder = if owns_folder { beside.clone() } else { file.with_extension("") };
    let mut children = Vec::new();
    declared(&code, &path, &beside, &folder, &mut children);
    found.push(Module { path, file, code });
    for (path, file, owns_folder) in children {
        follow(file, path, owns_folder, found);
    }
}

/// The modules that some code declares with `mod name;`: path, file, and whether it owns its
/// folder.
fn declared(
    code: &[Token],
    path: &[String],
    beside: &Path,
    folder: &Path,
    children: &mut Vec<(Vec<String>, PathBuf, bool)>,
) {
    let mut index = 0;
    while index + 2 < code.len() {
        let [word, name, next] = [0, 1, 2].map(|ahead| code[index + ahead].text.as_str());
        if word != "mod" {
            index += 1;
            continue;
        }
        let explicit = path_attribute(&code[..index]);
        let mut child = path.to_owned();
        child.push(name.to_owned());
        match (next, explicit) {
            (";", Some(explicit)) => children.push((child, beside.join(explicit), true)),
            (";", None) => {
                let own = folder.join(name).join("mod.rs");
                let (file, owns) = if own.is_file() { (own, true) } else { (folder.join(format!("{name}.rs")), false) };
                children.push((child, file, owns));
            }
            ("{", explicit) => {
                let end = closing(code, index + 2);
                let inner = explicit.map_or_else(|| folder.join(name), |explicit| beside.join(explicit));
                declared(&code[index + 3..end], &child, &inner, &inner, children);
                index = end;
            }
            _ => {}
        }
        index += 1;
    }
}

/// The file of a `#[path = "…"]` among the attributes that end this code.
fn path_attribute(before: &[Token]) -> Option<String> {
    let start = before.iter().rposition(|token| matches!(token.text.as_str(), ";" | "}" | "{")).map_or(0, |at| at + 1);
    let attributes = &before[start..];
    let at = attributes.windows(2).position(|pair| pair[0].text == "path" && pair[1].text == "=")?;
    Some(attributes.get(at + 2)?.text.trim_matches('"').to_owned())
}

/// The index of the brace that closes the one at `open`.
fn closing(code: &[Token], open: usize) -> usize {
    let mut depth = 0;
    for (index, token) in code.iter().enumerate().skip(open) {
        match token.text.as_str() {
            "{" => depth += 1,
            "}" => depth -= 1,
            _ => {}
        }
        if depth == 0 {
            return index;
        }
    }
    code.len()
}

/// The files with a `#[test]` among the modules of a target that cargo does not test.
pub fn untested(target: &Path) -> Vec<Problem> {
    let has_test = |module: &Module| {
        let marks = ["#", "[", "test", "]"];
        module
            .code
            .windows(4)
            .find(|four| four.iter().map(|token| token.text.as_str()).eq(marks))
            .map(|four| four[0].line)
    };
    let found = modules(target).into_iter().filter_map(|module| Some((has_test(&module)?, module.file)));
    let message = "must hold no test: its target says `test = false`";
    found.map(|(line, file)| Problem { file, line, rule: "untested", message: message.to_owned() }).collect()
}

/// The files that no target of their package includes.
pub fn left_out(files: &[PathBuf], targets: &[PathBuf]) -> Vec<Problem> {
    let included: BTreeSet<PathBuf> =
        targets.iter().flat_map(|target| modules(target)).map(|module| plain(&module.file)).collect();
    let outside = files.iter().filter(|file| !included.contains(&plain(file)));
    outside
        .map(|file| Problem {
            file: file.clone(),
            line: 1,
            rule: "left out",
            message: "must be a module of some target: nothing compiles it".to_owned(),
        })
        .collect()
}

/// A path without `..`.
fn plain(path: &Path) -> PathBuf {
    let mut plain = PathBuf::new();
    for part in path {
        if part == ".." {
            plain.pop();
        } else {
            plain.push(part);
        }
    }
    plain
}

/// The imports of a crate that do not go one way. Among the children of each module, and the
/// module's own items, the imports must form no cycle; what a module re-exports counts as an import
/// of the child that has it.
pub fn cycles(modules: &[Module]) -> Vec<Problem> {
    let known: BTreeSet<&[String]> = modules.iter().map(|module| module.path.as_slice()).collect();
    let exports: Exports<'_> =
        modules.iter().map(|module| (module.path.as_slice(), re_exports(module, &known))).collect();
    let mut graphs: BTreeMap<Vec<String>, Graph> = BTreeMap::new();
    for module in modules {
        for (import, line, exported) in imports(module, &known) {
            let target = owner(import, &known, &exports);
            let common = module.path.iter().zip(&target).take_while(|(own, other)| own == other).count();
            let child = |path: &[String]| path.get(common).map_or(ITSELF, String::as_str).to_owned();
            let (from, to) = (child(&module.path), child(&target));
            if from != to && !(exported && from == ITSELF) {
                let graph = graphs.entry(module.path[..common].to_vec()).or_default();
                graph.entry((from, to)).or_insert_with(|| (module.file.clone(), line));
            }
        }
    }
    graphs.iter().flat_map(|(parent, graph)| around(parent, graph)).collect()
}

/// The re-exports of each module: name and absolute path.
type Exports<'a> = BTreeMap<&'a [String], BTreeMap<String, Vec<String>>>;

/// The imports among the children of one module: from, to, and the first place of it.
type Graph = BTreeMap<(String, String), (PathBuf, usize)>;

/// How a module's own items are called among its children.
const ITSELF: &str = "self";

/// The imports of one graph that are part of a cycle.
fn around(parent: &[String], graph: &Graph) -> Vec<Problem> {
    let reaches = |from: &str, to: &str| {
        let (mut seen, mut next) = (BTreeSet::new(), vec![from]);
        while let Some(node) = next.pop() {
            for (_, other) in graph.keys().filter(|(start, _)| start == node) {
                if other == to {
                    return true;
                }
                if seen.insert(other) {
                    next.push(other);
                }
            }
        }
        false
    };
    let cyclic = graph.iter().filter(|((from, to), _)| reaches(to, from));
    cyclic
        .map(|((from, to), (file, line))| Problem {
            file: file.clone(),
            line: *line,
            rule: "one way",
            message: format!(
                "must not import in a circle: in `crate{}`, {from} imports {to}, and {to} leads back to {from}",
                parent.iter().map(|part| format!("::{part}")).collect::<String>()
            ),
        })
        .collect()
}

/// The module's re-exports from modules of its crate: name and absolute path.
fn re_exports(module: &Module, known: &BTreeSet<&[String]>) -> BTreeMap<String, Vec<String>> {
    let mut exports = BTreeMap::new();
    for (index, token) in module.code.iter().enumerate() {
        if token.text != "use" || !is_public(&module.code[..index]) {
            continue;
        }
        let mut paths = Vec::new();
        tree(&module.code, index + 1, &[], &mut paths);
        for (mut path, name) in paths {
            let first = path.first().cloned().unwrap_or_default();
            let child = [&module.path[..], std::slice::from_ref(&first)].concat();
            if let Some(absolute) = absolute(&module.path, &path) {
                path = absolute;
            } else if known.contains(child.as_slice()) {
                path = [&module.path[..], &path].concat();
            } else {
                continue;
            }
            exports.insert(name, path);
        }
    }
    exports
}

/// Whether what follows is `pub` or `pub(…)`.
fn is_public(before: &[Token]) -> bool {
    match before {
        [.., last] if last.text == "pub" => true,
        [.., public, open, _, close] => public.text == "pub" && open.text == "(" && close.text == ")",
        _ => false,
    }
}

/// An import: the absolute path, its line, and whether it is re-exported.
type Import = (Vec<String>, usize, bool);

/// Every path of this module that begins with `crate`, `super`, `self` or a child. Tests inside the
/// file are left out.
fn imports(module: &Module, known: &BTreeSet<&[String]>) -> Vec<Import> {
    let mut found = Vec::new();
    scan(&module.code, &module.path, known, &mut found);
    found
}

/// The imports of some code of the module `path`, with those of the modules inside it.
fn scan(code: &[Token], path: &[String], known: &BTreeSet<&[String]>, found: &mut Vec<Import>) {
    let mut index = 0;
    let mut exported_until = 0;
    while index < code.len() {
        let text = |ahead: usize| code.get(index + ahead).map_or("", |token| token.text.as_str());
        if text(0) == "mod" && text(2) == "{" {
            let end = closing(code, index + 2);
            if text(1) != "tests" {
                let inner = [path, &[text(1).to_owned()]].concat();
                scan(&code[index + 3..end], &inner, known, found);
            }
            index = end;
        } else if text(0) == "use" && is_public(&code[..index]) {
            exported_until = code[index..].iter().position(|token| token.text == ";").map_or(index, |end| index + end);
        } else if text(1) == ":" && text(2) == ":" && !follows_colons(&code[..index]) {
            let child = [path, &[text(0).to_owned()]].concat();
            let inside = known.contains(child.as_slice());
            if inside || matches!(text(0), "crate" | "super" | "self") {
                let mut paths = Vec::new();
                tree(code, index, if inside { path } else { &[] }, &mut paths);
                let line = code[index].line;
                let rooted = |named: Vec<String>| if inside { Some(named) } else { absolute(path, &named) };
                let paths = paths.into_iter().filter_map(|(named, _)| rooted(named));
                found.extend(paths.map(|named| (named, line, index < exported_until)));
            }
        }
        index += 1;
    }
}

/// Whether what follows stands behind `::`. A single `:` is that of a type or of a field.
fn follows_colons(before: &[Token]) -> bool {
    matches!(before, [.., one, two] if one.text == ":" && two.text == ":")
}

/// The path from the root of the crate.
fn absolute(module: &[String], path: &[String]) -> Option<Vec<String>> {
    let mut base = match path.first().map(String::as_str) {
        Some("crate") => Vec::new(),
        Some("self") => module.to_vec(),
        Some("super") => module.split_last().map_or_else(Vec::new, |(_, parent)| parent.to_vec()),
        _ => return None,
    };
    for part in &path[1..] {
        if part == "super" {
            base.pop();
        } else if part != "self" {
            base.push(part.clone());
        }
    }
    Some(base)
}

/// Reads a path or a tree of `use` from `index` on: each path with the name it has here. Gives the
/// index behind it.
fn tree(code: &[Token], mut index: usize, before: &[String], paths: &mut Vec<(Vec<String>, String)>) -> usize {
    let text = |index: usize| code.get(index).map_or("", |token| token.text.as_str());
    let mut path = before.to_vec();
    loop {
        if text(index) == "{" {
            index += 1;
            while index < code.len() && text(index) != "}" {
                index = tree(code, index, &path, paths);
                if text(index) == "," {
                    index += 1;
                } else if text(index) != "}" {
                    return index; // no tree after all: a block behind a path
                }
            }
            return index + 1;
        }
        path.push(text(index).to_owned());
        index += 1;
        if text(index) == ":" && text(index + 1) == ":" && text(index + 2) != "<" {
            index += 2;
            continue;
        }
        let mut name = path.last().cloned().unwrap_or_default();
        if text(index) == "as" {
            name = text(index + 1).to_owned();
            index += 2;
        }
        if name == "self" {
            name = path.iter().rev().nth(1).cloned().unwrap_or_default();
        }
        paths.push((path, name));
        return index;
    }
}

/// The module that has what a path names, behind all re-exports.
fn owner(mut path: Vec<String>, known: &BTreeSet<&[String]>, exports: &Exports<'_>) -> Vec<String> {
    // A re-export of a re-export of …: more than this is a circle, which rustc refuses.
    for _ in 0..10 {
        let depth = (0..=path.len()).rev().find(|&depth| known.contains(&path[..depth])).unwrap_or_default();
        let target = path.get(depth).and_then(|name| exports.get(&path[..depth])?.get(name));
        match target {
            Some(target) => path = [&target[..], &path[depth + 1..]].concat(),
            None => return path[..depth].to_vec(),
        }
    }
    path
}
