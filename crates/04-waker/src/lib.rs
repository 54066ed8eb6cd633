#![doc = include_str!("../README.md")]

pub mod s1_raw_waker;
pub mod s2_wake;
pub mod s3_noop;
pub mod s4_counting;

pub mod s5_lost_wakeup;
pub mod s6_event;
pub mod s7_event;

pub mod s8_parker;

pub mod s10_mpsc;
pub mod s9_oneshot;

pub mod parts {
    //! What the stages share, and what other lessons stand on.
    pub mod atomic_waker;
    pub mod event;
    pub(crate) mod oneshot;
    pub(crate) mod ring;
    pub(crate) mod waiters;
}

pub(crate) mod sync;
