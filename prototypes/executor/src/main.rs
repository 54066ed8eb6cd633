mod fast; mod pool; mod pools;
use std::{future::Future, pin::Pin, task::{Context, Poll}, time::Instant, cell::RefCell, rc::Rc};

struct Yield(u32);
impl Future for Yield { type Output = (); fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<()> { if self.0 == 0 { return Poll::Ready(()) } self.0 -= 1; cx.waker().wake_by_ref(); Poll::Pending } }

trait Ex: 'static {
    type H<T: 'static>: Future + 'static;
    fn spawn<F: Future<Output: 'static> + 'static>(f: F) -> Self::H<F::Output>;
    fn detach<F: Future<Output: 'static> + 'static>(f: F);
    fn block_on<F: Future>(&self, f: F) -> F::Output;
}
struct Ours(fast::LocalExecutor);
impl Ex for Ours {
    type H<T: 'static> = fast::task::JoinHandle<T>;
    fn spawn<F: Future<Output: 'static> + 'static>(f: F) -> Self::H<F::Output> { fast::spawn_local(f) }
    fn detach<F: Future<Output: 'static> + 'static>(f: F) { drop(fast::spawn_local(f)) }
    fn block_on<F: Future>(&self, f: F) -> F::Output { self.0.block_on(f) }
}
struct Mono(RefCell<monoio::Runtime<monoio::LegacyDriver>>);
impl Ex for Mono {
    type H<T: 'static> = monoio::task::JoinHandle<T>;
    fn spawn<F: Future<Output: 'static> + 'static>(f: F) -> Self::H<F::Output> { monoio::spawn(f) }
    fn detach<F: Future<Output: 'static> + 'static>(f: F) { drop(monoio::spawn(f)) }
    fn block_on<F: Future>(&self, f: F) -> F::Output { self.0.borrow_mut().block_on(f) }
}
thread_local!{ static SMOL: Rc<async_executor::LocalExecutor<'static>> = Rc::new(async_executor::LocalExecutor::new()); }
struct Smol;
impl Ex for Smol {
    type H<T: 'static> = async_executor::Task<T>;
    fn spawn<F: Future<Output: 'static> + 'static>(f: F) -> Self::H<F::Output> { SMOL.with(|s| s.spawn(f)) }
    fn detach<F: Future<Output: 'static> + 'static>(f: F) { SMOL.with(|s| s.spawn(f).detach()) }
    fn block_on<F: Future>(&self, f: F) -> F::Output { let s = SMOL.with(|s| s.clone()); futures_lite::future::block_on(s.run(f)) }
}
use futures::task::LocalSpawnExt;
thread_local!{ static SP: RefCell<Option<futures::executor::LocalSpawner>> = const { RefCell::new(None) }; }
struct Pool(RefCell<futures::executor::LocalPool>);
impl Ex for Pool {
    type H<T: 'static> = futures::future::RemoteHandle<T>;
    fn spawn<F: Future<Output: 'static> + 'static>(f: F) -> Self::H<F::Output> { SP.with(|s| s.borrow().as_ref().unwrap().spawn_local_with_handle(f).unwrap()) }
    fn detach<F: Future<Output: 'static> + 'static>(f: F) { SP.with(|s| s.borrow().as_ref().unwrap().spawn_local(async { f.await; }).unwrap()) }
    fn block_on<F: Future>(&self, f: F) -> F::Output { self.0.borrow_mut().run_until(f) }
}
struct Tok(tokio::runtime::LocalRuntime);
impl Ex for Tok {
    type H<T: 'static> = tokio::task::JoinHandle<T>;
    fn spawn<F: Future<Output: 'static> + 'static>(f: F) -> Self::H<F::Output> { tokio::task::spawn_local(f) }
    fn detach<F: Future<Output: 'static> + 'static>(f: F) { drop(tokio::task::spawn_local(f)) }
    fn block_on<F: Future>(&self, f: F) -> F::Output { self.0.block_on(f) }
}
fn chain<E: Ex>(n: u32, tx: futures::channel::oneshot::Sender<()>) -> Pin<Box<dyn Future<Output = ()>>> { Box::pin(async move { if n == 0 { let _ = tx.send(()); } else { E::detach(chain::<E>(n - 1, tx)) } }) }

fn rows<E: Ex>(e: &E) {
    let time = |name: &str, ops: u64, f: &dyn Fn()| { let mut v: Vec<f64> = (0..9).map(|_| { let t = Instant::now(); f(); t.elapsed().as_nanos() as f64 / ops as f64 }).collect(); let first = v[0]; v.sort_by(f64::total_cmp); print!("{name} {:.1} (first {:.0})  ", v[4], first); };
    time("batch", 100_000, &|| e.block_on(async { let hs: Vec<_> = (0..100_000u64).map(|i| E::spawn(async move { i })).collect(); for h in hs { h.await; } }));
    time("one", 20_000, &|| e.block_on(async { for i in 0..20_000u64 { E::spawn(async move { i }).await; } }));
    time("yield", 1_000_000, &|| e.block_on(async { let hs: Vec<_> = (0..1000).map(|_| E::spawn(Yield(1000))).collect(); for h in hs { h.await; } }));
    time("pingpong", 1000, &|| e.block_on(async {
        let (dtx, mut drx) = futures::channel::mpsc::unbounded::<()>();
        for _ in 0..1000 { let dtx = dtx.clone(); E::detach(async move {
            let (a, b) = futures::channel::oneshot::channel::<futures::channel::oneshot::Sender<()>>();
            let (c, d) = futures::channel::oneshot::channel::<()>();
            E::detach(async move { let s = b.await.unwrap(); let _ = s.send(()); });
            let _ = a.send(c); let _ = d.await; let _ = dtx.unbounded_send(());
        }) }
        for _ in 0..1000 { futures::StreamExt::next(&mut drx).await; }
    }));
    time("chain", 1000, &|| e.block_on(async { let (tx, rx) = futures::channel::oneshot::channel(); E::detach(chain::<E>(1000, tx)); let _ = rx.await; }));
    time("inside", 10_000, &|| e.block_on(async { let (tx, rx) = futures::channel::oneshot::channel(); E::detach(async move { let mut tx = Some(tx); for i in 0..10_000 { let t = if i == 9_999 { tx.take() } else { None }; E::detach(async move { if let Some(t) = t { let _ = t.send(()); } }) } }); let _ = rx.await; }));
    time("ready", 100_000, &|| for i in 0..100_000u64 { std::hint::black_box(e.block_on(std::future::ready(i))); });
    println!();
}
fn main() {
    match std::env::args().nth(1).unwrap().as_str() {
        "ours" => rows(&Ours(fast::LocalExecutor::new())),
        "monoio" => rows(&Mono(RefCell::new(monoio::RuntimeBuilder::<monoio::LegacyDriver>::new().build().unwrap()))),
        "smol" => rows(&Smol),
        "localpool" => { let p = futures::executor::LocalPool::new(); SP.with(|s| *s.borrow_mut() = Some(p.spawner())); rows(&Pool(RefCell::new(p))) }
        "tokio" => rows(&Tok(tokio::runtime::Builder::new_current_thread().build_local(Default::default()).unwrap())),
        other => pools::main(other)
    }
}
