//! A17: what the compiler knows of a type, as values that a check can compare.

use std::marker::PhantomData;

use super::Tested;
use crate::run::check::{Verdict, holds, not_applicable};

/// Whether a type is `Send`, `Sync` and `Unpin`, for a concrete type. A constant can assert it, so
/// that neither a bound that is missing nor one that is too many compiles:
///
/// ```
/// use std::{cell::Cell, rc::Rc};
/// use harness::future::{Facts, Otherwise as _};
///
/// const _: () = assert!(Facts::<Cell<u8>>::SEND && !Facts::<Cell<u8>>::SYNC);
/// const _: () = assert!(!Facts::<Rc<u8>>::SEND);
/// ```
///
/// An inherent constant exists only under its bound, and is preferred to the one of the trait
/// [`Otherwise`], which must be in scope. In a generic function the bound is never known, so that
/// the answer is always `false` there.
#[derive(Debug)]
pub struct Facts<T: ?Sized>(PhantomData<T>);

impl<T: ?Sized + Send> Facts<T> {
    /// Whether it is `Send`.
    pub const SEND: bool = true;
}

impl<T: ?Sized + Sync> Facts<T> {
    /// Whether it is `Sync`.
    pub const SYNC: bool = true;
}

impl<T: ?Sized + Unpin> Facts<T> {
    /// Whether it is `Unpin`.
    pub const UNPIN: bool = true;
}

/// What [`Facts`] says of a type without a bound.
pub trait Otherwise {
    /// It is not `Send`.
    const SEND: bool = false;
    /// It is not `Sync`.
    const SYNC: bool = false;
    /// It is not `Unpin`.
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
