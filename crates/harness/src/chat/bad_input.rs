//! E1, E3 and E4: bytes that are cut anywhere, lines that are not requests, and a line without an
//! end.

use chat::{Reply, Request};

use super::{
    Client, Server,
    client::{is_error, unique},
};
use crate::run::check::{Stop, Verdict, holds};

pub(super) fn e1_cut_anywhere(server: &Server) -> Verdict {
    server.checked(|running| {
        let mut clock = Client::connect(running.address)?;
        let mut client = Client::connect(running.address)?;
        let group = unique("cut");
        let texts = ["hola", "¿qué tal, ñandú?", "\"quoted\" and \\ back", "日本語 🦀", "", "two\nlines\tand a tab"];
        let post = |text: &str| Request::Post { group_name: group.clone(), message: text.into() }.to_line();
        client.join(&group)?;
        // Each byte is sent alone. After it, another client waits for its own post, so that the
        // server has read the byte before the next one comes.
        for text in texts {
            for byte in with_ending(post(text), "\r\n") {
                client.send_bytes(&[byte])?;
                clock.settle_alone()?;
            }
            client.expect(&group, text).map_err(|stop| told(stop, "sent byte by byte, ended by \\r\\n"))?;
        }
        // Many lines in pieces of random sizes; with the first seed in one piece.
        for seed in 1..=20 {
            let endings =
                texts.iter().enumerate().map(|(at, text)| (post(text), if at % 2 == 0 { "\n" } else { "\r\n" }));
            let bytes: Vec<u8> = endings.flat_map(|(line, ending)| with_ending(line, ending)).collect();
            let mut rest = &bytes[..];
            for size in pieces(seed) {
                let (piece, tail) = rest.split_at(size.min(rest.len()));
                client.send_bytes(piece)?;
                rest = tail;
                if rest.is_empty() {
                    break;
                }
            }
            for text in texts {
                client.expect(&group, text).map_err(|stop| told(stop, &format!("sent in pieces of seed {seed}")))?;
            }
        }
        client.settle_alone()
    })
}

/// Random sizes of pieces, from 1 to 40 bytes. The first seed gives one piece of any size. The
/// generator is linear congruential with the constants of Knuth's MMIX, so a seed gives the same
/// sizes on every machine.
fn pieces(seed: u64) -> impl Iterator<Item = usize> {
    let mut state = seed;
    std::iter::repeat_with(move || {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        if seed == 1 { usize::MAX } else { (state >> 33) as usize % 40 + 1 }
    })
}

fn with_ending(mut line: Vec<u8>, ending: &str) -> Vec<u8> {
    line.pop();
    line.extend_from_slice(ending.as_bytes());
    line
}

pub(super) fn e3_bad_lines(server: &Server) -> Verdict {
    let deep = "[".repeat(20_000);
    let lines: [(&str, &[u8]); 11] = [
        ("text that is not JSON", b"hola"),
        ("JSON that is not a request", b"[1,2,3]"),
        ("an unknown request", br#"{"Shout":{"group_name":"x"}}"#),
        ("a missing field", br#"{"Post":{"group_name":"x"}}"#),
        ("a field of the wrong type", br#"{"Join":{"group_name":7}}"#),
        ("a request that stops short", br#"{"Join":{"group_name":"x"#),
        ("data behind the request", br#"{"Join":{"group_name":"x"}} and more"#),
        ("half of a surrogate pair", br#"{"Join":{"group_name":"\ud800"}}"#),
        ("invalid UTF-8", b"\xff\xfe\xfd"),
        ("invalid UTF-8 within a string", b"{\"Join\":{\"group_name\":\"\xc3\x28\"}}"),
        ("20,000 nested lists", deep.as_bytes()),
    ];
    server.checked(|running| {
        let mut client = Client::connect(running.address)?;
        for (what, line) in lines {
            client.send_bytes(line)?;
            client.send_bytes(b"\n")?;
            let replies = client.settle().map_err(|stop| told(stop, &format!("after {what}")))?;
            one_error(&replies, what)?;
        }
        client.settle_alone()
    })
}

pub(super) fn e4_endless_line(server: &Server) -> Verdict {
    const TOTAL: usize = 64 << 20;
    const BOUND: usize = 8 << 20;
    server.checked(|running| {
        let mut client = Client::connect(running.address)?;
        client.settle_alone()?;
        let before = running.memory();
        let piece = vec![b'x'; 1 << 20];
        for _ in 0..TOTAL / piece.len() {
            client.send_bytes(&piece)?;
        }
        // The server has now read everything but the kernel's buffers, and the line goes on.
        if let (Some(before), Some(after)) = (before, running.memory()) {
            let grown = after.bytes.saturating_sub(before.bytes);
            holds(grown <= BOUND, || format!("64 MiB of an endless line made the server {} MiB larger", grown >> 20))?;
        }
        client.send_bytes(b"\n")?;
        let replies = client.settle().map_err(|stop| told(stop, "after a line of 64 MiB"))?;
        one_error(&replies, "a line of 64 MiB")
    })
}

fn one_error(replies: &[Reply], what: &str) -> Verdict {
    let fine = replies.len() == 1 && is_error(&replies[0]);
    holds(fine, || {
        format!("{what} got {} lines as an answer, not one Error: {:.300}", replies.len(), format!("{replies:?}"))
    })
}

fn told(stop: Stop, when: &str) -> Stop {
    match stop {
        Stop::Failed(observed) => Stop::Failed(format!("{when}: {observed}")),
        other => other,
    }
}
