//! The subjects of parts B and C: a waker or an executor, the adapter that its author writes, what
//! it declares, and how a check starts tasks on it.

pub(crate) mod adapter;
pub(crate) mod guest;
pub(crate) mod handle;
pub(crate) mod policies;
pub(crate) mod tested;
pub(crate) mod world;
