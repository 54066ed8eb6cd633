//! A writer that panics takes no other with it; a desk has 1,024 places, and gives them back. The
//! tasks are polled by hand, so what is counted is polls and tasks, not time.

use std::{
    future::{Future, pending, poll_fn},
    io,
    pin::Pin,
    sync::{
        Arc, Mutex,
        atomic::{AtomicUsize, Ordering::SeqCst},
    },
    task::{Context, Poll},
    time::Duration,
};

use chat::{Limits, Request};
use futures::{
    AsyncBufReadExt, AsyncRead, AsyncWrite, AsyncWriteExt, StreamExt, channel::oneshot, io::BufReader, stream,
};
use harness::probe::Task;
use lesson_async_chat::{
    Runtime,
    on_tokio::{self, Tokio},
    parts::{stop::Stop, writers::Writers},
    s2_mailbox::Server,
};
use tokio::net::{TcpListener, TcpStream};
use tokio_util::compat::TokioAsyncReadCompatExt;

/// A runtime whose tasks the test polls.
#[derive(Clone, Default)]
struct ByHand(Arc<Mutex<Vec<Task<dyn Future<Output = ()> + Send>>>>);

impl Runtime for ByHand {
    fn spawn(&self, task: impl Future<Output = ()> + Send + 'static) {
        let task: Pin<Box<dyn Future<Output = ()> + Send>> = Box::pin(task);
        self.0.lock().unwrap().push(task.into());
    }

    fn sleep(&self, _: Duration) -> impl Future<Output = ()> + Send + 'static {
        pending()
    }
}

impl ByHand {
    fn tasks(&self) -> usize {
        self.0.lock().unwrap().len()
    }

    /// Polls a task once; whether it has asked for another poll.
    fn poll(&self, task: usize) -> bool {
        let task = &mut self.0.lock().unwrap()[task];
        task.assert_pending();
        task.is_woken()
    }

    fn poll_while_woken(&self, task: usize) {
        while self.poll(task) {}
    }
}

/// A writer that counts its polls and ends when it is told to, or when its sender is dropped.
fn counted() -> (Arc<AtomicUsize>, oneshot::Sender<()>, impl Future<Output = ()> + Send + 'static) {
    let (polls, (end, mut ended)) = (Arc::new(AtomicUsize::new(0)), oneshot::channel());
    let counter = Arc::clone(&polls);
    let writer = poll_fn(move |cx| {
        counter.fetch_add(1, SeqCst);
        Pin::new(&mut ended).poll(cx).map(drop)
    });
    (polls, end, writer)
}

#[test]
fn a_panic_ends_its_writer_and_no_other() {
    let runtime = ByHand::default();
    let writers = Writers::new(runtime.clone());
    let (polls, end, writer) = counted();
    writers.run(async { panic!("expected: one writer breaks") });
    writers.run(writer);
    runtime.poll_while_woken(0);
    assert_eq!(polls.load(SeqCst), 1);
    end.send(()).expect("the other writer is still there");
    let (newcomer_polls, _end, newcomer) = counted();
    writers.run(newcomer);
    runtime.poll_while_woken(0);
    assert_eq!((polls.load(SeqCst), newcomer_polls.load(SeqCst), runtime.tasks()), (2, 1, 1));
}

#[test]
fn a_desk_whose_task_is_gone_is_replaced() {
    let runtime = ByHand::default();
    let writers = Writers::new(runtime.clone());
    writers.run(pending());
    runtime.0.lock().unwrap().clear();
    let (polls, _end, writer) = counted();
    writers.run(writer);
    assert_eq!(runtime.tasks(), 1, "a new task");
    runtime.poll_while_woken(0);
    assert_eq!(polls.load(SeqCst), 1);
}

