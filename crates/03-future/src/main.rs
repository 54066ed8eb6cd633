//! What `just run future` starts: scenes that end by themselves, each with the record of what
//! really happened.
#![forbid(unsafe_code)]

use std::process::{Command, ExitCode};

use clap::{Parser, ValueEnum};

mod scenes;

use scenes::{
    SCENES, Scene,
    hand::{Record, say},
};

/// Futures by hand: who was polled, with which waker, what came back, and who called wake from
/// which thread.
///
/// Without a scene it plays a short sequence of them.
#[derive(Parser)]
#[command(name = "future")]
struct Arguments {
    /// The scene to play; --list says which there are
    scene: Option<String>,
    /// Which delay plays in the scene, where there are several
    #[arg(long, value_enum)]
    stage: Option<Stage>,
    /// List the scenes
    #[arg(long)]
    list: bool,
}

/// The stages of the delay.
#[derive(Clone, Copy, Debug, Eq, PartialEq, ValueEnum)]
enum Stage {
    /// Stage 5: it keeps the waker of its first poll
    Stale,
    /// Stage 6: it keeps the waker of its last poll
    Mended,
    /// Stage 7: and lets go of it when it is dropped
    Cancelled,
}

/// What is played when nobody asks for a scene.
const SEQUENCE: [&[&str]; 5] =
    [&["lazy"], &["countdown"], &["delay", "--stage", "stale"], &["delay", "--stage", "mended"], &["timeout"]];

fn main() -> ExitCode {
    let Arguments { scene, stage, list } = Arguments::parse();
    if list {
        for Scene { name, about, .. } in &SCENES {
            say(format_args!("{name:<15}{about}"));
        }
        return ExitCode::SUCCESS;
    }
    let Some(name) = scene else {
        if stage.is_some() {
            return wrong("--stage needs a scene".into());
        }
        return sequence();
    };
    let Some(scene) = SCENES.iter().find(|scene| scene.name == name) else {
        return wrong(format!("there is no scene '{name}'; --list says which there are"));
    };
    let stage = match (stage, scene.stages) {
        (None, stages) => stages.last().copied(),
        (Some(stage), stages) if stages.contains(&stage) => Some(stage),
        (Some(_), []) => return wrong(format!("the scene '{name}' has no stages")),
        (Some(_), stages) => return wrong(format!("the stages of the scene '{name}' are {stages:?}").to_lowercase()),
    };
    say(format_args!("{name}: {}.\n{}\n", scene.about, scene.look));
    let played = Record::start().map_err(|why| format!("nothing can be recorded: {why}"));
    match played.and_then(|record| (scene.play)(record, stage.unwrap_or(Stage::Cancelled))) {
        Ok(()) => ExitCode::SUCCESS,
        Err(why) => {
            eprintln!("error: {why}");
            ExitCode::FAILURE
        }
    }
}

/// Plays several scenes, each in a process of its own: there is one recording a process.
fn sequence() -> ExitCode {
    for (number, arguments) in SEQUENCE.iter().enumerate() {
        if number > 0 {
            say("");
        }
        let played = std::env::current_exe().and_then(|this| Command::new(this).args(*arguments).status());
        match played {
            Ok(status) if status.success() => {}
            Ok(_) => return ExitCode::FAILURE,
            Err(why) => {
                eprintln!("error: the scene {arguments:?} does not start: {why}");
                return ExitCode::FAILURE;
            }
        }
    }
    say("\n--list says which other scenes there are.");
    ExitCode::SUCCESS
}

fn wrong(why: String) -> ExitCode {
    eprintln!("error: {why}");
    ExitCode::from(2)
}
