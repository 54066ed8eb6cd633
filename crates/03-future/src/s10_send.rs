//! Stage 10: why `Send`. A pool of threads polls a task now on one thread and later on another one,
//! so all that its future keeps across an `.await` has to be `Send`. Two things that are not, the
//! compiler's words, and three cures.

use std::{
    future::Future,
    sync::{Arc, Mutex, PoisonError},
};

/// What a pool asks of a future before it takes it, as `tokio::spawn` does. It gives the future
/// back.
///
/// A `MutexGuard` must be dropped on the thread that locked, and so is not `Send`:
///
/// ```compile_fail
/// # use {lesson_future::s10_send::spawnable, std::{future::{Future, ready}, sync::Mutex}};
/// async fn add(total: &Mutex<u32>, number: u32, until: impl Future<Output = ()>) -> u32 {
///     let mut total = total.lock().unwrap();
///     *total += number;
///     until.await; // and whoever else wants the lock waits as long
///     *total
/// }
/// spawnable(add(&Mutex::new(1), 2, ready(())));
/// ```
///
/// ```text
/// error: future cannot be sent between threads safely
/// help: within `impl Future<Output = u32>`, the trait `Send` is not implemented
///       for `std::sync::MutexGuard<'_, u32>`
/// note: future is not `Send` as this value is used across an await
/// ```
///
/// The counter of an `Rc` is not atomic, so two threads must never hold one each:
///
/// ```compile_fail
/// # use {lesson_future::s10_send::spawnable, std::{future::{Future, ready}, rc::Rc}};
/// async fn greet(name: &str, until: impl Future<Output = ()>) -> String {
///     let name: Rc<str> = name.into();
///     until.await;
///     format!("hola, {name}")
/// }
/// spawnable(greet("ana", ready(())));
/// ```
///
/// ```text
/// error: future cannot be sent between threads safely
/// help: within `impl Future<Output = String>`, the trait `Send` is not implemented for `Rc<str>`
/// note: future is not `Send` as this value is used across an await
/// ```
pub fn spawnable<F: Future + Send>(future: F) -> F {
    future
}

// ANCHOR: scope
/// Cure 1: let go of it before the `.await`. What a block has dropped, no state holds. Cancelled
/// there, it has added.
pub async fn add_scoped(total: &Mutex<u32>, number: u32, until: impl Future<Output = ()>) -> u32 {
    let sum = {
        let mut total = total.lock().unwrap_or_else(PoisonError::into_inner);
        *total += number;
        *total
    };
    until.await;
    sum
}
// ANCHOR_END: scope

// ANCHOR: method
/// Cure 2: a type that locks inside its methods, none of which is `async`. Nobody outside ever
/// holds a guard.
#[derive(Debug, Default)]
pub struct Total(Mutex<u32>);

impl Total {
    /// Adds, and gives the new total.
    pub fn add(&self, number: u32) -> u32 {
        let mut total = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        *total += number;
        *total
    }
}

/// Adds, and waits. Cancelled there, it has added.
pub async fn add_by_method(total: &Total, number: u32, until: impl Future<Output = ()>) -> u32 {
    let sum = total.add(number);
    until.await;
    sum
}
// ANCHOR_END: method

// ANCHOR: arc
/// Cure 3: keep something in its place that is `Send`. Cancel safe.
pub async fn greet(name: &str, until: impl Future<Output = ()>) -> String {
    let name: Arc<str> = name.into();
    until.await;
    format!("hola, {name}")
}
// ANCHOR_END: arc
