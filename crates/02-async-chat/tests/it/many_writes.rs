//! tokio lets a task use its sockets 128 times in a poll. One task runs the writers of a thousand,
//! so the writing side goes around that, and the task yields by itself.

use std::{
    future::poll_fn,
    pin::Pin,
    task::Poll::{self, Ready},
};

use futures::{AsyncWrite, AsyncWriteExt};
use lesson_async_chat::on_tokio;
use tokio::net::{TcpListener, TcpStream};

#[test]
fn a_thousand_writes_in_one_poll() {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(async {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let _client = TcpStream::connect(listener.local_addr().unwrap()).await.unwrap();
        let (_read, mut write) = on_tokio::sides(listener.accept().await.unwrap().0, true);
        // After this it is known that the socket is ready; then comes a new poll, with all that
        // tokio grants.
        write.write_all(b"x").await.unwrap();
        tokio::task::yield_now().await;
        let written = poll_fn(|cx| {
            let taken = |_: &i32| matches!(Pin::new(&mut write).poll_write(cx, b"x"), Ready(Ok(1)));
            Poll::Ready((0..1000).take_while(taken).count())
        });
        assert_eq!(written.await, 1000, "writes that the kernel has room for");
    });
}
