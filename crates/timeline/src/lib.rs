#![doc = include_str!("../README.md")]

mod chrome;
mod event;
mod lines;
mod record;
mod recording;
mod replay;
#[cfg(feature = "scenes")]
pub mod scenes;
mod text;
mod timeline;
mod traced;
mod waker;

pub use event::{By, Event, TARGETS};
pub use record::{Problem, Record, Role, TaskId};
pub use recording::{Recording, RecordingLayer, StartError};
pub use replay::{Gone, Waiting};
pub use text::Text;
pub use timeline::{Timeline, VERSION};
pub use traced::Traced;
