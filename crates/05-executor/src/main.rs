//! What `just run executor` starts: scenes that end by themselves, each with the record of what
//! really happened.
#![forbid(unsafe_code)]

use std::process::{Command, ExitCode};

use clap::{Parser, ValueEnum};

mod scenes;

use scenes::{SCENES, Scene, hand::say};

/// An executor: who is polled, when, and why; what is in its queue; and what happens when a task
/// ends, panics, is cancelled or blocks.
///
/// Without a scene it plays a short sequence of them.
#[derive(Parser)]
#[command(name = "executor")]
struct Arguments {
    /// The scene to play; --list says which there are
    scene: Option<String>,
    /// Which stage plays in the scene, where there are several
    #[arg(long, value_enum)]
    stage: Option<Stage>,
    /// List the scenes
    #[arg(long)]
    list: bool,
}

/// What can play in a scene that has several.
#[derive(Clone, Copy, Debug, Eq, PartialEq, ValueEnum)]
enum Stage {
    /// Stage 1: poll everybody, again and again
    Spin,
    /// Stage 2: one future, and a thread that sleeps until it is woken
    BlockOn,
    /// Stage 3: a queue of those that were woken
    RunQueue,
    /// Stage 4: and a handle for each
    Spawn,
    /// Stage 5: several threads that take from one queue
    Pool,
    /// Stage 6: a queue for each thread, which steals from the others
    Stealing,
    /// Stage 7: one thread again, and fast
    Fast,
}

/// What is played when nobody asks for a scene.
const SEQUENCE: [&[&str]; 8] = [
    &["loop", "--stage", "spin"],
    &["loop"],
    &["idle", "--stage", "spin"],
    &["idle"],
    &["blocks"],
    &["panic"],
    &["pool"],
    &["steal"],
];

fn main() -> ExitCode {
    let Arguments { scene, stage, list } = Arguments::parse();
    if list {
        for Scene { name, about, .. } in &SCENES {
            say(format_args!("{name:<16}{about}"));
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
        (None, stages) => stages.iter().copied().rfind(|stage| *stage != Stage::Fast),
        (Some(stage), stages) if stages.contains(&stage) => Some(stage),
        (Some(_), []) => return wrong(format!("the scene '{name}' has no stages")),
        (Some(_), stages) => {
            let names: Vec<_> = stages.iter().filter_map(ValueEnum::to_possible_value).collect();
            let names: Vec<_> = names.iter().map(|value| value.get_name()).collect();
            return wrong(format!("the stages of the scene '{name}' are {}", names.join(", ")));
        }
    };
    say(format_args!("{name}: {}.\n{}\n", scene.about, scene.look));
    match (scene.play)(stage.unwrap_or(Stage::Spawn)) {
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
