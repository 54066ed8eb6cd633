//! The tokens of a Rust file. A search over tokens finds no names in comments or strings.

use std::str::FromStr;

use proc_macro2::{Delimiter, TokenStream, TokenTree};

/// A token: a word, a literal, a bracket or one character of punctuation.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Token {
    /// Its line.
    pub line: usize,
    /// Its text.
    pub text: String,
}

/// The tokens of a file, also those in macros and attributes. A file with a syntax error has none:
/// rustc reports it, and an exercise that a reader is typing must not fail here.
pub fn tokens(code: &str) -> Vec<Token> {
    let mut tokens = Vec::new();
    flatten(TokenStream::from_str(code).unwrap_or_default(), &mut tokens);
    tokens
}

fn flatten(stream: TokenStream, tokens: &mut Vec<Token>) {
    for tree in stream {
        let line = tree.span().start().line;
        let TokenTree::Group(group) = tree else {
            tokens.push(Token { line, text: tree.to_string() });
            continue;
        };
        let (open, close) = match group.delimiter() {
            Delimiter::Parenthesis => ("(", ")"),
            Delimiter::Brace => ("{", "}"),
            Delimiter::Bracket => ("[", "]"),
            Delimiter::None => ("", ""),
        };
        tokens.push(Token { line, text: open.to_owned() });
        flatten(group.stream(), tokens);
        tokens.push(Token { line: group.span_close().start().line, text: close.to_owned() });
    }
}

/// The words that begin a path, where a crate's name can be: `name::…`, `use name;`,
/// `use name as …`, `extern crate name`. A word after the `::` of another word is none of them.
pub fn roots(tokens: &[Token]) -> impl Iterator<Item = &Token> {
    let text = |index: usize| tokens.get(index).map_or("", |token| token.text.as_str());
    (0..tokens.len()).filter_map(move |index| {
        let before = |back: usize| index.checked_sub(back).map_or("", text);
        let follows_colons = before(1) == ":" && before(2) == ":";
        let inside_path = follows_colons && is_word(before(3));
        let begins_path = text(index + 1) == ":" && text(index + 2) == ":";
        let used_whole = matches!(before(1), "use" | "crate") && matches!(text(index + 1), ";" | "as");
        let is_root = is_word(text(index)) && !inside_path && (begins_path || used_whole);
        is_root.then(|| &tokens[index])
    })
}

/// Whether a token may be a part of a path.
fn is_word(text: &str) -> bool {
    text != "use" && text.starts_with(|c: char| c.is_alphabetic() || c == '_')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn roots_are_the_crates_and_not_what_stands_behind_them() {
        let code = "// no::x\nuse a::b::c;\nuse ::d::e;\nuse f as g;\nextern crate h;\n\
                    use {i::j, k::{l::m}};\nfn n() -> o::P { q!(\"r::s\", t::u) }\n";
        let tokens = tokens(code);
        let found: Vec<(&str, usize)> = roots(&tokens).map(|token| (token.text.as_str(), token.line)).collect();
        let expected = [("a", 2), ("d", 3), ("f", 4), ("h", 5), ("i", 6), ("k", 6), ("l", 6), ("o", 7), ("t", 7)];
        assert_eq!(found, expected);
    }
}
