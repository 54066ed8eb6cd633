//! The probes: what each counts, on any thread, and what a panic inside a waker leaves behind.

use std::{
    env,
    future::{Future, pending, poll_fn, ready},
    panic::{AssertUnwindSafe, catch_unwind},
    pin::Pin,
    process::Command,
    task::{Context, Poll},
    thread,
    time::Duration,
};

use harness::{
    probe::{Canary, Gate, Task, WakerProbe, Watchdog, canary},
    until,
};

#[test]
fn a_probe_counts_each_operation_on_any_thread() {
    let probe = WakerProbe::new();
    let waker = probe.waker();
    let (first, second) = (waker.clone(), waker.clone());
    thread::spawn(move || first.wake()).join().expect("it does not panic");
    thread::spawn(move || second.wake_by_ref()).join().expect("it does not panic");
    assert_eq!((probe.clones(), probe.wakes(), probe.wakes_by_ref(), probe.drops()), (2, 1, 1, 1));
    assert_eq!((probe.woken(), probe.live()), (2, 1));
    drop(waker);
    assert_eq!(probe.live(), 0);
}

#[test]
fn waiting_swallows_no_token_of_park() {
    thread::current().unpark();
    assert_eq!(until(Duration::from_millis(10), || None::<()>), None);
    let watchdog = Watchdog::new("the token is still there", Duration::from_secs(5));
    thread::park();
    drop(watchdog);
}

#[test]
fn wakers_of_one_probe_wake_the_same_and_those_of_two_do_not() {
    let (one, other) = (WakerProbe::new(), WakerProbe::new());
    assert!(one.waker().will_wake(&one.waker()));
    assert!(!one.waker().will_wake(&other.waker()));
}

#[test]
fn a_closure_runs_inside_its_operation_and_a_panic_in_it_leaks_no_waker() {
    let panics = |run: &mut dyn FnMut()| assert!(catch_unwind(AssertUnwindSafe(run)).is_err());
    let on_clone = WakerProbe::new().on_clone(|| panic!("no clone"));
    let waker = on_clone.waker();
    panics(&mut || drop(waker.clone()));
    assert_eq!((on_clone.clones(), on_clone.live()), (0, 1));

    let on_wake = WakerProbe::new().on_wake(|| panic!("no wake"));
    let mut waker = Some(on_wake.waker());
    panics(&mut || waker.as_ref().expect("it is not used yet").wake_by_ref());
    assert_eq!((on_wake.wakes_by_ref(), on_wake.live()), (1, 1));
    panics(&mut || waker.take().expect("it is not used yet").wake());
    assert_eq!((on_wake.wakes(), on_wake.live()), (1, 0));

    let on_drop = WakerProbe::new().on_drop(|| panic!("no drop"));
    let mut waker = Some(on_drop.waker());
    panics(&mut || drop(waker.take()));
    assert_eq!((on_drop.drops(), on_drop.live()), (1, 0));
}

#[test]
fn a_closure_may_use_the_waker_it_is_run_for() {
    let (inner, again) = (WakerProbe::new(), Gate::new());
    let (waker, open) = (inner.waker(), again.clone());
    let outer = WakerProbe::new().on_wake(move || {
        waker.wake_by_ref();
        open.open();
    });
    outer.waker().wake();
    assert!(again.is_open());
    assert_eq!((inner.woken(), outer.live()), (1, 0));
}

#[test]
fn a_task_is_woken_by_a_wake_since_its_last_poll_began() {
    let mut polls = 0;
    let mut task = Task::new(poll_fn(move |cx| {
        polls += 1;
        if polls == 1 {
            cx.waker().wake_by_ref();
        }
        Poll::<()>::Pending
    }));
    assert!(!task.is_woken());
    task.assert_pending();
    assert!(task.is_woken() && task.kept_wakers() == 0);
    task.assert_pending();
    assert!(!task.is_woken());
    assert_eq!(Task::new(ready(5)).assert_ready(), 5);
}

#[test]
fn a_task_says_what_it_should_have_been() {
    let text = |run: &mut dyn FnMut()| {
        let payload = catch_unwind(AssertUnwindSafe(run)).expect_err("it panics");
        payload.downcast_ref::<&str>().map(|text| (*text).to_owned()).expect("a text")
    };
    assert_eq!(text(&mut || Task::new(ready(())).assert_pending()), "ready, and should be pending");
    assert_eq!(text(&mut || Task::new(pending::<()>()).assert_ready()), "pending, and should be ready");
}

/// Never ready.
struct Held(Canary);

impl Future for Held {
    type Output = ();

    fn poll(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<()> {
        self.0.polled();
        Poll::Pending
    }
}

#[test]
fn a_canary_sees_its_drop_and_no_move_of_what_is_pinned() {
    let (canary, seen) = canary();
    let mut task = Task::new(Held(canary));
    task.assert_pending();
    let mut moved = task;
    moved.assert_pending();
    assert_eq!((seen.drops(), seen.moves()), (0, 0));
    drop(moved);
    assert_eq!((seen.drops(), seen.moves()), (1, 0));
}

#[test]
fn a_canary_sees_that_it_is_moved_after_its_first_poll() {
    let (canary, seen) = canary();
    let elsewhere = Box::new(canary);
    assert_eq!(seen.moves(), 0);
    elsewhere.polled();
    let here = *elsewhere;
    here.polled();
    drop(here);
    assert_eq!((seen.drops(), seen.moves()), (1, 2));
}

#[test]
fn a_gate_is_closed_until_somebody_opens_it() {
    let gate = Gate::new();
    assert!(!gate.is_open() && !gate.opens_within(Duration::from_millis(1)));
    let theirs = gate.clone();
    let thread = thread::spawn(move || theirs.open());
    gate.wait();
    thread.join().expect("it does not panic");
    assert!(gate.is_open());
}

#[test]
fn a_watchdog_ends_the_process_with_the_name_of_the_hang() {
    const HANG: &str = "PROBES_HANG";
    if env::var_os(HANG).is_some() {
        let _watchdog = Watchdog::new("the lock was released", Duration::from_millis(50));
        loop {
            thread::park();
        }
    }
    drop(Watchdog::new("nothing happens", Duration::from_secs(60)));
    let mut again = Command::new(env::current_exe().expect("a running program has a file"));
    let name = "probes::a_watchdog_ends_the_process_with_the_name_of_the_hang";
    let output =
        again.args(["--exact", name, "--nocapture"]).env(HANG, "1").output().expect("a program can start itself");
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(said.contains("a hang: in 50ms it was not seen that the lock was released"), "{said}");
    assert!(!output.status.success());
}
