//! The scene on an executor that nobody here wrote: tokio's, on one thread, with its queue in
//! sight.

use lesson_waker::s9_oneshot;
use timeline::{
    Traced,
    scenes::{Record, note, on_thread, say},
};
use tokio::{
    runtime::{Builder, Runtime},
    task::yield_now,
};

/// A task that waits is in no queue, and a wake puts it there.
pub fn play_queue() -> Result<(), String> {
    let tokio = Builder::new_current_thread().build().map_err(|why| why.to_string())?;
    let record = Record::start()?;
    let (sender, receiver) = s9_oneshot::channel();
    // ANCHOR: steps
    let task = tokio.spawn(Traced::new("receiver", receiver));
    count(&tokio, "spawned");
    turn(&tokio);
    count(&tokio, "after its first poll");
    turn(&tokio);
    count(&tokio, "after another turn of the executor");
    on_thread("sender", move || sender.send(5).unwrap_or_default())?;
    count(&tokio, "woken");
    turn(&tokio);
    count(&tokio, "after its second poll");
    // ANCHOR_END: steps
    record.show()?;
    let output = tokio.block_on(task).map_err(|why| why.to_string())?;
    say(format_args!("\nreceiver gave {output:?}."));
    Ok(())
}

/// Lets the executor poll what is in its queue. In between, this thread is not the executor's, and
/// whatever is woken goes into the one queue that tokio tells the length of.
fn turn(tokio: &Runtime) {
    tokio.block_on(yield_now());
}

fn count(tokio: &Runtime, when: &str) {
    let metrics = tokio.metrics();
    let (tasks, queued) = (metrics.num_alive_tasks(), metrics.global_queue_depth());
    note(format_args!("{when}: {queued} in the queue, of {tasks} alive"));
}
