//! What work stealing adds to a pool: a queue for each worker, from which the others steal, and one
//! for all beside.

pub mod injector;
pub mod queues;
pub mod ring;
