//! The scenes: short plays with the stages of this lesson, polled by hand and recorded.

use std::{
    future::{Future, poll_fn},
    pin::pin,
    sync::{Arc, Mutex, PoisonError, mpsc as std_mpsc},
    task::{Context, Poll, Waker},
};

use clap::ValueEnum;
use lesson_waker::{
    s1_raw_waker, s2_wake, s3_noop::now_or_never, s4_counting::Counting, s5_lost_wakeup, s6_event, s7_event,
    s8_parker::Parker, s9_oneshot, s10_mpsc,
};
use timeline::{
    Traced,
    scenes::{
        Play::{Plain, Stages},
        Record, Scene, Task, note, on_thread, say,
    },
};

mod on_tokio;

use Stage::{Atomic, Lost, Mended, Raw, Wake};

/// What can play in a scene that has several.
#[derive(Clone, Copy, Debug, Eq, PartialEq, ValueEnum)]
pub enum Stage {
    /// Stage 1: a waker by hand
    Raw,
    /// Stage 2: the same through `std::task::Wake`
    Wake,
    /// Stage 5: look, then register
    Lost,
    /// Stage 6: register, then look
    Mended,
    /// Stage 7: the same without a lock
    Atomic,
}

pub const SCENES: [Scene<Stage>; 10] = [
    Scene {
        name: "counts",
        about: "a waker by hand is cloned, woken and dropped",
        look: "Each clone retains what is behind it, a wake by value and a drop release it, and a wake by reference does \
               neither. Through std's Wake it is the same.",
        play: Stages(&[Raw, Wake], play_counts),
    },
    Scene {
        name: "clones",
        about: "who clones, who wakes, who drops",
        look: "A task keeps two clones of its waker, one of them inside a counter, which passes every wake on by reference. \
               Of two wakes before a poll one has an effect, and what is left alive says who could still wake it.",
        play: Plain(play_clones),
    },
    Scene {
        name: "noop",
        about: "a future is asked once, with a waker that does nothing",
        look: "The channel keeps a clone as ever, and lets go of it with the future: nobody was going to be told.",
        play: Plain(play_noop),
    },
    Scene {
        name: "before",
        about: "what is waited for happens before anybody waits",
        look: "The first poll sees it. No waker is kept, and none is woken.",
        play: Plain(play_before),
    },
    Scene {
        name: "during",
        about: "what is waited for happens while the waker is being kept",
        look: "The event is set by another thread, exactly when the task has begun to register. Is it seen, or is the waker \
               found?",
        play: Stages(&[Lost, Mended, Atomic], play_during),
    },
    Scene {
        name: "after",
        about: "what is waited for happens after the waker was kept",
        look: "The waker is found where it was registered, and is woken by value: no clone is left.",
        play: Plain(play_after),
    },
    Scene {
        name: "another-thread",
        about: "a thread sleeps until another one wakes it",
        look: "The main thread parks when its task is pending. Another thread sends the value, and that wake is what unparks.",
        play: Plain(play_another_thread),
    },
    Scene {
        name: "early-unpark",
        about: "the wake comes between the poll and the park",
        look: "The word of the parker remembers it: the thread does not go to sleep, and there is no park in the record.",
        play: Plain(play_early_unpark),
    },
    Scene {
        name: "handed-on",
        about: "a sender that was woken for a free place is cancelled",
        look: "There is room for one. The first in the line is woken, and goes without sending: its wake passes to the next.",
        play: Plain(play_handed_on),
    },
    Scene {
        name: "queue",
        about: "an executor that nobody here wrote, tokio, and a task that waits",
        look: "A task that is pending is in no queue, and no turn of the executor polls it. The wake puts it back.",
        play: Plain(on_tokio::play_queue),
    },
];

fn play_counts(stage: Stage) -> Result<(), String> {
    fn steps<T>(on_wake: &Arc<T>, waker: Waker) {
        let count = |what: &str| note(format_args!("{what}: {} alive", Arc::strong_count(on_wake) - 1));
        count("made");
        let (second, third) = (waker.clone(), waker.clone());
        count("cloned twice");
        second.wake_by_ref();
        count("woken by reference");
        second.wake();
        count("woken by value");
        drop(third);
        count("one dropped");
        drop(waker);
        count("the first dropped");
    }
    let record = Record::start()?;
    let woken = || note("woken");
    if stage == Raw {
        let on_wake = Arc::new(s1_raw_waker::OnWake(woken));
        steps(&on_wake, s1_raw_waker::waker(Arc::clone(&on_wake)));
    } else {
        let on_wake = Arc::new(s2_wake::OnWake(woken));
        steps(&on_wake, s2_wake::waker(Arc::clone(&on_wake)));
    }
    record.show().map(drop)
}

fn play_clones() -> Result<(), String> {
    let record = Record::start()?;
    let kept: Arc<Mutex<Vec<Waker>>> = Arc::default();
    let keep = Arc::clone(&kept);
    let mut counting = None;
    let mut polls = 0;
    let mut task = Task::new("task", async {
        poll_fn(|cx| {
            polls += 1;
            let counting = counting.get_or_insert_with(|| Counting::new(cx.waker().clone()));
            if polls == 1 {
                let mut keep = keep.lock().unwrap_or_else(PoisonError::into_inner);
                keep.extend([cx.waker().clone(), Waker::from(Arc::clone(counting))]);
                return Poll::Pending;
            }
            Poll::Ready((counting.by_ref(), counting.by_value()))
        })
        .await
    });
    pending(&task.poll())?;
    let mut wakers = std::mem::take(&mut *kept.lock().unwrap_or_else(PoisonError::into_inner));
    let (Some(counted), Some(plain)) = (wakers.pop(), wakers.pop()) else { return Err("two wakers were kept".into()) };
    note("the counting one wakes by reference, and then by value; the plain one is dropped");
    counted.wake_by_ref();
    counted.wake();
    drop(plain);
    let output = task.poll();
    record.show()?;
    let Poll::Ready((by_ref, by_value)) = output else { return Err("the task should be ready".into()) };
    say(format_args!("\nThe counting waker was woken {by_ref} time by reference and {by_value} time by value."));
    Ok(())
}

