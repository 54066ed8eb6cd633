//! The subjects of parts B and C: a waker or an executor, the adapter that its author writes, the
//! policies that it declares, and the tasks that a check starts on it.

pub(crate) mod adapter;
pub(crate) mod guest;
pub(crate) mod handle;
pub(crate) mod policies;
pub(crate) mod tested;
pub(crate) mod world;
