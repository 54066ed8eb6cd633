//! Why there is a cap: each thread takes memory mappings, of which the kernel allows a process so
//! many and no more.

use std::{
    fs,
    sync::{Arc, Barrier},
    thread,
};

use lesson_threads::parts::crew::{MAPPINGS_A_THREAD, most_connections};

const THREADS: usize = 100;

fn mappings() -> usize {
    fs::read_to_string("/proc/self/maps").unwrap().lines().count()
}

// ANCHOR: four
pub fn a_thread_takes_four_mappings() {
    let (started, counted) = (Arc::new(Barrier::new(THREADS + 1)), Arc::new(Barrier::new(THREADS + 1)));
    let before = mappings();
    for _ in 0..THREADS {
        let (started, counted) = (Arc::clone(&started), Arc::clone(&counted));
        thread::spawn(move || {
            started.wait();
            counted.wait();
        });
    }
    started.wait();
    let each = (mappings() - before) as f64 / THREADS as f64;
    counted.wait();
    // Neighbours with the same rights merge now and then, and the allocator adds an arena or two.
    assert!((each - MAPPINGS_A_THREAD as f64).abs() < 0.5, "a thread took {each} mappings");
}
// ANCHOR_END: four

pub fn the_most_connections_stay_below_what_the_kernel_maps() {
    let limit: usize = fs::read_to_string("/proc/sys/vm/max_map_count").unwrap().trim().parse().unwrap();
    let mapped = most_connections() * 2 * MAPPINGS_A_THREAD;
    assert!(mapped < limit && mapped > limit / 2, "{mapped} of {limit} mappings");
}
