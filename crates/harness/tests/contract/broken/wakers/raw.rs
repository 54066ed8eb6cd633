//! A hand-made waker that passes every check, and the places where a [`Fault`] changes it. Its data
//! pointer is the number of a row in a table. So the table detects a waker that is used after its
//! row was freed, and the waker touches no freed memory.
#![allow(unsafe_code)]

use std::{
    cell::RefCell,
    mem,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    task::{RawWaker, RawWakerVTable, Waker},
    thread::{self, ThreadId},
};

/// The one thing that is wrong.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Fault {
    /// Nothing. Every check passes, which shows that the others fail because of their fault.
    None,
    CloneDoesNotRetain,
    DropsTwice,
    WakeDoesNotRelease,
    WakeKeepsInAPanic,
    ByRefConsumes,
    ByRefConsumesInAPanic,
    LostInAPanic,
    CloneIsOfAnother,
    OneForAll,
    CloneHasAnotherTable,
    WakesOnlyAtHome,
    EndsWithItsThread,
    /// An exercise that nobody has begun.
    Unwritten,
}

/// The target of a waker.
pub trait Wakee: Send + Sync {
    fn wake(self: Arc<Self>);
}

/// A row of the table, which the clones of a waker share.
struct Row {
    /// How often this row was freed: it tells a stale number from a fresh one.
    generation: usize,
    /// How many wakers there are.
    count: usize,
    wakee: Option<Arc<dyn Wakee>>,
    fault: Fault,
    home: ThreadId,
    /// A wake by reference panicked.
    lost: bool,
}

struct Table {
    rows: Vec<Row>,
    free: Vec<usize>,
    newest: usize,
}

static TABLE: Mutex<Table> = Mutex::new(Table { rows: Vec::new(), free: Vec::new(), newest: 0 });

fn table() -> MutexGuard<'static, Table> {
    TABLE.lock().unwrap_or_else(PoisonError::into_inner)
}

/// The low bits of a number are the index of the row, and the others its generation.
const BITS: u32 = 20;

impl Table {
    /// The row of this number, unless it was freed.
    fn find(&mut self, id: usize) -> Option<&mut Row> {
        let (index, generation) = (id & ((1 << BITS) - 1), id >> BITS);
        self.rows.get_mut(index).filter(|row| row.generation == generation && row.wakee.is_some())
    }

    fn row(&mut self, id: usize) -> &mut Row {
        self.find(id).expect("a waker was used after its memory was freed")
    }

    /// Releases one waker. For the last one it returns the target, which the caller drops once the
    /// table is unlocked.
    fn release(&mut self, id: usize) -> Option<Arc<dyn Wakee>> {
        let row = self.row(id);
        row.count -= 1;
        if row.count > 0 {
            return None;
        }
        row.generation += 1;
        let wakee = row.wakee.take();
        self.free.push(id & ((1 << BITS) - 1));
        wakee
    }
}

thread_local! {
    /// The rows that are freed when this thread ends.
    static MINE: RefCell<Vec<usize>> = const { RefCell::new(Vec::new()) };
    static LAST_WORDS: LastWords = const { LastWords };
}

struct LastWords;

impl Drop for LastWords {
    fn drop(&mut self) {
        for id in MINE.take() {
            let mut table = table();
            table.row(id).count = 1;
            let wakee = table.release(id);
            drop(table);
            drop(wakee);
        }
    }
}

/// Makes a waker, and gives its number.
pub fn waker(fault: Fault, wakee: Arc<dyn Wakee>) -> (Waker, usize) {
    let mut table = table();
    let home = thread::current().id();
    if fault == Fault::OneForAll
        && let Some(index) = table.rows.iter().position(|row| row.wakee.is_some())
    {
        // All wakers share one row, whose target is the newest.
        let row = &mut table.rows[index];
        let id = (row.generation << BITS) | index;
        row.count += 1;
        let before = row.wakee.replace(wakee);
        drop(table);
        drop(before);
        return (made(id), id);
    }
    let index = table.free.pop().unwrap_or(table.rows.len());
    let generation = table.rows.get(index).map_or(0, |row| row.generation);
    let row = Row { generation, count: 1, wakee: Some(wakee), fault, home, lost: false };
    if index == table.rows.len() {
        table.rows.push(row);
    } else {
        table.rows[index] = row;
    }
    let id = (generation << BITS) | index;
    table.newest = id;
    drop(table);
    if fault == Fault::EndsWithItsThread {
        MINE.with_borrow_mut(|mine| mine.push(id));
        LAST_WORDS.with(|_| ());
    }
    (made(id), id)
}

