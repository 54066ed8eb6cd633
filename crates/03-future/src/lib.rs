#![doc = include_str!("../README.md")]
#![forbid(unsafe_code)]

pub mod s1_lazy;
pub mod s2_ready;
pub mod s3_countdown;
pub mod s4_yield_now;

pub mod s5_stale_delay;
pub mod s6_delay;
pub mod s7_cancelled_delay;

pub mod s10_send;
pub mod s8_state_machine;
pub mod s9_pin;

pub mod s11_map;
pub mod s12_join;
pub mod s13_select;
pub mod s14_timeout;

pub mod s15_stream;
pub mod s16_lost_data;

mod parts {
    //! What the stages share.
    pub mod event;
}
