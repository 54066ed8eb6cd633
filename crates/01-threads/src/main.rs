//! What `just run threads` starts: scenes that end by themselves, and `serve`, a real server.
#![forbid(unsafe_code)]

use std::{io, process::ExitCode};

use chat::service::say;
use clap::{Parser, Subcommand};
use lesson_threads::{Serve, Stage};

mod cast;
mod scenes;

/// The chat on threads: one OS thread per connection, and then two.
///
/// Without a subcommand it plays a scene: a server on a free loopback port, and clients that follow
/// a script.
#[derive(Parser)]
#[command(name = "threads", args_conflicts_with_subcommands = true)]
struct Arguments {
    #[command(subcommand)]
    command: Option<Command>,
    /// The scene to play; --list says which there are
    #[arg(default_value = "conversation")]
    scene: String,
    /// Which stage serves in the scene
    #[arg(long, value_enum, default_value_t)]
    stage: Stage,
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
    let done = match arguments.command {
        Some(Command::Serve(serve)) => serve.run(),
        None if arguments.list => {
            scenes::SCENES.iter().for_each(|scene| say(format_args!("{:<14}{}", scene.name, scene.about)));
            Ok(())
        }
        None => match scenes::SCENES.iter().find(|scene| scene.name == arguments.scene) {
            Some(scene) => {
                (scene.play)(arguments.stage).map_err(|error: io::Error| format!("the scene broke: {error}"))
            }
            None => {
                eprintln!("error: there is no scene '{}'; --list says which there are", arguments.scene);
                return ExitCode::from(2);
            }
        },
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(why) => {
            eprintln!("error: {why}");
            ExitCode::FAILURE
        }
    }
}
