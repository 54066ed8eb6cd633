//! Futures that pass every check, and the places where a [`Fault`] changes them. One waits for a
//! signal, one counts down, and one starts a thread that wakes it. Each fault is one `if` or one
//! value.

use std::{
    mem,
    pin::Pin,
    sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError},
    task::{Context, Poll, Waker},
    thread,
    time::Duration,
};

/// The one thing that is wrong.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Fault {
    /// Nothing. Every check passes, which shows that the others fail because of their fault.
    None,
    ForgetsItsWaker,
    KeepsTheFirstWaker,
    ForgetsWhoComesBack,
    LooksThenRegisters,
    HearsOnlyWhatItWaitsFor,
    ReadyAtTheSecondPoll,
    PanicsAtTheSecondPoll,
    KeepsEveryWaker,
    WakesItself,
    PanicsAfterReady,
    NeverTerminated,
    TerminatedTooEarly,
    KeepsItsWakerWhenDropped,
    ExpectsTheDropped,
    BegunWhenMade,
    LocksWhileCloning,
    LocksWhileWaking,
    LocksWhileDropping,
    LocksInItsDrop,
    StuckAfterPanic,
    HopesForAMoment,
    CountsWithoutWaking,
    SleepsInPoll,
}

#[derive(Default)]
struct State {
    happened: bool,
    wakers: Vec<Waker>,
    /// A poll is registering a waker. Other polls must not.
    registering: bool,
    begun: bool,
}

#[derive(Default)]
struct Shared {
    state: Mutex<State>,
    changed: Condvar,
}

impl Shared {
    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Ready once its signal is given. It holds no lock while it clones, drops or wakes a waker.
pub struct Wait {
    fault: Fault,
    shared: Arc<Shared>,
    polls: usize,
    done: bool,
    first: Option<Waker>,
}

/// Makes its [`Wait`] ready.
pub struct Signal {
    fault: Fault,
    shared: Arc<Shared>,
}

pub fn signal(fault: Fault) -> (Wait, Signal) {
    let shared = Arc::new(Shared::default());
    shared.lock().begun = fault == Fault::BegunWhenMade;
    (Wait { fault, shared: Arc::clone(&shared), polls: 0, done: false, first: None }, Signal { fault, shared })
}

impl Wait {
    pub fn is_terminated(&self) -> bool {
        match self.fault {
            Fault::NeverTerminated => false,
            Fault::TerminatedTooEarly => self.polls > 0,
            _ => self.done,
        }
    }

    /// Keeps the waker of this poll, and drops the one of the poll before.
    fn register(&mut self, cx: &Context<'_>) {
        if self.fault == Fault::ForgetsItsWaker {
            return;
        }
        if self.fault == Fault::WakesItself {
            return cx.waker().wake_by_ref();
        }
        if self.fault == Fault::ForgetsWhoComesBack {
            // It assumes that the kept waker is still the first one.
            let known = self.first.as_ref().is_some_and(|first| first.will_wake(cx.waker()));
            self.first.get_or_insert_with(|| cx.waker().clone());
            if known {
                return;
            }
        }
        self.shared.lock().registering = true;
        let unset = (self.fault != Fault::StuckAfterPanic).then(|| Unset(&self.shared));
        let held = (self.fault == Fault::LocksWhileCloning).then(|| self.shared.lock());
        let waker = cx.waker().clone();
        drop(held);
        drop(unset);
        let mut state = self.shared.lock();
        state.registering = false;
        if self.fault == Fault::KeepsTheFirstWaker && !state.wakers.is_empty() {
            drop(state);
            return;
        }
        let old = if self.fault == Fault::KeepsEveryWaker { Vec::new() } else { mem::take(&mut state.wakers) };
        state.wakers.push(waker);
        if self.fault == Fault::LocksWhileDropping {
            drop(old);
        } else {
            drop(state);
            drop(old);
        }
    }
}

/// Guard: takes back the mark `registering` on drop, also after a panic.
struct Unset<'a>(&'a Shared);

impl Drop for Unset<'_> {
    fn drop(&mut self) {
        self.0.lock().registering = false;
    }
}

