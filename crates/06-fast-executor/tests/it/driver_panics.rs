//! A driver panics in a worker. A thread that waits for a task of that pool must not wait forever,
//! so the process ends with a message. Each pool runs in a process of its own, a child of this
//! program.

use std::{
    env,
    future::pending,
    process::{Command, Stdio},
    task::Waker,
    time::{Duration, Instant},
};

use harness::probe::Watchdog;
use lesson_executor::parts::driver::Driver;
use lesson_fast_executor::{s2_pool, s3_stealing};

const STAGE: &str = "STAGE_OF_A_DRIVER_THAT_PANICS";
/// The test below. The child runs it too.
const THIS: &str = "driver_panics::a_driver_that_panics_ends_the_process_and_not_only_its_worker";

struct Panics;

impl Driver for Panics {
    fn park(&mut self, _: Option<Instant>) {
        panic!("no sleep tonight");
    }

    fn turn(&mut self) {}

    fn unparker(&self) -> Waker {
        Waker::noop().clone()
    }
}

#[test]
fn a_driver_that_panics_ends_the_process_and_not_only_its_worker() {
    let _watchdog = Watchdog::new("a driver's panic ends the process", Duration::from_secs(60));
    match env::var(STAGE).as_deref() {
        Ok("2") => return s2_pool::Executor::with_driver(2, Panics).block_on(pending()),
        Ok(_) => return s3_stealing::Executor::with_driver(2, Panics).block_on(pending()),
        Err(_) => {}
    }
    for stage in ["2", "3"] {
        let mut itself = Command::new(env::current_exe().unwrap());
        let child =
            itself.env(STAGE, stage).args(["--exact", THIS, "--nocapture"]).stdin(Stdio::null()).output().unwrap();
        let said = String::from_utf8_lossy(&child.stderr);
        assert!(!child.status.success(), "stage {stage}: {said}");
        for words in ["no sleep tonight", "the driver of a pool has panicked"] {
            assert!(said.contains(words), "stage {stage}: {words:?} is missing in {said:?}");
        }
    }
}
