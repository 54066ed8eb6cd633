//! Stage 16: what a `select!` in a loop may lose. The branch that does not come first is dropped,
//! and with it all that only its future knew. A loop that loses, and two that do not.

use std::pin::pin;

use crate::parts::event;
use futures::{Stream, StreamExt};

/// Two numbers that belong together.
pub type Pair = (u32, u32);

// ANCHOR: read_pair
/// Takes the next two numbers; `None` if there are no two left.
///
/// **Not** cancel safe: after the first `.await` a number is in this future and nowhere else.
pub async fn read_pair(numbers: &mut (impl Stream<Item = u32> + Unpin)) -> Option<Pair> {
    let first = numbers.next().await?;
    let second = numbers.next().await?;
    Some((first, second))
}
// ANCHOR_END: read_pair

// ANCHOR: loses
/// Collects all pairs, and hears every tick. A tick between the two numbers of a pair loses the
/// first of them.
pub async fn loses(mut numbers: impl Stream<Item = u32> + Unpin, mut ticks: impl Stream + Unpin) -> Vec<Pair> {
    let mut pairs = Vec::new();
    loop {
        tokio::select! {
            biased;
            // Each turn of the loop makes a new future, and drops it if the tick comes first.
            pair = read_pair(&mut numbers) => match pair {
                Some(pair) => pairs.push(pair),
                None => return pairs,
            },
            Some(_) = ticks.next() => event::note("loses: a tick"),
        }
    }
}
// ANCHOR_END: loses

// ANCHOR: keeps_future
/// The same without loss, by keeping the future: a tick leaves it where it is, and only a finished
/// pair makes a new one.
pub async fn keeps_future(mut numbers: impl Stream<Item = u32> + Unpin, mut ticks: impl Stream + Unpin) -> Vec<Pair> {
    let mut pairs = Vec::new();
    loop {
        // ANCHOR: reading
        let mut reading = pin!(read_pair(&mut numbers));
        let pair = loop {
            tokio::select! {
                biased;
                pair = &mut reading => break pair,
                Some(_) = ticks.next() => event::note("keeps_future: a tick"),
            }
        };
        // ANCHOR_END: reading
        match pair {
            Some(pair) => pairs.push(pair),
            None => return pairs,
        }
    }
}
// ANCHOR_END: keeps_future

// ANCHOR: keeps_state
/// The same without loss, by keeping the state: what has been read of a pair is in a value that no
/// `select!` drops.
#[derive(Debug)]
pub struct Pairs<S> {
    numbers: S,
    first: Option<u32>,
}

impl<S: Stream<Item = u32> + Unpin> Pairs<S> {
    /// Reads its pairs from `numbers`.
    pub fn new(numbers: S) -> Self {
        Pairs { numbers, first: None }
    }

    /// The next pair; `None` if there are no two numbers left. Cancel safe.
    pub async fn next(&mut self) -> Option<Pair> {
        let first = match self.first {
            Some(first) => first,
            None => *self.first.insert(self.numbers.next().await?),
        };
        let second = self.numbers.next().await?;
        // From here to the return there is no `.await`, so nobody can drop it in between.
        self.first = None;
        Some((first, second))
    }
}

/// Collects all pairs, and hears every tick.
pub async fn keeps_state(numbers: impl Stream<Item = u32> + Unpin, mut ticks: impl Stream + Unpin) -> Vec<Pair> {
    let mut numbers = Pairs::new(numbers);
    let mut pairs = Vec::new();
    loop {
        tokio::select! {
            biased;
            pair = numbers.next() => match pair {
                Some(pair) => pairs.push(pair),
                None => return pairs,
            },
            Some(_) = ticks.next() => event::note("keeps_state: a tick"),
        }
    }
}
// ANCHOR_END: keeps_state
