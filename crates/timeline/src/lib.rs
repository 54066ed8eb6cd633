#![doc = include_str!("../README.md")]

mod chrome;
mod event;
mod recording;
mod replay;
#[cfg(feature = "scenes")]
pub mod scenes;
mod text;
mod timeline;
mod traced;
mod waker;

pub use event::{By, Event, TARGETS};
pub use recording::{Recording, RecordingLayer, StartError};
pub use replay::{Gone, Waiting};
pub use text::Text;
pub use timeline::{Problem, Record, Role, TaskId, Timeline, VERSION};
pub use traced::Traced;