/// How many wakers have this number.
pub fn count(id: usize) -> usize {
    table().find(id).map_or(0, |row| row.count)
}

fn made(id: usize) -> Waker {
    // SAFETY: the functions of `VTABLE` use the pointer as a number, and never dereference it.
    unsafe { Waker::from_raw(RawWaker::new(std::ptr::without_provenance(id), &VTABLE)) }
}

static VTABLE: RawWakerVTable = RawWakerVTable::new(clone, wake, wake_by_ref, drop_waker);
/// Equal to the other vtable, but at another address, which `will_wake` compares.
static ANOTHER: RawWakerVTable = RawWakerVTable::new(clone, wake_too, wake_by_ref, drop_waker);

/// # Safety
///
/// None is needed: see [`made`]. This holds for the other functions too.
unsafe fn clone(data: *const ()) -> RawWaker {
    let mut table = table();
    let mut id = data.addr();
    let fault = table.row(id).fault;
    fault.is_written();
    if fault == Fault::CloneIsOfAnother {
        id = table.newest;
    }
    if fault != Fault::CloneDoesNotRetain {
        table.row(id).count += 1;
    }
    let vtable = if fault == Fault::CloneHasAnotherTable { &ANOTHER } else { &VTABLE };
    RawWaker::new(std::ptr::without_provenance(id), vtable)
}

/// # Safety
///
/// See [`clone`].
unsafe fn wake(data: *const ()) {
    let mut table = table();
    let row = table.row(data.addr());
    row.fault.is_written();
    let wakee = row.wakee.clone().filter(|_| row.wakes());
    let (keeps, late) = (row.fault == Fault::WakeDoesNotRelease, row.fault == Fault::WakeKeepsInAPanic);
    let last = if keeps || late { None } else { table.release(data.addr()) };
    drop(table);
    // This must hold no other share of the target: a wake by the last waker may drop the target.
    drop(last);
    wakee.into_iter().for_each(Wakee::wake);
    if late {
        drop(Share(data.addr()));
    }
}

/// # Safety
///
/// See [`clone`].
unsafe fn wake_too(data: *const ()) {
    // SAFETY: see `clone`.
    unsafe { wake(data) }
}

/// # Safety
///
/// See [`clone`].
unsafe fn wake_by_ref(data: *const ()) {
    let id = data.addr();
    let mut table = table();
    let row = table.row(id);
    let (fault, wakes) = (row.fault, row.wakes());
    fault.is_written();
    let wakee = row.wakee.clone().filter(|_| wakes);
    drop(table);
    // The fault: a share that the waker does not own, which its drop releases.
    let share = matches!(fault, Fault::ByRefConsumes | Fault::ByRefConsumesInAPanic).then(|| Share(id));
    // The fault: only the end of a wake takes back its mark.
    let marked = fault == Fault::LostInAPanic;
    self::table().row(id).lost = marked;
    wakee.into_iter().for_each(Wakee::wake);
    if marked {
        self::table().row(id).lost = false;
    }
    if fault == Fault::ByRefConsumesInAPanic {
        mem::forget(share);
    }
}

/// # Safety
///
/// See [`clone`].
unsafe fn drop_waker(data: *const ()) {
    let fault = table().row(data.addr()).fault;
    fault.is_written();
    let twice = fault == Fault::DropsTwice;
    drop(Share(data.addr()));
    if twice {
        drop(Share(data.addr()));
    }
}

impl Fault {
    fn is_written(self) {
        if self == Fault::Unwritten {
            todo!("step 1: retain and release");
        }
    }
}

impl Row {
    fn wakes(&self) -> bool {
        !self.lost && (self.fault != Fault::WakesOnlyAtHome || self.home == thread::current().id())
    }
}

/// One reference of a waker to its row.
struct Share(usize);

impl Drop for Share {
    fn drop(&mut self) {
        let wakee = table().release(self.0);
        drop(wakee);
    }
}
