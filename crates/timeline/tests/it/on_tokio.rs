//! Traced futures on tokio's pool of threads.

use futures::{channel::oneshot, future::join_all};
use timeline::Recording;

use crate::{
    alone::alone,
    runtime::{check, check_workers, endless, jobs},
};

#[test]
fn what_tokio_does_is_in_the_record() {
    alone(|| {
        let recording = Recording::start().unwrap();
        let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).build().unwrap();
        let results = runtime.block_on(async {
            let (polled, begun) = oneshot::channel();
            let endless = tokio::spawn(endless(polled));
            let jobs = join_all(jobs().map(tokio::spawn)).await;
            begun.await.unwrap();
            endless.abort();
            assert!(endless.await.unwrap_err().is_cancelled());
            jobs.into_iter().map(Result::unwrap).collect::<Vec<_>>()
        });
        drop(runtime);
        let timeline = recording.finish();
        check(&timeline, results.try_into().unwrap());
        check_workers(&timeline);
    });
}
