//! The lines that come out of the codec do not depend on how their bytes were cut, nor does what it
//! keeps exceed the limit.

use chat::{BadLine, LineDecoder};
use proptest::prelude::*;

const LIMIT: usize = 16;

type Lines = Vec<Result<String, BadLine>>;

/// The specification, over the whole stream at once.
fn split(bytes: &[u8]) -> Lines {
    let mut pieces: Vec<&[u8]> = bytes.split(|byte| *byte == b'\n').collect();
    // The last piece has no `\n`: it is a line only if there is anything in it.
    if pieces.last().is_some_and(|last| last.is_empty()) {
        pieces.pop();
    }
    let line = |piece: &[u8]| {
        let piece = piece.strip_suffix(b"\r").unwrap_or(piece);
        match String::from_utf8(piece.to_vec()) {
            _ if piece.len() > LIMIT => Err(BadLine::TooLong(LIMIT)),
            Ok(text) => Ok(text),
            Err(_) => Err(BadLine::NotUtf8),
        }
    };
    pieces.into_iter().map(line).collect()
}

fn decode<'a>(chunks: impl Iterator<Item = &'a [u8]>) -> Lines {
    let mut decoder = LineDecoder::new(LIMIT);
    let mut lines = Vec::new();
    for mut chunk in chunks {
        while let Some(line) = decoder.next(&mut chunk) {
            lines.push(line.map(str::to_owned));
        }
    }
    lines.extend(decoder.finish().map(|line| line.map(str::to_owned)));
    lines
}

/// Few different bytes, so that endings, multi-byte characters and lines about as long as the limit
/// are common.
fn stream() -> impl Strategy<Value = Vec<u8>> {
    let piece = prop_oneof![
        4 => Just(b"a".to_vec()),
        2 => Just("ñ".as_bytes().to_vec()),
        1 => Just(vec![0xff]),
        1 => Just(b"\r".to_vec()),
        1 => Just(b"\n".to_vec()),
        1 => Just(b"\r\n".to_vec()),
        1 => (LIMIT - 2..LIMIT + 4).prop_map(|length| vec![b'x'; length]),
    ];
    prop::collection::vec(piece, 0..60).prop_map(|pieces| pieces.concat())
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn any_cut_gives_the_same_lines(bytes in stream(), sizes in prop::collection::vec(1_usize..9, 1..20)) {
        let mut rest = &bytes[..];
        let mut sizes = sizes.into_iter().cycle();
        let chunks = std::iter::from_fn(|| {
            let size = sizes.next()?.min(rest.len());
            let (chunk, tail) = rest.split_at(size);
            rest = tail;
            (size > 0).then_some(chunk)
        });
        prop_assert_eq!(decode(chunks), split(&bytes));
    }

    #[test]
    fn one_byte_at_a_time_and_all_at_once_agree(bytes in stream()) {
        prop_assert_eq!(decode(bytes.chunks(1)), split(&bytes));
        prop_assert_eq!(decode(std::iter::once(&bytes[..])), split(&bytes));
    }
}

#[test]
fn an_endless_line_is_one_error_and_the_next_line_is_read() {
    let mut decoder = LineDecoder::new(LIMIT);
    let mut errors = 0;
    for _ in 0..10_000 {
        let mut chunk: &[u8] = b"endless and without an end";
        while let Some(line) = decoder.next(&mut chunk) {
            assert_eq!(line, Err(BadLine::TooLong(LIMIT)));
            errors += 1;
        }
    }
    assert_eq!(errors, 1);
    let mut rest: &[u8] = b"still the same\nnext\n";
    assert_eq!(decoder.next(&mut rest), Some(Ok("next")));
    assert_eq!(decoder.next(&mut rest), None);
}