fn play_noop() -> Result<(), String> {
    let record = Record::start()?;
    let (sender, receiver) = s9_oneshot::channel();
    let first = now_or_never(Traced::new("asked once", receiver));
    note("now the value comes, and there is nobody");
    let gone = sender.send(5);
    record.show()?;
    say(format_args!("\nIt gave {first:?}, and the sender got its value back: {gone:?}."));
    Ok(())
}

fn play_before() -> Result<(), String> {
    let record = Record::start()?;
    let (sender, receiver) = s9_oneshot::channel();
    let mut task = Task::new("receiver", receiver);
    sender.send(5).map_err(|_| "the receiver is there")?;
    let output = task.poll();
    record.show()?;
    say(format_args!("\nreceiver gave {output:?}."));
    Ok(())
}

fn play_during(stage: Stage) -> Result<(), String> {
    match stage {
        Lost => {
            let event = Arc::new(s5_lost_wakeup::Event::new());
            let there = Arc::clone(&event);
            during(event.wait(), move || there.set())
        }
        Mended => {
            let event = Arc::new(s6_event::Event::new());
            let there = Arc::clone(&event);
            during(event.wait(), move || there.set())
        }
        _ => {
            let event = Arc::new(s7_event::Event::new());
            let there = Arc::clone(&event);
            during(event.wait(), move || there.set())
        }
    }
}

/// Polls it once, and has the event set while it registers.
fn during(wait: impl Future<Output = ()>, set: impl FnOnce() + Send + 'static) -> Result<(), String> {
    let record = Record::start_and_at("register", || {
        if let Err(why) = on_thread("setter", set) {
            note(why);
        }
    })?;
    let mut task = Task::new("task", wait);
    let polled = task.poll();
    let woken = task.is_woken();
    record.show()?;
    say(match (polled, woken) {
        (Poll::Ready(()), _) => "\nThe task saw the event at its second look, and is done.",
        (Poll::Pending, true) => "\nThe task was woken, and will see it.",
        (Poll::Pending, false) => "\nstuck: the event has happened, the task waits for it, and nobody wakes it.",
    });
    Ok(())
}

fn play_after() -> Result<(), String> {
    let record = Record::start()?;
    let event = Arc::new(s7_event::Event::new());
    let mut task = Task::new("task", event.wait());
    pending(&task.poll())?;
    let there = Arc::clone(&event);
    on_thread("setter", move || there.set())?;
    let woken = task.is_woken();
    let output = task.poll();
    record.show()?;
    say(format_args!("\ntask was woken: {woken}, and gave {output:?}."));
    Ok(())
}

/// Polls after each wake on this thread until it is ready, and sleeps in between.
fn block_on<F: Future>(name: &str, future: F, before_park: impl Fn()) -> F::Output {
    let parker = Parker::new();
    let waker = parker.waker();
    let mut future = pin!(Traced::new(name, future));
    loop {
        if let Poll::Ready(output) = future.as_mut().poll(&mut Context::from_waker(&waker)) {
            return output;
        }
        before_park();
        parker.park();
    }
}

fn play_another_thread() -> Result<(), String> {
    let (parks, has_parked) = std_mpsc::channel();
    let record = Record::start_and_at("park", move || parks.send(()).unwrap_or_default())?;
    let (sender, receiver) = s9_oneshot::channel();
    let sending = std::thread::Builder::new().name("sender".into()).spawn(move || {
        // Until the main thread is about to sleep.
        let _ = has_parked.recv();
        sender.send(5)
    });
    let output = block_on("receiver", receiver, || ());
    let sent = sending.map_err(|why| why.to_string())?.join();
    record.show()?;
    say(format_args!("\nreceiver gave {output:?}, and to send gave {:?}.", sent.map_err(|_| "the sender panicked")?));
    Ok(())
}

fn play_early_unpark() -> Result<(), String> {
    let record = Record::start()?;
    let (sender, receiver) = s9_oneshot::channel();
    let sender = Mutex::new(Some(sender));
    let output = block_on("receiver", receiver, || {
        note("the poll is over, and the thread is not yet parked");
        let sender = sender.lock().unwrap_or_else(PoisonError::into_inner).take();
        let sent = sender.map(|sender| on_thread("sender", move || sender.send(5).unwrap_or_default()));
        if let Some(Err(why)) = sent {
            note(why);
        }
    });
    record.show()?;
    say(format_args!("\nreceiver gave {output:?}."));
    Ok(())
}

fn play_handed_on() -> Result<(), String> {
    let record = Record::start()?;
    let (sender, mut receiver) = s10_mpsc::channel(1);
    sender.try_send(0).map_err(|why| why.to_string())?;
    let (mut first, mut second) = (Task::new("first", sender.send(1)), Task::new("second", sender.send(2)));
    pending(&first.poll())?;
    pending(&second.poll())?;
    note("the message is received: there is room for one");
    let received = receiver.try_recv();
    note("first is cancelled");
    first.cancel();
    let woken = second.is_woken();
    let sent = second.poll();
    record.show()?;
    say(format_args!("\nReceived {received:?}; second was woken: {woken}, and sent: {sent:?}."));
    Ok(())
}

fn pending<T>(polled: &Poll<T>) -> Result<(), String> {
    if polled.is_pending() { Ok(()) } else { Err("the play goes on with a task that waits".into()) }
}
