//! Traced futures on smol.

use futures::{channel::oneshot, future::join_all};
use timeline::Recording;

use crate::{
    alone::alone,
    runtime::{check, check_workers, endless, jobs},
};

#[test]
fn what_smol_does_is_in_the_record() {
    alone(|| {
        let recording = Recording::start().unwrap();
        let results = smol::block_on(async {
            let (polled, begun) = oneshot::channel();
            let endless = smol::spawn(endless(polled));
            let jobs = join_all(jobs().map(smol::spawn)).await;
            begun.await.unwrap();
            assert!(endless.cancel().await.is_none());
            jobs
        });
        let timeline = recording.finish();
        check(&timeline, results.try_into().unwrap());
        check_workers(&timeline);
    });
}
