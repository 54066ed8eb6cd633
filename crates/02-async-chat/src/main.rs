//! What `just run async-chat` starts: scenes that end by themselves, and `serve`, a real server.
#![forbid(unsafe_code)]

use std::process::ExitCode;

use chat::service::say;
use clap::{Parser, Subcommand};
use lesson_async_chat::{Serve, Stage, Which};

mod scenes;

/// The chat as tasks: what a thread did for each connection, a task does, and a few threads run all
/// of them.
///
/// Without a subcommand it plays a scene: a server on a free loopback port, and clients that follow
/// a script.
#[derive(Parser)]
#[command(name = "async-chat", args_conflicts_with_subcommands = true)]
struct Arguments {
    #[command(subcommand)]
    command: Option<Command>,
    /// The scene to play; --list says which there are
    #[arg(default_value = "conversation")]
    scene: String,
    /// Which stage serves in the scene
    #[arg(long, value_enum, default_value_t)]
    stage: Stage,
    /// On which runtime
    #[arg(long, value_enum, default_value_t)]
    runtime: Which,
    /// List the scenes
    #[arg(long)]
    list: bool,
}

#[derive(Subcommand)]
enum Command {
    /// Serve until Ctrl-C or SIGTERM; the first line on stdout is `listening on IP:PORT`
    Serve(Serve),
}

fn main() -> ExitCode {
    let arguments = Arguments::parse();
    let scene = scenes::SCENES.iter().find(|scene| scene.name == arguments.scene);
    let done = match (arguments.command, scene) {
        (Some(Command::Serve(serve)), _) => serve.run(),
        (None, _) if arguments.list => {
            scenes::SCENES.iter().for_each(|scene| say(format_args!("{:<14}{}", scene.name, scene.about)));
            Ok(())
        }
        (None, Some(scene)) => {
            (scene.play)(arguments.stage, arguments.runtime).map_err(|error| format!("the scene broke: {error}"))
        }
        (None, None) => {
            eprintln!("error: there is no scene '{}'; --list says which there are", arguments.scene);
            return ExitCode::from(2);
        }
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(why) => {
            eprintln!("error: {why}");
            ExitCode::FAILURE
        }
    }
}
