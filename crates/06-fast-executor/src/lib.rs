#![doc = include_str!("../README.md")]

pub mod s1_spin;
pub mod s2_block_on;
pub mod s3_run_queue;
pub mod s4_spawn;
pub mod s5_pool;
pub mod s6_stealing;
pub mod s7_fast;

pub mod parts {
    //! What the stages share, and what later ones and other lessons stand on.
    pub mod driver;
    pub(crate) mod enter;
    pub(crate) mod event;
    pub mod fast;
    pub mod idle;
    pub mod owner;
    pub mod queue;
    pub mod root;
    pub mod seats;
    pub mod shared_owner;
    pub mod steal;
    pub mod task;
}

pub(crate) mod sync;
