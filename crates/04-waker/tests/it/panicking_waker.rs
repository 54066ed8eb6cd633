//! Wakers that panic, in their clone, their wake or their drop, and a message that does: whoever
//! stored them goes on.

use std::{
    future::Future as _,
    panic::{AssertUnwindSafe, catch_unwind},
    pin::pin,
    sync::{
        Arc, Mutex, OnceLock,
        atomic::{AtomicUsize, Ordering::SeqCst},
    },
    task::{Context, Poll},
};

use harness::probe::{Task, WakerProbe};
use lesson_waker::{parts::atomic_waker::AtomicWaker, s9_oneshot, s10_mpsc};

fn panics(f: impl FnOnce()) {
    assert!(catch_unwind(AssertUnwindSafe(f)).is_err(), "the waker panics");
}

#[test]
fn a_place_is_empty_after_a_wake_that_panics_and_takes_the_next() {
    let place = AtomicWaker::new();
    let (bad, good) = (WakerProbe::new().on_wake(|| panic!("in wake")), WakerProbe::new());
    place.register(&bad.waker());
    panics(|| place.wake());
    assert_eq!(bad.live(), 0, "it was let go of");
    place.register(&good.waker());
    place.wake();
    assert_eq!(good.woken(), 1);
}

#[test]
fn a_place_keeps_what_it_has_when_a_clone_panics() {
    let place = AtomicWaker::new();
    let (good, bad) = (WakerProbe::new(), WakerProbe::new().on_clone(|| panic!("in clone")));
    place.register(&good.waker());
    let waker = bad.waker();
    panics(|| place.register(&waker));
    place.wake();
    assert_eq!(good.woken(), 1);
}

#[test]
fn a_value_is_there_although_the_wake_panicked() {
    let (sender, receiver) = s9_oneshot::channel();
    let mut task = Task::new(receiver);
    let bad = WakerProbe::new().on_wake(|| panic!("in wake"));
    assert!(task.poll_with(&bad.waker()).is_pending());
    panics(|| assert_eq!(sender.send(5), Ok(())));
    assert_eq!(task.poll(), Poll::Ready(Ok(5)));
}

#[test]
fn a_message_is_not_lost_when_the_wake_of_a_sender_panics() {
    let (sender, mut receiver) = s10_mpsc::channel(1);
    sender.try_send(1).unwrap();
    let bad = WakerProbe::new().on_wake(|| panic!("in wake"));
    let mut waits = pin!(sender.send(2));
    assert!(waits.as_mut().poll(&mut Context::from_waker(&bad.waker())).is_pending());
    panics(|| assert_eq!(receiver.try_recv(), Some(1)));
    assert_eq!(receiver.try_recv(), Some(1), "it is held for who asks next");
    assert!(waits.as_mut().poll(&mut Context::from_waker(&bad.waker())).is_ready());
    assert_eq!(receiver.try_recv(), Some(2));
}

#[test]
fn all_senders_are_woken_when_the_receiver_goes_although_one_wake_panics() {
    let (sender, receiver) = s10_mpsc::channel(1);
    sender.try_send(1).unwrap();
    let (bad, good) = (WakerProbe::new().on_wake(|| panic!("in wake")), WakerProbe::new());
    let (mut first, mut second) = (pin!(sender.send(2)), pin!(sender.send(3)));
    assert!(first.as_mut().poll(&mut Context::from_waker(&bad.waker())).is_pending());
    assert!(second.as_mut().poll(&mut Context::from_waker(&good.waker())).is_pending());
    panics(|| drop(receiver));
    assert_eq!(good.woken(), 1);
    assert_eq!(second.poll(&mut Context::from_waker(&good.waker())), Poll::Ready(Err(s10_mpsc::SendError(3))));
}

/// The receiver leaves its waker, and before it looks again a message comes, and a sender that
/// finds no room. So its waker is still there when it goes.
#[test]
fn a_sender_is_woken_when_the_receiver_goes_although_the_drop_of_its_waker_panics() {
    // For the future of a send that stays behind in a hook.
    static SENDER: OnceLock<s10_mpsc::Sender<i32>> = OnceLock::new();
    let (sender, mut receiver) = s10_mpsc::channel(1);
    let sender = SENDER.get_or_init(|| sender);
    let (good, waits) = (WakerProbe::new(), Arc::new(Mutex::new(Vec::new())));
    let (waker, waiting) = (good.waker(), Arc::clone(&waits));
    let bad = WakerProbe::new().on_drop(|| panic!("in drop")).on_clone(move || {
        assert_eq!(sender.try_send(1), Ok(()));
        for number in [2, 3] {
            let mut send = Box::pin(sender.send(number));
            assert!(send.as_mut().poll(&mut Context::from_waker(&waker)).is_pending());
            waiting.lock().unwrap().push(send);
        }
    });
    let own = std::mem::ManuallyDrop::new(bad.waker());
    assert_eq!(receiver.poll_recv(&mut Context::from_waker(&own)), Poll::Ready(Some(1)));
    assert_eq!(good.woken(), 1, "there is room for one");
    panics(|| drop(receiver));
    assert_eq!(good.woken(), 2, "the other one learns that nobody will receive");
    drop(waits);
}

/// Between its look and its place in the line the receiver makes room and waits, with a waker that
/// panics: the check sends, and the panic goes through it.
#[test]
fn a_sender_whose_check_panics_leaves_the_line() {
    let (sender, receiver) = s10_mpsc::channel(1);
    sender.try_send(0).unwrap();
    let receiver = Arc::new(Mutex::new(receiver));
    let (at_the_clone, bad) = (Arc::clone(&receiver), WakerProbe::new().on_wake(|| panic!("in wake")).waker());
    let meanwhile = WakerProbe::new().on_clone(move || {
        let mut receiver = at_the_clone.lock().unwrap();
        if receiver.try_recv() == Some(0) {
            assert!(receiver.poll_recv(&mut Context::from_waker(&bad)).is_pending());
        }
    });
    let mut goes = Box::pin(sender.send(1));
    panics(|| _ = goes.as_mut().poll(&mut Context::from_waker(&meanwhile.waker())));
    drop(goes);
    assert_eq!(meanwhile.live(), 0, "who goes takes its waker along");
    let good = WakerProbe::new();
    let mut waits = pin!(sender.send(2));
    assert!(waits.as_mut().poll(&mut Context::from_waker(&good.waker())).is_pending());
    assert_eq!(receiver.lock().unwrap().try_recv(), Some(1));
    assert_eq!(good.woken(), 1, "there is room, and who waits for it was told");
}

#[test]
fn all_messages_are_dropped_with_the_receiver_although_one_drop_panics() {
    struct Message(Arc<AtomicUsize>, bool);
    impl Drop for Message {
        fn drop(&mut self) {
            self.0.fetch_add(1, SeqCst);
            assert!(!self.1, "in drop");
        }
    }
    let drops = Arc::new(AtomicUsize::new(0));
    let (sender, receiver) = s10_mpsc::channel(4);
    for number in 0..4 {
        assert!(sender.try_send(Message(Arc::clone(&drops), number == 0)).is_ok());
    }
    panics(|| drop(receiver));
    assert_eq!(drops.load(SeqCst), 4);
    drop(sender);
}
