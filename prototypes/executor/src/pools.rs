use crate::pool;
use std::{future::Future, pin::Pin, sync::OnceLock, task::{Context, Poll}, time::Instant};
struct Yield(u32);
impl Future for Yield { type Output = (); fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<()> { if self.0 == 0 { return Poll::Ready(()) } self.0 -= 1; cx.waker().wake_by_ref(); Poll::Pending } }
trait Ex: 'static {
    type H<T: Send + 'static>: Future + Send + 'static;
    fn spawn<F: Future<Output: Send + 'static> + Send + 'static>(f: F) -> Self::H<F::Output>;
    fn detach<F: Future<Output = ()> + Send + 'static>(f: F);
    fn block_on<F: Future>(f: F) -> F::Output;
}
static OURS: OnceLock<pool::Pool> = OnceLock::new();
struct Ours;
impl Ex for Ours {
    type H<T: Send + 'static> = pool::task::JoinHandle<T>;
    fn spawn<F: Future<Output: Send + 'static> + Send + 'static>(f: F) -> Self::H<F::Output> { OURS.get().unwrap().spawn(f) }
    fn detach<F: Future<Output = ()> + Send + 'static>(f: F) { drop(Self::spawn(f)) }
    fn block_on<F: Future>(f: F) -> F::Output { OURS.get().unwrap().block_on(f) }
}
static TOKIO: OnceLock<tokio::runtime::Runtime> = OnceLock::new();
struct Tok;
impl Ex for Tok {
    type H<T: Send + 'static> = tokio::task::JoinHandle<T>;
    fn spawn<F: Future<Output: Send + 'static> + Send + 'static>(f: F) -> Self::H<F::Output> { TOKIO.get().unwrap().spawn(f) }
    fn detach<F: Future<Output = ()> + Send + 'static>(f: F) { drop(Self::spawn(f)) }
    fn block_on<F: Future>(f: F) -> F::Output { TOKIO.get().unwrap().block_on(f) }
}
static SMOL: async_executor::Executor<'static> = async_executor::Executor::new();
struct Smol;
impl Ex for Smol {
    type H<T: Send + 'static> = async_executor::Task<T>;
    fn spawn<F: Future<Output: Send + 'static> + Send + 'static>(f: F) -> Self::H<F::Output> { SMOL.spawn(f) }
    fn detach<F: Future<Output = ()> + Send + 'static>(f: F) { SMOL.spawn(f).detach() }
    fn block_on<F: Future>(f: F) -> F::Output { futures_lite::future::block_on(f) }
}
use futures::task::SpawnExt;
static TP: OnceLock<futures::executor::ThreadPool> = OnceLock::new();
struct Tp;
impl Ex for Tp {
    type H<T: Send + 'static> = futures::future::RemoteHandle<T>;
    fn spawn<F: Future<Output: Send + 'static> + Send + 'static>(f: F) -> Self::H<F::Output> { TP.get().unwrap().spawn_with_handle(f).unwrap() }
    fn detach<F: Future<Output = ()> + Send + 'static>(f: F) { TP.get().unwrap().spawn_ok(f) }
    fn block_on<F: Future>(f: F) -> F::Output { futures::executor::block_on(f) }
}
fn chain<E: Ex>(n: u32, tx: futures::channel::oneshot::Sender<()>) -> Pin<Box<dyn Future<Output = ()> + Send>> { Box::pin(async move { if n == 0 { let _ = tx.send(()); } else { E::detach(chain::<E>(n - 1, tx)) } }) }
fn rows<E: Ex>() {
    let time = |name: &str, ops: u64, f: &dyn Fn()| { let mut v: Vec<f64> = (0..9).map(|_| { let t = Instant::now(); f(); t.elapsed().as_nanos() as f64 / ops as f64 }).collect(); v.sort_by(f64::total_cmp); print!("{name} {:.1} ({:.0}-{:.0})  ", v[4], v[0], v[8]); };
    time("batch", 100_000, &|| E::block_on(async { let hs: Vec<_> = (0..100_000u64).map(|i| E::spawn(async move { i })).collect(); for h in hs { h.await; } }));
    time("yield", 1_000_000, &|| E::block_on(async { let hs: Vec<_> = (0..1000).map(|_| E::spawn(Yield(1000))).collect(); for h in hs { h.await; } }));
    time("pingpong", 1000, &|| E::block_on(async {
        let (dtx, mut drx) = futures::channel::mpsc::unbounded::<()>();
        for _ in 0..1000 { let dtx = dtx.clone(); E::detach(async move {
            let (a, b) = futures::channel::oneshot::channel::<futures::channel::oneshot::Sender<()>>();
            let (c, d) = futures::channel::oneshot::channel::<()>();
            E::detach(async move { let s = b.await.unwrap(); let _ = s.send(()); });
            let _ = a.send(c); let _ = d.await; let _ = dtx.unbounded_send(());
        }) }
        for _ in 0..1000 { futures::StreamExt::next(&mut drx).await; }
    }));
    time("chain", 1000, &|| E::block_on(async { let (tx, rx) = futures::channel::oneshot::channel(); E::detach(chain::<E>(1000, tx)); let _ = rx.await; }));
    time("inside", 10_000, &|| E::block_on(async { let (tx, rx) = futures::channel::oneshot::channel(); E::detach(async move { let mut tx = Some(tx); for i in 0..10_000 { let t = if i == 9_999 { tx.take() } else { None }; E::detach(async move { if let Some(t) = t { let _ = t.send(()); } }) } }); let _ = rx.await; }));
    time("outside", 10_000, &|| { let hs: Vec<_> = (0..10_000u64).map(|i| E::spawn(async move { i })).collect(); E::block_on(async { for h in hs { h.await; } }) });
    println!();
}
pub fn main(which: &str) {
    match which {
        "pool" => { let _ = OURS.set(pool::Pool::new(2)); rows::<Ours>() }
        "tokio-mt" => { let _ = TOKIO.set(tokio::runtime::Builder::new_multi_thread().worker_threads(2).build().unwrap()); rows::<Tok>() }
        "smol-mt" => { for _ in 0..2 { std::thread::spawn(|| futures_lite::future::block_on(SMOL.run(std::future::pending::<()>()))); } rows::<Smol>() }
        "threadpool" => { let _ = TP.set(futures::executor::ThreadPool::builder().pool_size(2).create().unwrap()); rows::<Tp>() }
        _ => {}
    }
}
