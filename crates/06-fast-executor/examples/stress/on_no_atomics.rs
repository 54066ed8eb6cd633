//! One round on stage 4. Its thread spawns, polls and joins. Other threads wake, abort, and drop
//! wakers late.

use std::{
    future::{Future, poll_fn},
    pin::Pin,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering::SeqCst},
    },
    thread,
};

use lesson_executor::{
    parts::driver::{Driver, POLLS_PER_TURN},
    s2_block_on::block_on,
};
use lesson_fast_executor::s4_no_atomics::{Executor, JoinHandle, spawn};

use super::{
    begins,
    fake_driver::Fake,
    world::{Alone, Held, Played, Random, Step, Then, World, judge},
};

/// A task, which returns the number that it was given.
fn work(held: Held, mut random: Random, number: usize, depth: u64) -> Pin<Box<dyn Future<Output = usize>>> {
    let driver = held.0.driver.clone();
    let mut steps = Box::pin(async move {
        let world = Arc::clone(&held.0);
        for _ in 0..random.below(6) {
            match Step::next(&mut random) {
                Step::Alone(step) => world.alone(step).await,
                // On one thread, no other thread would run the task.
                Step::BlockForItsOwn => world.alone(Alone::Block).await,
                Step::Spawn(then) if depth < 3 => {
                    let task = spawn(work(Held::new(&world), random.fork(), number + 1, depth + 1));
                    match then {
                        // The task may have panicked on purpose.
                        Then::Join => assert_eq!(task.await.unwrap_or(number + 1), number + 1),
                        Then::Abort => task.abort(),
                        Then::Drop => {}
                    }
                }
                Step::Spawn(_) => {}
                Step::SpawnMany(count) => (0..count).for_each(|_| {
                    let held = Held::new(&world);
                    drop(spawn(async move { drop(held) }));
                }),
            }
        }
        number
    });
    Box::pin(poll_fn(move |cx| {
        driver.iter().for_each(|driver| driver.polled());
        steps.as_mut().poll(cx)
    }))
}

/// Plays one executor from its beginning to its end.
pub fn play(mut random: Random) -> Result<Played, String> {
    let (seed, has_driver, goes_early) = (random.0, random.below(2) == 0, random.below(3) == 0);
    let ends = if goes_early { "goes in the middle" } else { "is joined" };
    if !has_driver {
        let world = World::new(seed, format!("stage 4, no driver, {ends}"), None, 0);
        let wrong = disturb(Executor::new(), &world, random, goes_early);
        return wrong.map_or_else(|| world.judge(), Err);
    }
    let (fake, seen) = Fake::new();
    let world = World::new(seed, format!("stage 4, a driver, {ends}"), Some(Arc::clone(&seen)), 0);
    let wrong = disturb(Executor::with_driver(fake), &world, random, goes_early);
    let most = seen.most_polls.load(SeqCst);
    if most > POLLS_PER_TURN {
        return Err(format!("the driver had no turn for {most} polls"));
    }
    wrong.map_or_else(|| world.judge(), Err)
}

fn disturb<D: Driver>(
    executor: Executor<D>,
    world: &Arc<World>,
    mut random: Random,
    goes_early: bool,
) -> Option<String> {
    begins(world);
    let make = |random: &mut Random, number| work(Held::new(world), random.fork(), number, 0);
    let mut handles: Vec<(usize, JoinHandle<usize>)> =
        (0..random.below(400) as usize).map(|number| (number, executor.spawn(make(&mut random, number)))).collect();
    // In one half of the tasks, every other one is aborted, and some handles are dropped.
    let half = handles.split_off(handles.len() / 2);
    let aborts: Vec<_> = half.iter().step_by(2).map(|(_, task)| task.abort_handle()).collect();
    let half: Vec<_> = half.into_iter().filter(|_| random.below(3) > 0).collect();
    let (gates, late, is_over) = (random.fork(), random.below(200) as usize, AtomicBool::new(false));
    thread::scope(|scope| {
        scope.spawn(|| world.attend(gates, || is_over.load(SeqCst)));
        scope.spawn(|| aborts.into_iter().for_each(|abort| abort.abort()));
        let mut wrong = None;
        let mut judge = |end, number, may_be_cancelled| wrong = wrong.take().or(judge(end, number, may_be_cancelled));
        if goes_early {
            world.now("runs some");
            (0..late).for_each(|_| _ = executor.try_tick());
            world.now("drops the executor");
            drop(executor);
            for (number, task) in handles.into_iter().chain(half) {
                judge(block_on(task), number, true);
            }
        } else {
            executor.block_on(async {
                for (number, task) in handles {
                    world.now(format!("joins task {number}"));
                    judge(task.await, number, false);
                    if number < late {
                        judge(spawn(make(&mut random, number)).await, number, false);
                    }
                }
            });
            for (number, task) in half {
                world.now(format!("joins task {number}, which may be aborted"));
                judge(executor.block_on(task), number, true);
            }
            world.now("drops the executor");
            drop(executor);
        }
        is_over.store(true, SeqCst);
        wrong
    })
}
