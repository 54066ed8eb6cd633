//! One run: everybody joins, the same load for a while, then measured, and in the end all that is
//! due must arrive.

use std::{
    sync::atomic::{AtomicBool, Ordering},
    time::Duration,
};

use chat::service::raise_descriptor_limit;

use super::{
    Load, Pace, Server,
    crowd::{Crowd, Tally},
    interrupted,
    kernel::{Counters, resident},
    report::{Measured, Report},
};

/// How often progress is shown and the wish to stop is noticed, in nanoseconds.
const GLANCE: u64 = 50_000_000;
/// In the end: how long nothing may arrive before what is missing counts as lost, in nanoseconds.
const QUIET: u64 = 2_000_000_000;
/// Descriptors besides those of the clients.
const OTHERS: u64 = 32;

/// Puts a load on a server and reports what it did.
///
/// `progress` is called some times a second with the part that is done, from 0 to 1. When `stop` is
/// set, the run ends as soon as it notices, with an error.
///
/// # Errors
///
/// One line for a person: there cannot be such a load here, or a connection broke, or `stop` was
/// set. A run in which lines were dropped, or for which the limit was too short, is a report, too:
/// see [`Report::void`].
pub fn run(load: &Load, server: &Server, stop: &AtomicBool, progress: &dyn Fn(f64)) -> Result<Report, String> {
    load.check()?;
    let needed = load.clients as u64 + OTHERS;
    if let Some(limit) = raise_descriptor_limit().filter(|limit| *limit < needed) {
        return Err(format!(
            "{} clients need {needed} open descriptors, and this process may have {limit}: ask for fewer clients, or \
             raise the hard limit (`ulimit -Hn`)",
            load.clients
        ));
    }
    let crowd = Crowd::connect(load, server.address(), stop)?;
    let start = crowd.now();
    let schedule = match load.pace {
        Pace::Closed => None,
        Pace::Rate(rate) => Some(Schedule { start, rate, stride: stride(load.clients), next: 0 }),
    };
    let begin = start + load.window.warmup.as_nanos() as u64;
    let end = begin + load.window.seconds.as_nanos() as u64;
    let limit = load.window.limit().as_nanos() as u64;
    Run { crowd, schedule, clients: load.clients, start, end, limit, stop, progress, shown: 0 }
        .measure(load, begin, server)
}

struct Run<'a> {
    crowd: Crowd,
    schedule: Option<Schedule>,
    clients: usize,
    start: u64,
    end: u64,
    /// When the run is over, whatever is still to come.
    limit: u64,
    stop: &'a AtomicBool,
    progress: &'a dyn Fn(f64),
    /// When progress was shown last.
    shown: u64,
}

/// The times at which posts should be sent, one after the other and whatever happens.
struct Schedule {
    start: u64,
    rate: f64,
    /// How far on the next client is.
    stride: usize,
    next: u64,
}

impl Schedule {
    fn due(&self) -> u64 {
        self.start + (self.next as f64 / self.rate * 1e9) as u64
    }
}

/// Steps of this length visit each of `clients` once in a round, in an order that is nobody's. If
/// they posted in the order in which they joined, a server that happens to serve its members in
/// turn would fall in step with them, and whoever posts would always be served first, or last.
fn stride(clients: usize) -> usize {
    let coprime = |step: &usize| {
        let (mut a, mut b) = (clients, *step);
        while b > 0 {
            (a, b) = (b, a % b);
        }
        a == 1
    };
    // Near the golden section neighbours in time are never neighbours in the order.
    (clients * 618 / 1000..).find(coprime).expect("there are primes")
}

impl Run<'_> {
    fn measure(mut self, load: &Load, begin: u64, server: &Server) -> Result<Report, String> {
        self.crowd.window = begin..self.end;
        if self.schedule.is_none() {
            self.crowd.again = true;
            self.crowd.post_all()?;
        }
        self.until(begin)?;
        let before = self.moment(server);
        self.until(self.end)?;
        let after = self.moment(server);
        let memory = server.pid().and_then(resident);
        self.crowd.again = false;
        let in_time = self.drain()?;
        Ok(Report::new(load, &Measured { before, after, memory, crowd: &self.crowd, in_time }))
    }

    fn moment(&self, server: &Server) -> (u64, Tally, Counters) {
        (self.crowd.now(), self.crowd.tally, Counters::now(server.pid()))
    }

    /// Goes on until a time.
    fn until(&mut self, time: u64) -> Result<(), String> {
        loop {
            let now = self.crowd.now();
            let due = self.post_what_is_due(now)?;
            if now >= time {
                return Ok(());
            }
            self.glance(now)?;
            let wake = time.min(now + GLANCE).min(due);
            self.crowd.turn(Duration::from_nanos(wake.saturating_sub(now)))?;
        }
    }

    /// Posts what should have been posted by now, and says when the next post is due.
    fn post_what_is_due(&mut self, now: u64) -> Result<u64, String> {
        let Some(schedule) = &mut self.schedule else { return Ok(u64::MAX) };
        while schedule.due() <= now && schedule.due() < self.end {
            let client = (schedule.next as usize).wrapping_mul(schedule.stride) % self.clients;
            self.crowd.post(client, schedule.due())?;
            schedule.next += 1;
        }
        Ok(schedule.due())
    }

    /// Waits for everything that is due, and be it the word that it was dropped. `false` if the
    /// limit came first.
    fn drain(&mut self) -> Result<bool, String> {
        let (mut settled, mut since) = (0, self.crowd.now());
        while self.crowd.tally.settled() < self.crowd.tally.due {
            self.crowd.turn(Duration::from_nanos(GLANCE))?;
            let now = self.crowd.now();
            self.glance(now)?;
            if now > self.limit {
                return Ok(false);
            } else if settled < self.crowd.tally.settled() {
                (settled, since) = (self.crowd.tally.settled(), now);
            } else if now - since > QUIET {
                break;
            }
        }
        Ok(true)
    }

    fn glance(&mut self, now: u64) -> Result<(), String> {
        if now - self.shown < GLANCE {
            return Ok(());
        }
        self.shown = now;
        (self.progress)(((now - self.start) as f64 / (self.end - self.start) as f64).min(1.0));
        if self.stop.load(Ordering::Relaxed) { Err(interrupted()) } else { Ok(()) }
    }
}

#[cfg(test)]
mod tests {
    use super::stride;

    #[test]
    fn a_round_visits_everybody_once() {
        for clients in 1..300 {
            let mut visited: Vec<usize> = (0..clients).map(|n| n * stride(clients) % clients).collect();
            visited.sort_unstable();
            assert!(visited.into_iter().eq(0..clients), "{clients} clients in strides of {}", stride(clients));
        }
    }
}
