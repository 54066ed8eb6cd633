//! The program of a lesson that plays scenes: its command line, and what its scenes are made of.
//! Behind the feature `scenes`.

use std::process::{Command, ExitCode};

use clap::{CommandFactory as _, FromArgMatches as _, Parser, ValueEnum};

mod record;
mod task;

pub use record::{Record, note, on_thread, say};
pub use task::Task;

/// A short play that ends by itself. `S` is the lesson's list of stages.
#[derive(Debug)]
pub struct Scene<S: 'static> {
    /// Its name on the command line.
    pub name: &'static str,
    /// What happens in it.
    pub about: &'static str,
    /// What to look at in the record.
    pub look: &'static str,
    /// The play itself.
    pub play: Play<S>,
}

/// How a scene is played. An error is printed, and the program exits with 1.
#[derive(Debug)]
pub enum Play<S: 'static> {
    /// There is one way to play it.
    Plain(fn() -> Result<(), String>),
    /// It is played on one of these stages: on the last one, unless the command line names another.
    Stages(&'static [S], fn(S) -> Result<(), String>),
}

#[derive(Parser)]
struct Arguments<S: ValueEnum + Send + Sync + 'static> {
    /// The scene to play; --list says which there are
    scene: Option<String>,
    /// Which stage plays in the scene, where there are several
    #[arg(long, value_enum)]
    stage: Option<S>,
    /// List the scenes
    #[arg(long)]
    list: bool,
}

/// The `main` of a lesson: lists the scenes, plays one, or plays a sequence of them.
///
/// `about` says what the lesson shows, without a full stop. Each entry of `sequence` is a command
/// line.
pub fn main<S>(about: &'static str, scenes: &[Scene<S>], sequence: &[&[&str]]) -> ExitCode
where
    S: ValueEnum + PartialEq + Send + Sync + 'static,
{
    let command = Arguments::<S>::command().about(about);
    let command = command.long_about(format!("{about}.\n\nWithout a scene it plays a short sequence of them."));
    let arguments = Arguments::from_arg_matches(&command.get_matches()).unwrap_or_else(|error| error.exit());
    let Arguments { scene, stage, list } = arguments;
    if list {
        scenes.iter().for_each(|Scene { name, about, .. }| say(format_args!("{name:<16}{about}")));
        return ExitCode::SUCCESS;
    }
    match (scene, stage) {
        (None, None) => play_all(sequence),
        (None, Some(_)) => wrong("--stage needs a scene".into()),
        (Some(name), stage) => match scenes.iter().find(|scene| scene.name == name) {
            Some(scene) => scene.play(stage),
            None => wrong(format!("there is no scene '{name}'; --list says which there are")),
        },
    }
}

impl<S: ValueEnum + PartialEq> Scene<S> {
    fn play(&self, stage: Option<S>) -> ExitCode {
        let Scene { name, about, look, play } = self;
        let begin = || say(format_args!("{name}: {about}.\n{look}\n"));
        let played = match (play, stage) {
            (Play::Plain(_), Some(_)) => return wrong(format!("the scene '{name}' has no stages")),
            (Play::Plain(play), None) => {
                begin();
                play()
            }
            (Play::Stages(stages, play), stage) => {
                let Some(stage) = stage.or_else(|| stages.last().cloned()).filter(|stage| stages.contains(stage))
                else {
                    return wrong(format!("the stages of the scene '{name}' are {}", names(stages)));
                };
                begin();
                play(stage)
            }
        };
        match played {
            Ok(()) => ExitCode::SUCCESS,
            Err(why) => {
                eprintln!("error: {why}");
                ExitCode::FAILURE
            }
        }
    }
}

/// The names of these stages, in the order of the lesson.
fn names<S: ValueEnum + PartialEq>(stages: &[S]) -> String {
    let stages = S::value_variants().iter().filter(|stage| stages.contains(stage));
    let names = stages.filter_map(|stage| Some(stage.to_possible_value()?.get_name().to_owned()));
    names.collect::<Vec<_>>().join(", ")
}

/// Plays several scenes, each in a process of its own: there is one recording a process.
fn play_all(sequence: &[&[&str]]) -> ExitCode {
    for (number, arguments) in sequence.iter().enumerate() {
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
