//! One round on a pool. A second thread spawns, joins, aborts and drops handles. The thread that
//! has made the pool joins the other tasks, or drops the pool in the middle of the round.

use std::{
    future::{Future, poll_fn},
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering::SeqCst},
    },
    thread,
};

use lesson_executor::{parts::driver::POLLS_PER_TURN, s2_block_on::block_on};
use lesson_fast_executor::parts::task::JoinHandle;

use super::{
    begins,
    fake_driver::Fake,
    pools::{Pool, Work},
    world::{Held, Played, Random, Step, Then, World, judge},
};

/// A task, which returns the number that it was given.
fn work<P: Pool>(held: Held, mut random: Random, number: usize, depth: u64) -> Work {
    let driver = held.0.driver.clone();
    let mut steps = Box::pin(async move {
        let world = Arc::clone(&held.0);
        for _ in 0..random.below(6) {
            match Step::next(&mut random) {
                Step::Alone(step) => world.alone(step).await,
                Step::BlockForItsOwn => {
                    if let Some(_permit) = world.permits.take() {
                        world.block_for(|bell| drop(P::spawn_here(async move { bell.ring() })));
                    }
                }
                Step::Spawn(then) if depth < 3 => {
                    let task = P::spawn_here(work::<P>(Held::new(&world), random.fork(), number + 1, depth + 1));
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
                    drop(P::spawn_here(async move { drop(held) }));
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

/// Plays one pool from its beginning to its end.
pub fn play<P: Pool>(stage: u32, mut random: Random) -> Result<Played, String> {
    let (seed, workers) = (random.0, 1 + random.below(4) as usize);
    let (has_driver, goes_early) = (random.below(2) == 0, random.below(3) == 0);
    let (pool, driver) = if has_driver {
        let (fake, seen) = Fake::new();
        (P::with_driver(workers, fake), Some(seen))
    } else {
        (P::new(workers), None)
    };
    let with = if has_driver { "a driver" } else { "no driver" };
    let ends = if goes_early { "goes in the middle" } else { "is joined" };
    // A pool that is dropped runs no more tasks, so no poll may block for one.
    let permits = if goes_early { 0 } else { workers - 1 };
    let world = World::new(seed, format!("stage {stage}, workers: {workers}, {with}, {ends}"), driver, permits);
    begins(&world);
    let wrong = disturb(pool, &world, random, goes_early);
    if let (1, Some(driver)) = (workers, &world.driver) {
        let most = driver.most_polls.load(SeqCst);
        if most > POLLS_PER_TURN {
            return Err(format!("the driver had no turn for {most} polls"));
        }
    }
    wrong.map_or_else(|| world.judge(), Err)
}

fn disturb<P: Pool>(pool: P, world: &Arc<World>, mut random: Random, goes_early: bool) -> Option<String> {
    let spawner = pool.spawner();
    let make = |random: &mut Random, number| work::<P>(Held::new(world), random.fork(), number, 0);
    let mut handles: Vec<(usize, JoinHandle<usize>)> =
        (0..random.below(400) as usize).map(|number| (number, pool.spawn(make(&mut random, number)))).collect();
    let half = handles.split_off(handles.len() / 2);
    let (mut theirs, gates, is_over) = (random.fork(), random.fork(), AtomicBool::new(false));
    thread::scope(|scope| {
        scope.spawn(|| world.attend(gates, || is_over.load(SeqCst)));
        let disturbs = scope.spawn(move || {
            let late = (0..theirs.below(200) as usize)
                .map(|number| (number, P::spawn_on(&spawner, make(&mut theirs, number))));
            let tasks: Vec<_> = half.into_iter().chain(late).collect();
            let mut wrong = None;
            for (number, task) in tasks {
                match theirs.below(4) {
                    0 => drop(task),
                    1 => task.abort(),
                    _ => wrong = wrong.or(judge(block_on(task), number, goes_early)),
                }
            }
            wrong
        });
        // If the pool is dropped early, some of its tasks are joined before.
        let before = if goes_early { random.below(1 + handles.len() as u64) as usize / 2 } else { handles.len() };
        let late = handles.split_off(before);
        let mut wrong = None;
        for (number, task) in handles {
            world.now(format!("joins task {number}"));
            wrong = wrong.or(judge(pool.block_on(task), number, false));
        }
        let others = || {
            world.now("waits for the one that disturbs");
            disturbs.join().expect("it does not panic")
        };
        if goes_early {
            world.now("drops the pool");
            drop(pool);
            for (number, task) in late {
                world.now(format!("joins task {number} of a pool that is gone"));
                wrong = wrong.or(judge(block_on(task), number, true));
            }
            wrong = wrong.or(others());
        } else {
            wrong = wrong.or(others());
            world.now("waits for those that block");
            world.permits.close();
            world.now("drops the pool");
            drop(pool);
        }
        is_over.store(true, SeqCst);
        wrong
    })
}
