//! The probes, and the guards of models.
#![forbid(unsafe_code)]

mod guards;
mod probes;
