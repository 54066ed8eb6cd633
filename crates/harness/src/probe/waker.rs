//! A waker that counts what is done with it and runs closures at that moment: the raw waker code of
//! this crate.
#![allow(unsafe_code)]

use std::{
    fmt,
    mem::ManuallyDrop,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering::SeqCst},
    },
    task::{RawWaker, RawWakerVTable, Waker},
};

/// Makes wakers, and knows what was done with them. A clone of it knows the same.
///
/// Each operation is counted in the waker's own vtable: a count of references would not tell a wake
/// from a drop.
///
/// ```
/// use harness::probe::WakerProbe;
///
/// let probe = WakerProbe::new();
/// let waker = probe.waker();
/// let kept = waker.clone();
/// assert_eq!((probe.clones(), probe.live()), (1, 2));
/// kept.wake();
/// assert_eq!((probe.woken(), probe.live()), (1, 1));
/// waker.wake_by_ref();
/// assert_eq!((probe.woken(), probe.live()), (2, 1));
/// ```
///
/// A closure runs inside the operation, on the thread that performs it; a panic in it leaves the
/// operation.
///
/// ```should_panic
/// # use harness::probe::WakerProbe;
/// let panicking = WakerProbe::new().on_clone(|| panic!("this waker cannot be cloned"));
/// let kept = panicking.waker().clone();
/// ```
#[derive(Clone)]
pub struct WakerProbe(Arc<Inner>);

type Hook = Option<Box<dyn Fn() + Send + Sync>>;

#[derive(Default)]
struct Inner {
    made: AtomicUsize,
    clones: AtomicUsize,
    drops: AtomicUsize,
    wakes: AtomicUsize,
    wakes_by_ref: AtomicUsize,
    on_clone: Hook,
    on_drop: Hook,
    on_wake: Hook,
}

impl WakerProbe {
    /// A probe that only counts.
    pub fn new() -> Self {
        WakerProbe(Arc::default())
    }

    /// Runs `hook` inside every `clone`, before there is a clone. If it panics, there is none.
    ///
    /// # Panics
    ///
    /// If this probe has made a waker already.
    #[must_use]
    pub fn on_clone(mut self, hook: impl Fn() + Send + Sync + 'static) -> Self {
        self.inner().on_clone = Some(Box::new(hook));
        self
    }

    /// Runs `hook` inside every drop of a waker. If it panics, the waker is released all the same.
    ///
    /// # Panics
    ///
    /// If this probe has made a waker already.
    #[must_use]
    pub fn on_drop(mut self, hook: impl Fn() + Send + Sync + 'static) -> Self {
        self.inner().on_drop = Some(Box::new(hook));
        self
    }

    /// Runs `hook` inside every wake, after it was counted.
    ///
    /// # Panics
    ///
    /// If this probe has made a waker already.
    #[must_use]
    pub fn on_wake(mut self, hook: impl Fn() + Send + Sync + 'static) -> Self {
        self.inner().on_wake = Some(Box::new(hook));
        self
    }

    fn inner(&mut self) -> &mut Inner {
        Arc::get_mut(&mut self.0).expect("closures are set before the first waker is made")
    }

    /// A new waker.
    pub fn waker(&self) -> Waker {
        self.0.made.fetch_add(1, SeqCst);
        // SAFETY: `raw` makes a pointer that owns one count of the `Arc`, as every function of
        // `VTABLE` expects; those keep the contract of `RawWakerVTable`, and `Inner` is
        // `Send + Sync`.
        unsafe { Waker::from_raw(raw(Arc::clone(&self.0))) }
    }

    /// How often a waker of this probe was cloned.
    pub fn clones(&self) -> usize {
        self.0.clones.load(SeqCst)
    }

    /// How often one was dropped without `wake`, which consumes it.
    pub fn drops(&self) -> usize {
        self.0.drops.load(SeqCst)
    }

    /// How often `wake` was called.
    pub fn wakes(&self) -> usize {
        self.0.wakes.load(SeqCst)
    }

    /// How often `wake_by_ref` was called.
    pub fn wakes_by_ref(&self) -> usize {
        self.0.wakes_by_ref.load(SeqCst)
    }

    /// How often it was woken, in either way.
    pub fn woken(&self) -> usize {
        self.wakes() + self.wakes_by_ref()
    }

    /// How many of its wakers exist now: those it made and their clones.
    pub fn live(&self) -> usize {
        // What ends first is read first: a waker that is cloned in between counts as one too many,
        // never as one less.
        let ended = self.drops() + self.wakes();
        self.0.made.load(SeqCst) + self.clones() - ended
    }
}

impl Default for WakerProbe {
    fn default() -> Self {
        WakerProbe::new()
    }
}

impl fmt::Debug for WakerProbe {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("WakerProbe").field("live", &self.live()).field("woken", &self.woken()).finish_non_exhaustive()
    }
}

fn run(hook: &Hook) {
    if let Some(hook) = hook {
        hook();
    }
}

static VTABLE: RawWakerVTable = RawWakerVTable::new(clone, wake, wake_by_ref, drop);

fn raw(inner: Arc<Inner>) -> RawWaker {
    RawWaker::new(Arc::into_raw(inner).cast(), &VTABLE)
}

/// # Safety
///
/// `data` comes from [`raw`], and its count has not been given up.
unsafe fn clone(data: *const ()) -> RawWaker {
    // SAFETY: the caller's promise; the count stays with the waker that is cloned.
    let inner = ManuallyDrop::new(unsafe { Arc::from_raw(data.cast::<Inner>()) });
    run(&inner.on_clone);
    inner.clones.fetch_add(1, SeqCst);
    raw(Arc::clone(&inner))
}

/// # Safety
///
/// `data` comes from [`raw`]; its count is given up here.
unsafe fn wake(data: *const ()) {
    // SAFETY: the caller's promise; the count is given up when `inner` is dropped, after a panic of
    // the closure too.
    let inner = unsafe { Arc::from_raw(data.cast::<Inner>()) };
    inner.wakes.fetch_add(1, SeqCst);
    run(&inner.on_wake);
}

/// # Safety
///
/// `data` comes from [`raw`], and its count has not been given up.
unsafe fn wake_by_ref(data: *const ()) {
    // SAFETY: the caller's promise; the count stays with the waker.
    let inner = ManuallyDrop::new(unsafe { Arc::from_raw(data.cast::<Inner>()) });
    inner.wakes_by_ref.fetch_add(1, SeqCst);
    run(&inner.on_wake);
}

/// # Safety
///
/// `data` comes from [`raw`]; its count is given up here.
unsafe fn drop(data: *const ()) {
    // SAFETY: the caller's promise; the count is given up when `inner` is dropped, after a panic of
    // the closure too.
    let inner = unsafe { Arc::from_raw(data.cast::<Inner>()) };
    inner.drops.fetch_add(1, SeqCst);
    run(&inner.on_drop);
}
