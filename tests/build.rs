//! Makes a doctest of every fence tagged `rust` of the English notes that is not an excerpt (an
//! excerpt is compiled where it comes from). Twins are equal to the byte: one language is enough.

#[path = "src/notes/fences.rs"]
#[allow(dead_code, reason = "the checker of the notes reads more of a fence than this script")]
mod fences;

use std::path::Path;
use std::{env, fmt::Write, fs};

fn main() {
    println!("cargo::rerun-if-changed=../notes");
    println!("cargo::rerun-if-changed=src/notes/fences.rs");
    let mut items = String::new();
    for page in fences::pages(Path::new("../notes/en")) {
        let text = fs::read_to_string(&page).expect("a page is readable UTF-8");
        let stem = page.file_stem().expect("a page has a name").to_string_lossy();
        // The item's name is what a failing doctest shows: the page and the line.
        let name: String = stem.chars().map(|c| if c.is_ascii_alphanumeric() { c } else { '_' }).collect();
        for fence in fences::fences(&fences::body(&text)) {
            if fence.info.as_deref() == Some("rust") && fence.source.is_none() {
                let doc = format!("```rust\n{}```", fence.code);
                writeln!(items, "#[doc = {doc:?}]\nmod notes_en_{name}_line_{} {{}}", fence.line)
                    .expect("a String takes everything");
            }
        }
    }
    let out = env::var_os("OUT_DIR").expect("cargo sets OUT_DIR");
    fs::write(Path::new(&out).join("notes.rs"), items).expect("OUT_DIR is writable");
}
