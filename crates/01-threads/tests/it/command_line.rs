//! What a person sees who types no more than the lesson's name.

use std::process::{Command, Stdio};

#[test]
fn without_arguments_a_conversation_is_played_and_its_threads_are_counted() {
    // main, accept, and for each of four clients one thread, or a reader and a writer.
    for (arguments, threads) in [(&[][..], 10), (&["--stage", "1"], 6)] {
        let program =
            Command::new(env!("CARGO_BIN_EXE_threads")).args(arguments).stdin(Stdio::null()).output().unwrap();
        let out = String::from_utf8(program.stdout).unwrap();
        assert!(program.status.success());
        assert!(out.contains("luis <- rust: hola, does anybody know what a future is?"), "{out}");
        assert!(out.contains(&format!("4 clients, {threads} OS threads in this process")), "{out}");
    }
}
