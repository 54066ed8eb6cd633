//! What a line of input means: commands, texts, and what is remembered between lines.

use chat::Request;
use chat_tools::{BadCommand, Command, HELP, Step, Talk, printable};

#[test]
fn a_line_is_a_command_or_a_text() {
    for (line, command) in [
        ("/join rust", Command::Join("rust".into())),
        ("/join   rust  ", Command::Join("rust".into())),
        ("/leave rust", Command::Leave("rust".into())),
        ("/group ñandú", Command::Group("ñandú".into())),
        ("/help", Command::Help),
        ("/quit ", Command::Quit),
        ("hola", Command::Text("hola".into())),
        ("  hola  /quit ", Command::Text("  hola  /quit ".into())),
        ("//join rust", Command::Text("/join rust".into())),
        ("///", Command::Text("//".into())),
        ("", Command::Nothing),
        (" \t", Command::Nothing),
    ] {
        assert_eq!(Command::parse(line), Ok(command), "{line:?}");
    }
}

#[test]
fn a_wrong_command_is_never_posted() {
    let one_group = |name: &str| BadCommand::NotOneGroup(name.into());
    for (line, bad) in [
        ("/jion rust", BadCommand::Unknown("/jion".into())),
        ("/Join rust", BadCommand::Unknown("/Join".into())),
        ("/", BadCommand::Unknown("/".into())),
        ("/ join rust", BadCommand::Unknown("/".into())),
        ("/join", one_group("/join")),
        ("/join rust hola", one_group("/join")),
        ("/leave ", one_group("/leave")),
        ("/group a b", one_group("/group")),
        ("/quit now", BadCommand::NotAlone("/quit".into())),
        ("/help join", BadCommand::NotAlone("/help".into())),
    ] {
        assert_eq!(Command::parse(line), Err(bad), "{line:?}");
    }
}

#[test]
fn every_command_of_the_help_exists() {
    for line in HELP.lines().filter(|line| line.starts_with('/')) {
        let usage = line.split("  ").next().unwrap();
        assert!(Command::parse(usage).is_ok(), "{usage}");
    }
}

#[test]
fn a_text_goes_to_the_group_last_joined_or_chosen() {
    let mut talk = Talk::default();
    let post = |group: &str| Ok(Step::Send(Request::Post { group_name: group.into(), message: "hola".into() }));
    assert_eq!(talk.obey("hola"), Err(BadCommand::NoGroup));
    assert_eq!(talk.obey("/join rust"), Ok(Step::Send(Request::Join { group_name: "rust".into() })));
    assert_eq!(talk.obey("hola"), post("rust"));
    assert_eq!(talk.obey("/group go"), Ok(Step::Nothing));
    assert_eq!(talk.obey("hola"), post("go"));
    assert_eq!(talk.obey("/leave rust"), Ok(Step::Send(Request::Leave { group_name: "rust".into() })));
    assert_eq!(talk.obey("hola"), post("go"), "the group that was left was not the current one");
    assert_eq!(talk.obey("/leave go"), Ok(Step::Send(Request::Leave { group_name: "go".into() })));
    assert_eq!(talk.obey("hola"), Err(BadCommand::NoGroup));
    assert_eq!(talk.obey("/quit"), Ok(Step::Quit));
}

#[test]
fn at_the_end_the_groups_still_joined_are_left_once() {
    let mut talk = Talk::default();
    for line in ["/join b", "/join a", "/join b", "/join c", "/leave c", "/group d"] {
        talk.obey(line).unwrap();
    }
    let leave = |group: &str| Request::Leave { group_name: group.into() };
    assert_eq!(talk.leave_all(), [leave("a"), leave("b")]);
    assert_eq!(talk.leave_all(), []);
}

#[test]
fn what_acts_on_a_terminal_is_written_out_and_nothing_else_changes() {
    for (text, shown) in [
        ("a\x1b[2Jb", r"a\u001b[2Jb"),
        ("a\nb\r\tc\0", r"a\nb\r\tc\u0000"),
        ("\x7f\u{85}\u{9b}2J", r"\u007f\u0085\u009b2J"),
        ("\u{202e}abc\u{2066}\u{2028}\u{200f}\u{61c}", r"\u202eabc\u2066\u2028\u200f\u061c"),
        ("¡qué \"bien\"! \\ 👩‍🚀 e\u{301} שלום", "¡qué \"bien\"! \\ 👩‍🚀 e\u{301} שלום"),
    ] {
        assert_eq!(printable(text), shown);
    }
}
