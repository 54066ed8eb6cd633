//! The table of servers as a program, with a row for each and a line for each pair.

use std::process::Command;

use serde_json::Value;

use crate::load::{LIMIT, SHORT, number, piped, side_by_side};

#[test]
fn a_table_has_a_row_for_each_server_and_names_what_failed() {
    let limit = LIMIT.join(" ");
    let (good, bad) = (format!("limit={limit}"), "broken=false".to_owned());
    let table = |more: &[&str]| {
        let mut command = Command::new(env!("CARGO_BIN_EXE_load-table"));
        command.args(["--server", &good, "--load", "6/2", "--rounds", "2"]).args(SHORT).args(more);
        piped(command)
    };
    let (json, markdown) = side_by_side(|| table(&["--json"]), || table(&["--server", &bad, "--rate", "100"]));
    let (code, out, err) = json;
    let json: Value = serde_json::from_str(&out).unwrap_or_else(|error| panic!("{error}: {out:?}, {err:?}"));
    assert_eq!((code, err.as_str()), (0, ""), "{json}");
    let section = &json["loads"][0];
    assert_eq!(
        (number(section, "/clients"), number(section, "/groups"), &section["base"]),
        (6.0, 2.0, &"limit".into())
    );
    let (offered, posts) = (number(section, "/offered_posts_per_second"), number(section, "/rows/0/posts_per_second"));
    assert_eq!(offered, (posts / 2.0).ceil(), "half of what the slowest does");
    assert!(number(section, "/rows/0/p99_at_equal_rate_us") > 0.0, "{json}");

    let (code, out, _) = markdown;
    assert_eq!(code, 1, "{out}");
    let row = |name: &str| out.lines().find(|line| line.starts_with(&format!("| {name} "))).expect("a row");
    assert_eq!((row("limit").matches('|').count(), row("broken").matches('–').count()), (12, 10), "{out}");
    assert!(out.contains("equal rate 100 posts/s"), "{out}");
    assert!(out.contains("A run of broken (closed loop) failed: the first line of false"), "{out}");
}

#[test]
fn a_table_has_the_rows_that_were_asked_for_and_compares_pairs() {
    rows_and_pairs("1", "(1 round)");
}

#[test]
#[ignore = "long"]
fn a_table_has_the_rows_that_were_asked_for_and_compares_pairs_round_by_round() {
    rows_and_pairs("2", " in 2 rounds)");
}

fn rows_and_pairs(rounds: &str, of_rounds: &str) {
    let row = |name: &str| format!("{name}={}", LIMIT.join(" "));
    let table = |more: &[&str]| {
        let mut command = Command::new(env!("CARGO_BIN_EXE_load-table"));
        command.args(["--server", &row("limit"), "--server", &row("tokio, one"), "--server", &row("tokio, two")]);
        command.args(["--pair", "tokio, one/tokio, two", "--pair", "tokio, one/limit"]);
        command.args(["--load", "6/2", "--rounds", rounds, "--rate", "500"]).args(SHORT).args(more);
        piped(command)
    };
    let rows = |out: &str| out.lines().filter(|line| line.starts_with("| ")).count() - 1;
    let (all, some) = side_by_side(|| table(&[]), || table(&["--json", "--only", "one", "--only", "tokio, t"]));
    let (code, out, err) = all;
    assert_eq!((code, err.as_str(), rows(&out)), (0, "", 3), "{out}");
    for pair in ["- tokio, one / tokio, two: CPU a delivery ", "- tokio, one / limit: CPU a delivery "] {
        let line = out.lines().find(|line| line.starts_with(pair)).unwrap_or_else(|| panic!("no {pair}: {out}"));
        assert!(line.ends_with(of_rounds) && line.contains("p99 at equal rate "), "{out}");
    }
    let (code, out, _) = some;
    let json: Value = serde_json::from_str(&out).unwrap_or_else(|error| panic!("{error}: {out:?}"));
    let section = &json["loads"][0];
    assert_eq!((code, &section["rows"][0]["server"]), (0, &"tokio, one".into()), "{json}");
    assert_eq!(section["pairs"].as_array().unwrap().len(), 1, "{json}");
    let ratio = |name: &str| number(section, &format!("/pairs/0/p99_at_equal_rate/{name}"));
    assert!(ratio("low") <= ratio("median") && ratio("median") <= ratio("high"), "{json}");
    assert_eq!(ratio("rounds").to_string(), rounds, "{json}");
    assert_eq!(table(&["--only", "threads"]).0, 2);
    assert_eq!(table(&["--pair", "limit/threads"]).0, 2);
}
