//! A parsed page of the notes: headings, links, code, blocks and lines of evidence.

use std::ops::Range;
use std::path::{Path, PathBuf};
use std::{fs, io};

use pulldown_cmark::{Event, Tag, TagEnd};

use super::evidence_line::{Evidence, Piece};
use super::fences::{self, Fence};
use super::yaml;

/// The language of a page.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Language {
    /// `notes/es`, the source.
    Spanish,
    /// `notes/en`, its twin.
    English,
}

impl Language {
    /// The folder of its pages, from the root.
    pub fn folder(self) -> &'static str {
        match self {
            Language::Spanish => "notes/es",
            Language::English => "notes/en",
        }
    }
}

/// A heading.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Heading {
    /// Its line.
    pub line: usize,
    /// 1 to 6.
    pub level: usize,
    /// Its text, without marks.
    pub text: String,
}

/// A link or an image.
#[derive(Debug)]
pub struct Link {
    /// Its line.
    pub line: usize,
    /// Its target, as written.
    pub target: String,
    /// The alternative text of an image; `None` for a link.
    pub alt: Option<String>,
}

/// The kind of a block, as far as the rules distinguish it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum BlockKind {
    /// A paragraph, a quote or a callout. Only these may hold a claim.
    Prose,
    /// Anything else.
    Other,
}

/// A page.
#[derive(Debug)]
pub struct Page {
    /// The file, from the root.
    pub file: PathBuf,
    /// The language.
    pub language: Language,
    /// The file as it is.
    pub text: String,
    /// The text with blank lines in place of the frontmatter.
    pub body: String,
    /// The body with spaces in place of code and HTML.
    pub prose: String,
    /// The headings.
    pub headings: Vec<Heading>,
    /// Links and images, in order.
    pub links: Vec<Link>,
    /// Blocks of code.
    pub fences: Vec<Fence>,
    /// Code spans: line and code.
    pub spans: Vec<(usize, String)>,
    /// The outermost blocks.
    pub blocks: Vec<(BlockKind, Range<usize>)>,
    /// Lines that end inside a paragraph.
    pub breaks: Vec<usize>,
    /// The ranges of HTML.
    pub html: Vec<Range<usize>>,
    /// The lines of evidence.
    pub evidence: Vec<Evidence>,
}

impl Page {
    /// Parses a page.
    pub fn parse(file: PathBuf, language: Language, text: String) -> Page {
        let body = fences::body(&text);
        let mut page = Page {
            file,
            language,
            prose: String::new(),
            headings: Vec::new(),
            links: Vec::new(),
            fences: fences::fences(&body),
            spans: Vec::new(),
            blocks: Vec::new(),
            breaks: Vec::new(),
            html: Vec::new(),
            evidence: Vec::new(),
            body,
            text,
        };
        page.walk();
        page
    }

    fn walk(&mut self) {
        let body = self.body.clone();
        let mut depth = 0;
        let mut pieces = Vec::new(); // of the paragraph or heading being read
        let mut alt = 0; // how many of them come before the image being read
        let mut hidden: Vec<Range<usize>> = self.fences.iter().map(|f| f.range.clone()).collect();
        for (event, range) in fences::parser(&body) {
            let line = fences::line(&body, range.start);
            match event {
                Event::Start(tag) => {
                    if depth == 0 {
                        let prose = matches!(tag, Tag::Paragraph | Tag::BlockQuote(_));
                        let kind = if prose { BlockKind::Prose } else { BlockKind::Other };
                        self.blocks.push((kind, range.clone()));
                    }
                    depth += 1;
                    match tag {
                        Tag::Paragraph | Tag::Heading { .. } => pieces.clear(),
                        Tag::Link { dest_url, .. } => {
                            let target = dest_url.into_string();
                            self.links.push(Link { line, target, alt: None });
                        }
                        Tag::Image { dest_url, .. } => {
                            let target = dest_url.into_string();
                            self.links.push(Link { line, target, alt: Some(String::new()) });
                            // The alternative text is a piece of its own, apart from the text
                            // before it.
                            pieces.push(Piece::Text(String::new()));
                            alt = pieces.len() - 1;
                        }
                        Tag::HtmlBlock => self.html.push(range),
                        _ => {}
                    }
                }
                Event::End(tag) => {
                    depth -= 1;
                    match tag {
                        TagEnd::Heading(level) => {
                            let (level, text) = (level as usize, plain(&pieces));
                            self.headings.push(Heading { line, level, text });
                        }
                        TagEnd::Paragraph => self.evidence.extend(Evidence::read(line, &pieces)),
                        TagEnd::Image => {
                            let image = self.links.iter_mut().rfind(|link| link.alt.is_some());
                            image.expect("an image ends where one began").alt = Some(plain(&pieces[alt..]));
                        }
                        _ => {}
                    }
                }
                Event::Text(text) => match pieces.last_mut() {
                    Some(Piece::Text(before)) => before.push_str(&text),
                    _ => pieces.push(Piece::Text(text.into_string())),
                },
                Event::Code(code) => {
                    self.spans.push((line, code.to_string()));
                    pieces.push(Piece::Code(code.into_string()));
                    hidden.push(range);
                }
                Event::SoftBreak | Event::HardBreak => self.breaks.push(line),
                Event::InlineHtml(_) => self.html.push(range),
                _ => {}
            }
        }
        hidden.extend(self.html.iter().cloned());
        self.prose = fences::blank(&body, hidden);
    }

    /// The line of an offset.
    pub fn line(&self, offset: usize) -> usize {
        fences::line(&self.text, offset)
    }

    /// The file's path from the folder of its language.
    pub fn name(&self) -> &Path {
        self.file.strip_prefix(self.language.folder()).unwrap_or(&self.file)
    }

    /// A value of the frontmatter and its line; without a value, the line of the frontmatter.
    pub fn front(&self, key: &str) -> (usize, Option<String>) {
        let front = fences::frontmatter(&self.text).unwrap_or_default();
        let written = front.lines().position(|line| line.starts_with(&format!("{key}:")));
        (written.map_or(1, |index| index + 2), yaml::value(front, key))
    }

    /// The lesson of the page; `None` if the frontmatter says `none` or nothing.
    pub fn lesson(&self) -> Option<String> {
        self.front("lesson").1.filter(|lesson| lesson != "none")
    }
}

fn plain(pieces: &[Piece]) -> String {
    let text = |piece: &Piece| match piece {
        Piece::Text(text) | Piece::Code(text) => text.clone(),
    };
    pieces.iter().map(text).collect()
}

/// The headings of a Markdown file, in order.
pub fn headings(file: &Path) -> io::Result<Vec<Heading>> {
    // Headings are the same in either language.
    Ok(Page::parse(file.to_owned(), Language::English, fs::read_to_string(file)?).headings)
}
