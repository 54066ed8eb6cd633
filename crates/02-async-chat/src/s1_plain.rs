//! Stage 1: the plain port. A task a connection, a task a subscription, and one write a delivery,
//! each serialised anew. It is kept as it is, to measure the second stage against.

use std::{
    collections::HashMap,
    io,
    ops::ControlFlow,
    sync::{Arc, Mutex, PoisonError},
};

use async_broadcast::{InactiveReceiver, Receiver, RecvError, Sender, broadcast};
use chat::{BadLine, Limits, Reply, Request};
use futures::{
    AsyncRead, AsyncWrite, AsyncWriteExt,
    future::{AbortHandle, abortable},
    lock::Mutex as AsyncMutex,
};
use tracing::warn;

use crate::{
    Runtime,
    parts::{census, reader::Reader},
};

/// The table of groups. A clone is another handle on the same table, one for each task.
#[derive(Clone, Debug, Default)]
pub struct Groups {
    table: Arc<Mutex<HashMap<String, Group>>>,
}

/// A channel on which each post of the group is broadcast to the tasks of its subscribers.
#[derive(Clone, Debug)]
struct Group {
    posts: Sender<Arc<str>>,
    /// Keeps the channel open while nobody subscribes.
    _open: InactiveReceiver<Arc<str>>,
}

impl Groups {
    fn get(&self, name: &str) -> Option<Group> {
        self.table.lock().unwrap_or_else(PoisonError::into_inner).get(name).cloned()
    }

    fn get_or_create(&self, name: &str, limits: &Limits) -> Group {
        let mut table = self.table.lock().unwrap_or_else(PoisonError::into_inner);
        let create = || {
            let (mut posts, receiver) = broadcast(limits.mailbox_lines);
            // A subscriber that is too slow misses the oldest posts, and nobody waits for it.
            posts.set_overflow(true);
            Group { posts, _open: receiver.deactivate() }
        };
        table.entry(name.to_owned()).or_insert_with(create).clone()
    }
}

/// The writing side of a connection, which its subscriptions share.
type Outbound<W> = Arc<AsyncMutex<W>>;

// ANCHOR: serve
/// Serves one connection until the end of its input.
///
/// # Errors
///
/// The connection broke.
pub async fn serve<R, W>(runtime: impl Runtime, read: R, write: W, groups: Groups, limits: Limits) -> io::Result<()>
where
    R: AsyncRead + Send + Unpin,
    W: AsyncWrite + Send + Unpin + 'static,
{
    census::here_i_am();
    let outbound = Arc::new(AsyncMutex::new(write));
    let mut subscriptions: HashMap<String, AbortHandle> = HashMap::new();
    let mut reader = Reader::new(read, limits.line_bytes);
    let mut request = None;
    while reader.read(|line| take_one(line, &mut request)).await? {
        let error = match request.take() {
            None => continue,
            Some(Ok(Request::Join { group_name })) => {
                let group = groups.get_or_create(&group_name, &limits);
                subscriptions.entry(group_name.clone()).or_insert_with(|| {
                    let subscribed = subscriber(group_name, group.posts.new_receiver(), Arc::clone(&outbound));
                    let (subscribed, handle) = abortable(subscribed);
                    runtime.spawn(async { _ = subscribed.await });
                    handle
                });
                continue;
            }
            Some(Ok(Request::Post { group_name, message })) => match groups.get(&group_name) {
                // The only error is that nobody subscribes, and then nobody misses the post.
                Some(group) => {
                    let _ = group.posts.try_broadcast(message.into());
                    continue;
                }
                None => format!("Group '{group_name}' does not exist"),
            },
            Some(Ok(Request::Leave { group_name })) => match subscriptions.remove(&group_name) {
                Some(subscription) => {
                    subscription.abort();
                    continue;
                }
                None => format!("You are not in group '{group_name}'"),
            },
            Some(Err(bad)) => bad.to_string(),
        };
        send(&outbound, &Reply::Error(error)).await?;
    }
    Ok(())
}
// ANCHOR_END: serve

/// Takes a line for [`serve`], and asks for a break, since carrying it out may have to wait.
fn take_one(line: Result<&str, BadLine>, request: &mut Option<Result<Request, BadLine>>) -> ControlFlow<()> {
    *request = Some(line.and_then(Request::parse));
    ControlFlow::Break(())
}

// ANCHOR: subscriber
/// The task of a subscription: one write for each post.
async fn subscriber<W: AsyncWrite + Unpin>(group_name: String, mut posts: Receiver<Arc<str>>, outbound: Outbound<W>) {
    census::here_i_am();
    loop {
        let reply = match posts.recv().await {
            Ok(message) => Reply::Message { group_name: group_name.clone(), message: message.to_string() },
            Err(RecvError::Overflowed(missed)) => Reply::Error(format!("Dropped {missed} messages from {group_name}.")),
            Err(RecvError::Closed) => return,
        };
        if send(&outbound, &reply).await.is_err() {
            return;
        }
    }
}
// ANCHOR_END: subscriber

async fn send<W: AsyncWrite + Unpin>(outbound: &Outbound<W>, reply: &Reply) -> io::Result<()> {
    outbound.lock().await.write_all(&reply.to_line()).await
}

/// Logs why a connection broke, if it did.
pub fn log_error(ended: io::Result<()>) {
    if let Err(error) = ended {
        warn!(target: "async-chat", %error, "a connection broke");
    }
}
