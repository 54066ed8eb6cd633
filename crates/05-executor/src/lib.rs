#![doc = include_str!("../README.md")]
#![forbid(unsafe_code)]

pub mod s1_spin;
pub mod s2_block_on;
pub mod s3_queue;
pub mod s4_join;
pub mod s5_pool;

pub mod parts {
    //! What several stages share. Later lessons use these parts too.
    pub mod driver;
    pub(crate) mod event;
    pub mod join;
    pub mod root;
}

pub(crate) mod sync;