impl Future for Wait {
    type Output = ();

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<()> {
        self.polls += 1;
        self.shared.lock().begun = true;
        if self.done {
            assert!(self.fault != Fault::PanicsAfterReady, "polled after it was ready");
            return Poll::Pending;
        }
        if self.fault == Fault::ReadyAtTheSecondPoll && self.polls == 2 {
            self.done = true;
            return Poll::Ready(());
        }
        let again = self.fault == Fault::PanicsAtTheSecondPoll && self.polls == 2;
        assert!(!again || self.shared.lock().happened, "polled again before the event");
        if self.fault == Fault::HopesForAMoment && self.polls == 1 {
            let wait = self.shared.changed.wait_timeout_while(self.shared.lock(), HOPE, |state| !state.happened);
            drop(wait);
        }
        // The mark is left only by a poll that panicked.
        if self.shared.lock().registering {
            return Poll::Pending;
        }
        let early = self.fault == Fault::LooksThenRegisters;
        if early && !self.shared.lock().happened {
            self.register(cx);
            return Poll::Pending;
        }
        self.register(cx);
        if !self.shared.lock().happened {
            return Poll::Pending;
        }
        self.done = true;
        let wakers = mem::take(&mut self.shared.lock().wakers);
        drop(wakers);
        Poll::Ready(())
    }
}

/// Long enough for the check to see the thread asleep, also on a busy machine.
const HOPE: Duration = Duration::from_secs(2);

impl Drop for Wait {
    fn drop(&mut self) {
        if self.fault == Fault::KeepsItsWakerWhenDropped {
            return;
        }
        let mut state = self.shared.lock();
        let wakers = mem::take(&mut state.wakers);
        if self.fault == Fault::LocksInItsDrop {
            drop(wakers);
        } else {
            drop(state);
            drop(wakers);
        }
    }
}

impl Signal {
    pub fn is_waited_for(&self) -> bool {
        self.shared.lock().begun
    }

    pub fn give(self) {
        if self.fault == Fault::ExpectsTheDropped {
            assert!(Arc::strong_count(&self.shared) > 1, "the signal has a waiter");
        }
        let mut state = self.shared.lock();
        // The fault: the signal forgets an event that nobody waits for.
        state.happened = self.fault != Fault::HearsOnlyWhatItWaitsFor || !state.wakers.is_empty();
        self.shared.changed.notify_all();
        let wakers = mem::take(&mut state.wakers);
        if self.fault == Fault::LocksWhileWaking {
            wakers.into_iter().for_each(Waker::wake);
        } else {
            drop(state);
            wakers.into_iter().for_each(Waker::wake);
        }
    }
}

/// Wakes itself in three polls, and is ready in the fourth.
pub struct Countdown {
    fault: Fault,
    left: u32,
    first: Option<Waker>,
}

impl Countdown {
    pub fn new(fault: Fault) -> Self {
        Countdown { fault, left: 3, first: None }
    }
}

impl Future for Countdown {
    type Output = ();

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<()> {
        if self.left == 0 {
            return Poll::Ready(());
        }
        self.left -= 1;
        match self.fault {
            Fault::CountsWithoutWaking => {}
            Fault::KeepsTheFirstWaker => self.first.get_or_insert_with(|| cx.waker().clone()).wake_by_ref(),
            _ => cx.waker().wake_by_ref(),
        }
        Poll::Pending
    }
}

/// Ready once the thread that its first poll starts has woken it.
pub struct Delay {
    fault: Fault,
    shared: Option<Arc<Shared>>,
}

impl Delay {
    pub fn new(fault: Fault) -> Self {
        Delay { fault, shared: None }
    }
}

impl Future for Delay {
    type Output = ();

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<()> {
        let fault = self.fault;
        let first = self.shared.is_none();
        let shared = Arc::clone(self.shared.get_or_insert_default());
        if !first && shared.lock().happened {
            return Poll::Ready(());
        }
        if first || fault != Fault::KeepsTheFirstWaker {
            shared.lock().wakers = vec![cx.waker().clone()];
        }
        if shared.lock().happened {
            return Poll::Ready(());
        }
        if fault == Fault::SleepsInPoll {
            thread::park_timeout(HOPE);
            return Poll::Ready(());
        }
        if first {
            thread::spawn(move || {
                thread::park_timeout(Duration::from_millis(20));
                let mut state = shared.lock();
                state.happened = true;
                let wakers = mem::take(&mut state.wakers);
                drop(state);
                wakers.into_iter().for_each(Waker::wake);
            });
        }
        Poll::Pending
    }
}
