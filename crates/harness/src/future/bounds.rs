//! A17: whether a type is `Send`, `Sync` and `Unpin`, as constants that a check can compare.

use std::marker::PhantomData;

use super::Tested;
use crate::run::check::{Verdict, holds, not_applicable};

/// Whether a concrete type is `Send`, `Sync` and `Unpin`. With a `const` assertion, neither a
/// missing bound nor an unwanted bound compiles:
///
/// ```
/// use std::{cell::Cell, rc::Rc};
/// use harness::future::{Facts, Otherwise as _};
///
/// const _: () = assert!(Facts::<Cell<u8>>::SEND && !Facts::<Cell<u8>>::SYNC);
/// const _: () = assert!(!Facts::<Rc<u8>>::SEND);
/// ```
///
/// An inherent constant exists only for types with its bound, and the compiler prefers it to the
/// constant of the trait [`Otherwise`]. That trait must be in scope. In a generic function the
/// compiler does not know the bound, so the constants are always `false` there.
#[derive(Debug)]
pub struct Facts<T: ?Sized>(PhantomData<T>);

impl<T: ?Sized + Send> Facts<T> {
    /// The type is `Send`.
    pub const SEND: bool = true;
}

impl<T: ?Sized + Sync> Facts<T> {
    /// The type is `Sync`.
    pub const SYNC: bool = true;
}

impl<T: ?Sized + Unpin> Facts<T> {
    /// The type is `Unpin`.
    pub const UNPIN: bool = true;
}

/// The constants of [`Facts`] for a type that lacks the bound.
pub trait Otherwise {
    /// The type is not `Send`.
    const SEND: bool = false;
    /// The type is not `Sync`.
    const SYNC: bool = false;
    /// The type is not `Unpin`.
    const UNPIN: bool = false;
}

impl<T: ?Sized> Otherwise for Facts<T> {}

pub(super) fn a17_bounds(subject: &Tested) -> Verdict {
    if subject.bounds.is_empty() {
        return not_applicable("it declares no bounds");
    }
    subject.bounds.iter().try_for_each(|(sentence, is, should)| {
        holds(is == should, || format!("`{sentence}` is {is}, and should be {should}"))
    })
}
