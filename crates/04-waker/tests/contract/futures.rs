//! Part A of the contract on what waits in this lesson: what each passes, and exactly what each
//! fails.

use std::{
    future::{Future as _, poll_fn},
    pin::Pin,
    rc::Rc,
    sync::{Arc, Mutex},
};

use harness::{
    Subject,
    future::{AfterReady, Facts, Otherwise as _, Tested},
};
use lesson_waker::{s5_lost_wakeup, s6_event, s7_event, s9_oneshot, s10_mpsc};

const LOST_FAILS: &[(&str, &str)] = &[("A3", "what happens between the look and the registration is seen by nobody")];

pub fn stages() -> Vec<Subject<Tested>> {
    vec![
        Subject::new("s5-lost-wakeup", s5()).fails(LOST_FAILS),
        Subject::new("s6-event", s6()),
        Subject::new("s7-event", s7()),
        Subject::new("s9-oneshot", s9()),
        Subject::new("s9-oneshot-hung-up", hung_up()),
        Subject::new("s10-recv", recv()),
        Subject::new("s10-recv-closed", recv_closed()),
        Subject::new("s10-send", send()),
        Subject::new("s10-send-for-room", room()),
    ]
}

fn s5() -> Tested {
    Tested::waits(|| {
        let event = Arc::new(s5_lost_wakeup::Event::new());
        let set = Arc::clone(&event);
        (async move { event.wait().await }, move || set.set())
    })
}

fn s6() -> Tested {
    Tested::waits(|| {
        let event = Arc::new(s6_event::Event::new());
        let set = Arc::clone(&event);
        (async move { event.wait().await }, move || set.set())
    })
}

fn s7() -> Tested {
    Tested::waits(|| {
        let event = Arc::new(s7_event::Event::new());
        let set = Arc::clone(&event);
        (async move { event.wait().await }, move || set.set())
    })
    .bound("Wait: Send", Facts::<s7_event::Wait<'static>>::SEND, true)
}

fn s9() -> Tested {
    Tested::waits(|| {
        let (sender, mut receiver) = s9_oneshot::channel();
        // Held by both: an event that is dropped unused shall not hang up.
        let sender = Arc::new(Mutex::new(Some(sender)));
        let held = Arc::clone(&sender);
        let future = poll_fn(move |cx| {
            let _ = &held;
            Pin::new(&mut receiver).poll(cx)
        });
        (future, move || sender.lock().expect("nobody panics").take().map(|sender| sender.send(5)))
    })
    .after_ready(AfterReady::Ready)
    .bound("Receiver<u32>: Send", Facts::<s9_oneshot::Receiver<u32>>::SEND, true)
    .bound("Receiver<Rc<u32>>: Send", Facts::<s9_oneshot::Receiver<Rc<u32>>>::SEND, false)
    .bound("Sender<Rc<u32>>: Send", Facts::<s9_oneshot::Sender<Rc<u32>>>::SEND, false)
}

fn hung_up() -> Tested {
    Tested::waits(|| {
        let (sender, receiver) = s9_oneshot::channel::<u32>();
        (receiver, move || drop(sender))
    })
    .after_ready(AfterReady::Ready)
}

fn recv() -> Tested {
    Tested::waits(|| {
        let (sender, mut receiver) = s10_mpsc::channel(1);
        let another = sender.clone();
        let future = async move {
            let message = receiver.recv().await;
            drop(another);
            message
        };
        (future, move || sender.try_send(5))
    })
    .bound("Recv<u32>: Send", Facts::<s10_mpsc::Recv<'static, u32>>::SEND, true)
    .bound("Receiver<Rc<u32>>: Send", Facts::<s10_mpsc::Receiver<Rc<u32>>>::SEND, false)
}

fn recv_closed() -> Tested {
    Tested::waits(|| {
        let (sender, mut receiver) = s10_mpsc::channel::<u32>(1);
        (async move { receiver.recv().await }, move || drop(sender))
    })
}

fn send() -> Tested {
    Tested::waits(|| {
        let (sender, receiver) = s10_mpsc::channel(1);
        sender.try_send(1).expect("there is room for one");
        // Held by both: an event that is dropped unused shall not close the channel.
        let receiver = Arc::new(Mutex::new(receiver));
        let held = Arc::clone(&receiver);
        let future = async move {
            let sent = sender.send(2).await;
            drop(held);
            sent
        };
        (future, move || receiver.lock().expect("nobody panics").try_recv())
    })
    .bound("Send<u32>: Send", Facts::<s10_mpsc::Send<'static, u32>>::SEND, true)
    .bound("Sender<Rc<u32>>: Send", Facts::<s10_mpsc::Sender<Rc<u32>>>::SEND, false)
}

/// Two that wait for one place, and a function that makes room for one.
fn room() -> Tested {
    Tested::permits(|| {
        let (sender, mut receiver) = s10_mpsc::channel(1);
        sender.try_send(1).expect("there is room for one");
        let another = sender.clone();
        let waits = |sender: s10_mpsc::Sender<u32>| async move { sender.send(2).await };
        (waits(sender), waits(another), move || {
            let message = receiver.try_recv();
            (message, receiver)
        })
    })
}
