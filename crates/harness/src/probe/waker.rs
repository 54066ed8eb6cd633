//! A waker that counts each operation on it, and runs a closure inside the operation. This file has
//! the crate's only raw waker code.
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

/// Makes wakers and counts the operations on them. Clones of the probe share the counters.
///
/// The functions of the waker's vtable count. `Arc::strong_count` would not do: it cannot
/// distinguish a wake from a drop.
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
/// A closure runs inside the operation, on the thread that performs it. A panic in the closure
/// propagates out of the operation.
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

    /// Runs `hook` inside every `clone`, before the clone exists. If `hook` panics, no clone is
    /// made.
    ///
    /// # Panics
    ///
    /// If this probe has made a waker already.
    #[must_use]
    pub fn on_clone(mut self, hook: impl Fn() + Send + Sync + 'static) -> Self {
        self.inner().on_clone = Some(Box::new(hook));
        self
    }

    /// Runs `hook` inside every drop of a waker. If `hook` panics, the waker is still released.
    ///
    /// # Panics
    ///
    /// If this probe has made a waker already.
    #[must_use]
    pub fn on_drop(mut self, hook: impl Fn() + Send + Sync + 'static) -> Self {
        self.inner().on_drop = Some(Box::new(hook));
        self
    }

    /// Runs `hook` inside every wake, after counting it.
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
        Arc::get_mut(&mut self.0)
            .expect("add closures to a WakerProbe before its first waker is made, and before it is cloned")
    }

    /// A new waker.
    pub fn waker(&self) -> Waker {
        self.0.made.fetch_add(1, SeqCst);
        // SAFETY: the pointer of `raw` owns one reference of the `Arc`, as the functions of
        // `VTABLE` require. Those keep the contract of `RawWakerVTable`, and `Inner` is
        // `Send + Sync`.
        unsafe { Waker::from_raw(raw(Arc::clone(&self.0))) }
    }

    /// The number of clones that were made of this probe's wakers.
    pub fn clones(&self) -> usize {
        self.0.clones.load(SeqCst)
    }

    /// The number of drops. A call of `wake` consumes the waker and does not count as a drop.
    pub fn drops(&self) -> usize {
        self.0.drops.load(SeqCst)
    }

    /// The number of calls of `wake`.
    pub fn wakes(&self) -> usize {
        self.0.wakes.load(SeqCst)
    }

    /// The number of calls of `wake_by_ref`.
    pub fn wakes_by_ref(&self) -> usize {
        self.0.wakes_by_ref.load(SeqCst)
    }

    /// The number of wakes, by `wake` and by `wake_by_ref` together.
    pub fn woken(&self) -> usize {
        self.wakes() + self.wakes_by_ref()
    }

    /// The number of its wakers that exist now, clones included.
    pub fn live(&self) -> usize {
        // The ends are read before the beginnings. So a waker that is cloned in between makes the
        // result too high, and the subtraction cannot underflow.
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
/// `data` comes from [`raw`], and its reference has not been released.
unsafe fn clone(data: *const ()) -> RawWaker {
    // SAFETY: `data` owns a reference, which our caller upholds. `ManuallyDrop` leaves that
    // reference with the waker that is cloned.
    let inner = ManuallyDrop::new(unsafe { Arc::from_raw(data.cast::<Inner>()) });
    run(&inner.on_clone);
    inner.clones.fetch_add(1, SeqCst);
    raw(Arc::clone(&inner))
}

/// # Safety
///
/// `data` comes from [`raw`], and its reference has not been released. This call releases it.
unsafe fn wake(data: *const ()) {
    // SAFETY: `data` owns a reference, which our caller upholds. The drop of `inner` releases that
    // reference, also if the closure panics.
    let inner = unsafe { Arc::from_raw(data.cast::<Inner>()) };
    inner.wakes.fetch_add(1, SeqCst);
    run(&inner.on_wake);
}

/// # Safety
///
/// `data` comes from [`raw`], and its reference has not been released.
unsafe fn wake_by_ref(data: *const ()) {
    // SAFETY: `data` owns a reference, which our caller upholds. `ManuallyDrop` leaves that
    // reference with the waker.
    let inner = ManuallyDrop::new(unsafe { Arc::from_raw(data.cast::<Inner>()) });
    inner.wakes_by_ref.fetch_add(1, SeqCst);
    run(&inner.on_wake);
}

/// # Safety
///
/// `data` comes from [`raw`], and its reference has not been released. This call releases it.
unsafe fn drop(data: *const ()) {
    // SAFETY: `data` owns a reference, which our caller upholds. The drop of `inner` releases that
    // reference, also if the closure panics.
    let inner = unsafe { Arc::from_raw(data.cast::<Inner>()) };
    inner.drops.fetch_add(1, SeqCst);
    run(&inner.on_drop);
}
