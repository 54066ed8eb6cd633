//! Traced futures on async-std.

use async_std::task;
use futures::{channel::oneshot, future::join_all};
use timeline::Recording;

use crate::{
    alone::alone,
    runtime::{check, endless, jobs},
};

#[test]
fn what_async_std_does_is_in_the_record() {
    alone(|| {
        let recording = Recording::start().unwrap();
        let results = task::block_on(async {
            let (polled, begun) = oneshot::channel();
            let endless = task::spawn(endless(polled));
            let jobs = join_all(jobs().map(task::spawn)).await;
            begun.await.unwrap();
            assert!(endless.cancel().await.is_none());
            jobs
        });
        check(&recording.finish(), results.try_into().unwrap());
    });
}
