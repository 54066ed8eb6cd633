//! The subjects of parts B and C: a waker or an executor. The author writes an adapter and declares
//! policies; a check starts tasks through the adapter.

pub(crate) mod adapter;
pub(crate) mod guest;
pub(crate) mod handle;
pub(crate) mod policies;
pub(crate) mod tested;
pub(crate) mod work;
pub(crate) mod world;
