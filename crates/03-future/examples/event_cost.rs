//! What `just event-cost` counts the instructions of: polls of this lesson's futures, each of which
//! emits one event that nobody hears. Built a second time with tracing's `release_max_level_off` it
//! emits none; the difference is the cost. Arguments: what to poll, how many times, and perhaps
//! `heard`: then the events are counted and their number printed.
#![forbid(unsafe_code)]

use std::{
    future::{Future, pending},
    pin::{Pin, pin},
    process::ExitCode,
    sync::{
        atomic::{AtomicU32, Ordering::Relaxed},
        mpsc,
    },
    task::{Context, Poll, Waker},
};

use futures::stream;
use lesson_future::{
    s2_ready::ready,
    s7_cancelled_delay::Delay,
    s14_timeout::{Elapsed, timeout},
    s16_lost_data::loses,
};
use tracing::{Event, Metadata, Subscriber, span};

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    let (future, polls, heard) = match arguments[..] {
        [future, polls] => (future, polls.parse(), false),
        [future, polls, "heard"] => (future, polls.parse(), true),
        _ => return usage(),
    };
    let Ok(polls) = polls else { return usage() };
    // Even unheard there has to be this branch: in a program without a subscriber the linker sees
    // that no event can ever be heard, and takes them all out by itself.
    if heard {
        tracing::subscriber::set_global_default(Count).expect("there is no other subscriber");
    }
    match future {
        "delay" => delay(polls),
        "timeout" => (0..polls)
            .for_each(|_| assert_eq!(poll(pin!(timeout(pending::<()>(), ready(())))), Poll::Ready(Err(Elapsed)))),
        "ticks" => assert_eq!(poll(pin!(loses(stream::pending(), stream::iter(0..polls)))), Poll::Pending),
        _ => return usage(),
    }
    if heard {
        println!("{}", EVENTS.load(Relaxed));
    }
    ExitCode::SUCCESS
}

/// Each poll registers, and has to wait.
fn delay(polls: u32) {
    let (open, gate) = mpsc::channel::<()>();
    let mut delay = Delay::after(move || assert!(gate.recv().is_err(), "nobody sends anything"));
    for _ in 0..polls {
        assert_eq!(poll(Pin::new(&mut delay)), Poll::Pending);
    }
    // The gate stays shut, so the thread emits nothing before the program ends.
    std::mem::forget(open);
}

#[inline(never)]
fn poll<F: Future>(future: Pin<&mut F>) -> Poll<F::Output> {
    future.poll(&mut Context::from_waker(Waker::noop()))
}

static EVENTS: AtomicU32 = AtomicU32::new(0);

/// Counts events.
struct Count;

impl Subscriber for Count {
    fn enabled(&self, _: &Metadata<'_>) -> bool {
        true
    }

    fn event(&self, _: &Event<'_>) {
        EVENTS.fetch_add(1, Relaxed);
    }

    fn new_span(&self, _: &span::Attributes<'_>) -> span::Id {
        span::Id::from_u64(1)
    }

    fn record(&self, _: &span::Id, _: &span::Record<'_>) {}
    fn record_follows_from(&self, _: &span::Id, _: &span::Id) {}
    fn enter(&self, _: &span::Id) {}
    fn exit(&self, _: &span::Id) {}
}

fn usage() -> ExitCode {
    eprintln!("usage: event_cost delay|timeout|ticks POLLS [heard]");
    ExitCode::from(2)
}