#[test]
fn a_desk_has_1024_places_and_gives_them_back() {
    let runtime = ByHand::default();
    let writers = Writers::new(runtime.clone());
    let (_, end, writer) = counted();
    writers.run(writer);
    (1..1024).for_each(|_| writers.run(pending()));
    assert_eq!(runtime.tasks(), 1);
    writers.run(pending());
    assert_eq!(runtime.tasks(), 2, "the next one is at another desk");
    runtime.poll_while_woken(0);
    drop(end);
    runtime.poll_while_woken(0);
    // One place at the first desk, and all but one at the second.
    (0..1024).for_each(|_| writers.run(pending()));
    assert_eq!(runtime.tasks(), 2, "the place of the writer that has ended is free again");
    writers.run(pending());
    assert_eq!(runtime.tasks(), 3);
}

#[test]
fn a_poll_of_the_task_polls_writers_that_were_woken_and_ends_once_two_have_let_others_go_first() {
    let runtime = ByHand::default();
    let writers = Writers::new(runtime.clone());
    let (polls, ends, queue): (Vec<_>, Vec<_>, Vec<_>) = (0..5).map(|_| counted()).collect();
    queue.into_iter().for_each(|writer| writers.run(writer));
    runtime.poll_while_woken(0);
    let seen = || polls.iter().map(|polls| polls.load(SeqCst)).collect::<Vec<_>>();
    assert_eq!(seen(), [1; 5]);
    let mut ends = ends.into_iter();
    drop(ends.next());
    runtime.poll_while_woken(0);
    assert_eq!(seen(), [2, 1, 1, 1, 1]);
    let polite = Arc::new(AtomicUsize::new(0));
    let (begin, queue): (Vec<_>, Vec<_>) = (0..5).map(|_| oneshot::channel::<()>()).collect();
    for begun in queue {
        let polite = Arc::clone(&polite);
        writers.run(async move {
            let _ = begun.await;
            poll_fn(|cx| {
                polite.fetch_add(1, SeqCst);
                cx.waker().wake_by_ref();
                Poll::Pending
            })
            .await
        });
    }
    runtime.poll_while_woken(0);
    drop(begin);
    assert!(runtime.poll(0), "it asks for another poll");
    assert_eq!(polite.load(SeqCst), 2, "of five that are ready");
}

/// A writing side that panics at the first write, if it is to.
struct Fragile<W>(bool, W);

impl<W: AsyncWrite + Unpin> AsyncWrite for Fragile<W> {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        assert!(!self.0, "expected: this writer breaks");
        Pin::new(&mut self.1).poll_write(cx, bytes)
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.1).poll_flush(cx)
    }

    fn poll_close(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.1).poll_close(cx)
    }
}

/// Joins and posts; whether the post comes back before the connection ends.
async fn is_served(socket: impl AsyncRead + AsyncWrite + Unpin, message: &str) -> bool {
    let (mut socket, group_name) = (BufReader::new(socket), "rust".to_owned());
    let join = Request::Join { group_name: group_name.clone() }.to_line();
    let post = Request::Post { group_name, message: message.into() }.to_line();
    let asked = socket.write_all(&[join, post].concat()).await;
    let mut lines = socket.lines();
    while let Some(Ok(line)) = lines.next().await {
        if line.contains(message) {
            return asked.is_ok();
        }
    }
    false
}

#[test]
fn the_client_whose_writer_panics_is_told_and_the_others_are_served() {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let test = async {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        // The second client's writer breaks.
        let incoming = stream::unfold((listener, 1), |(listener, number)| async move {
            let (stream, _) = listener.accept().await.unwrap();
            let (read, write) = on_tokio::sides(stream, true);
            Some((Ok((read, Fragile(number == 2, write))), (listener, number + 1)))
        });
        let limits = Limits { connections: 2, ..Limits::default() };
        tokio::spawn(Server::new(Tokio, limits, Arc::new(Stop::default())).run(incoming));
        let connect = async || TcpStream::connect(address).await.unwrap().compat();
        let mut first = connect().await;
        assert!(is_served(&mut first, "first").await);
        assert!(!is_served(connect().await, "second").await, "its end is all that it hears");
        assert!(is_served(&mut first, "still here").await);
        // The second client's place is free again as soon as its reader has seen the end.
        while !is_served(connect().await, "third").await {}
    };
    runtime.block_on(async { tokio::time::timeout(Duration::from_secs(20), test).await }).expect("nobody hangs");
}
