#![doc = include_str!("../README.md")]

pub mod s1_one_allocation;
pub mod s2_pool;
pub mod s3_stealing;
pub mod s4_no_atomics;

pub mod parts {
    //! What several stages share.
    pub(crate) mod current;
    pub(crate) mod enter;
    pub(crate) mod event;
    pub mod idle;
    pub(crate) mod list;
    pub(crate) mod panics;
    pub mod run_queue;
    pub mod shared_driver;
    pub mod shared_owner;
    pub mod spawner;
    pub mod task;
}

pub(crate) mod sync;
