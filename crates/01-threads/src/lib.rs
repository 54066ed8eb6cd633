#![doc = include_str!("../README.md")]
#![forbid(unsafe_code)]

pub mod s1_shared_writer;
pub mod s2_mailboxes;

pub mod parts {
    //! What both stages, or several pieces of one, stand on; each explained once.
    pub mod backoff;
    pub mod crew;
    pub mod mailbox;
    pub mod reader;
}

mod serve;

pub use serve::{Serve, Stage};
