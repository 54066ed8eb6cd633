//! The Markdown dialect of the notes, the pages of a folder and the fences of a page.

use std::ops::Range;
use std::path::{Path, PathBuf};
use std::{fs, io};

use pulldown_cmark::{CodeBlockKind, Event, OffsetIter, Options, Parser, Tag, TagEnd};

/// A block of code.
#[derive(Debug, Default)]
pub struct Fence {
    /// The line of the opening fence.
    pub line: usize,
    /// The word after the opening fence; `None` for indented code.
    pub info: Option<String>,
    /// The code, without the indentation or `>` of a list or quote around it.
    pub code: String,
    /// The text of a `<!-- src: … -->` on the line above.
    pub source: Option<String>,
    /// The range of the block in the page, fences included.
    pub range: Range<usize>,
}

/// CommonMark with the extensions that GitHub, Obsidian and mdBook share.
pub fn parser(body: &str) -> OffsetIter<'_> {
    let options = Options::ENABLE_TABLES
        | Options::ENABLE_FOOTNOTES
        | Options::ENABLE_STRIKETHROUGH
        | Options::ENABLE_TASKLISTS
        | Options::ENABLE_GFM;
    Parser::new_ext(body, options).into_offset_iter()
}

/// The YAML between the two `---` at the top of a page.
pub fn frontmatter(text: &str) -> Option<&str> {
    text.strip_prefix("---\n")?.split_once("\n---\n").map(|(yaml, _)| yaml)
}

/// The page with blank lines in place of its frontmatter, so that all offsets stay the same.
pub fn body(text: &str) -> String {
    let front = frontmatter(text).map_or(0, |yaml| "---\n".len() + yaml.len() + "\n---\n".len());
    blank(text, std::iter::once(0..front))
}

/// The text with spaces in place of these ranges. Line ends stay.
pub fn blank(text: &str, ranges: impl IntoIterator<Item = Range<usize>>) -> String {
    let mut bytes = text.to_owned().into_bytes();
    for byte in ranges.into_iter().flatten() {
        if bytes[byte] != b'\n' {
            bytes[byte] = b' ';
        }
    }
    String::from_utf8(bytes).expect("a range of a page begins and ends between characters")
}

/// The line of an offset, counted from 1.
pub fn line(text: &str, offset: usize) -> usize {
    text[..offset].matches('\n').count() + 1
}

/// Every block of code of a page, in order.
pub fn fences(body: &str) -> Vec<Fence> {
    let mut fences: Vec<Fence> = Vec::new();
    let mut inside = false;
    for (event, range) in parser(body) {
        match event {
            Event::Start(Tag::CodeBlock(kind)) => {
                inside = true;
                let line = line(body, range.start);
                let above = body.lines().nth(line.wrapping_sub(2)).unwrap_or_default();
                fences.push(Fence {
                    line,
                    info: match kind {
                        CodeBlockKind::Fenced(info) => Some(info.into_string()),
                        CodeBlockKind::Indented => None,
                    },
                    source: source(above),
                    range,
                    ..Fence::default()
                });
            }
            Event::End(TagEnd::CodeBlock) => inside = false,
            Event::Text(code) if inside => {
                fences.last_mut().expect("the text is inside a block").code.push_str(&code);
            }
            _ => {}
        }
    }
    fences
}

/// The `rust` fences of the English pages that are not excerpts, each with its page. An excerpt is
/// compiled in its own package, and the Spanish pages hold the same code.
pub fn own_rust(root: &Path) -> io::Result<Vec<(PathBuf, Fence)>> {
    let mut found = Vec::new();
    for page in pages(&root.join("notes/en")) {
        let text = fs::read_to_string(&page)?;
        let own = fences(&body(&text)).into_iter().filter(|fence| fence.info.as_deref() == Some("rust"));
        found.extend(own.filter(|fence| fence.source.is_none()).map(|fence| (page.clone(), fence)));
    }
    Ok(found)
}

/// The source that a line `<!-- src: … -->` names.
pub fn source(line: &str) -> Option<String> {
    let comment = line.trim().strip_prefix("<!--")?.strip_suffix("-->")?;
    Some(comment.trim().strip_prefix("src:")?.trim().to_owned())
}

/// The `.md` files in a folder and its subfolders, sorted; none if it does not exist.
pub fn pages(folder: &Path) -> Vec<PathBuf> {
    let mut pages = Vec::new();
    for entry in fs::read_dir(folder).into_iter().flatten().flatten() {
        let path = entry.path();
        if path.is_dir() {
            pages.extend(self::pages(&path));
        } else if path.extension().is_some_and(|extension| extension == "md") {
            pages.push(path);
        }
    }
    pages.sort();
    pages
}
