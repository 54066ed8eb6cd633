//! Who sleeps, and who is woken.
use std::sync::{Mutex, atomic::{AtomicUsize, Ordering::{SeqCst, Relaxed}, fence}};
use crate::fast::shared::Unparker;

const SLEEPER: usize = 1 << 16;
const SEARCHING: usize = SLEEPER - 1;

pub struct Idle { word: AtomicUsize, asleep: Mutex<Vec<usize>>, pub unparkers: Vec<std::sync::OnceLock<Unparker>>, }

impl Idle {
    pub fn new(workers: usize) -> Self { Idle { word: AtomicUsize::new(0), asleep: Mutex::default(), unparkers: (0..workers).map(|_| Default::default()).collect() } }
    #[inline]
    pub fn notify(&self) {
        fence(SeqCst);
        let word = self.word.load(Relaxed);
        if word & SEARCHING == 0 && word >= SLEEPER { self.wake_one() }
    }
    #[cold]
    fn wake_one(&self) {
        let mut asleep = self.asleep.lock().unwrap();
        if self.word.load(SeqCst) & SEARCHING != 0 { return }
        let Some(who) = asleep.pop() else { return };
        self.word.fetch_add(1usize.wrapping_sub(SLEEPER), SeqCst);
        drop(asleep);
        self.unparkers[who].get().unwrap().unpark();
    }
    pub fn wake_all(&self) {
        for u in &self.unparkers { if let Some(u) = u.get() { u.unpark() } }
    }
    pub fn search(&self) -> bool {
        if 2 * (self.word.load(Relaxed) & SEARCHING) >= self.unparkers.len() { return false }
        self.word.fetch_add(1, SeqCst); true
    }
    pub fn found(&self) { if self.word.fetch_sub(1, SeqCst) & SEARCHING == 1 { self.notify() } }
    /// Sleeps, unless there is work. Whether it searches when it comes back.
    pub fn sleep(&self, who: usize, searching: bool, work: impl Fn() -> bool) -> bool {
        {
            let mut asleep = self.asleep.lock().unwrap();
            asleep.push(who);
            self.word.fetch_add(SLEEPER.wrapping_sub(searching as usize), SeqCst);
        }
        fence(SeqCst);
        if work() {
            let mut asleep = self.asleep.lock().unwrap();
            if let Some(i) = asleep.iter().position(|w| *w == who) {
                asleep.remove(i);
                self.word.fetch_sub(SLEEPER, SeqCst);
                return false;
            }
        }
        loop {
            self.unparkers[who].get().unwrap().park();
            let asleep = self.asleep.lock().unwrap();
            if !asleep.contains(&who) { return true }
            // Not by us: closed, or the driver.
            drop(asleep);
            if work() { let mut asleep = self.asleep.lock().unwrap(); if let Some(i) = asleep.iter().position(|w| *w == who) { asleep.remove(i); self.word.fetch_sub(SLEEPER, SeqCst); return false } return true }
        }
    }
}
