//! A join handle gives the output once, keeps one waker, and drops what nobody takes.

use harness::probe::{Gate, Task, WakerProbe, canary};
use lesson_executor::s4_join::Executor;

use crate::both::Stage;

on_both! {
    the_output_comes_before_and_after_the_end
    an_output_that_nobody_takes_is_dropped_once
    a_task_spawns_tasks_and_joins_them
    #[should_panic(expected = "a join handle was polled after it was ready")] ready_is_once
}

fn the_output_comes_before_and_after_the_end<S: Stage>() {
    let stage = S::new();
    let early = stage.spawn(async { 5 });
    assert_eq!(stage.block_on(early).unwrap(), 5);
    let late = stage.spawn(async { String::from("late") });
    while !late.is_finished() {
        stage.block_on(stage.spawn(async {})).unwrap();
    }
    assert_eq!(stage.block_on(late).unwrap(), "late");
}

fn an_output_that_nobody_takes_is_dropped_once<S: Stage>() {
    let stage = S::new();
    let (output, seen) = canary();
    let handle = stage.spawn(async { output });
    while !handle.is_finished() {
        stage.block_on(stage.spawn(async {})).unwrap();
    }
    assert_eq!(seen.drops(), 0);
    drop(handle);
    assert_eq!(seen.drops(), 1);
    let (output, seen) = canary();
    drop(stage.spawn(async { output }));
    drop(stage);
    assert_eq!(seen.drops(), 1);
}

/// A handle that is polled with several wakers keeps the last one, and none after the end.
#[test]
fn the_last_waker_of_a_handle_counts_and_none_stays_behind() {
    let executor = Executor::new();
    let go = Gate::new();
    let (gate, (tell, told)) = (go.clone(), futures::channel::oneshot::channel::<()>());
    let mut handle = Task::new(executor.spawn(async move {
        let _ = told.await;
        assert!(gate.is_open());
    }));
    let (first, last) = (WakerProbe::new(), WakerProbe::new());
    executor.run_until_stalled();
    for probe in [&first, &last, &last] {
        assert!(handle.poll_with(&probe.waker()).is_pending());
    }
    assert_eq!((first.live(), last.live()), (0, 1));
    go.open();
    tell.send(()).unwrap();
    executor.run_until_stalled();
    assert_eq!((first.woken(), last.woken(), last.live()), (0, 1, 0));
    assert!(handle.poll().is_ready());
}

fn a_task_spawns_tasks_and_joins_them<S: Stage>() {
    let stage = S::new();
    let spawner = stage.spawner();
    let sum = stage.spawn(async move {
        let mut sum = 0;
        for number in 0..10 {
            sum += S::spawn_on(&spawner, async move { number }).await.unwrap();
        }
        sum
    });
    assert_eq!(stage.block_on(sum).unwrap(), 45);
}

fn ready_is_once<S: Stage>() {
    let stage = S::new();
    let mut handle = stage.spawn(async {});
    stage.block_on(&mut handle).unwrap();
    let _ = stage.block_on(handle);
}
