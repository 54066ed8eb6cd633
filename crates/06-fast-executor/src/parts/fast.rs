//! A task that is fast on its own thread: it lives in a slot of a slab, and has two words. One is
//! its owner's, which changes it without atomics; the other one is for all other threads. Where the
//! two meet is told in `words.rs`.

mod join;
mod owner;
mod queue;
mod returned;
mod shared;
mod slab;
mod slot;
mod waker;
mod woken;
mod words;

pub use join::{AbortHandle, JoinHandle};
pub(crate) use owner::{Owner, Ran, with_current};
