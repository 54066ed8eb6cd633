//! What a run says: as text, and as JSON.

use std::{fmt, time::Duration};

use hdrhistogram::Histogram;
use indicatif::HumanCount;
use serde::Serialize;

use super::{
    Load, Pace,
    crowd::{Crowd, Tally},
    kernel::Counters,
};

/// What a server did under a load. Rates and costs are those of the measured window; what the
/// kernel did not tell is `None`.
#[derive(Clone, Debug, Serialize)]
pub struct Report {
    /// How many clients there were.
    pub clients: usize,
    /// How many groups they were in.
    pub groups: usize,
    /// Bytes of a text.
    pub bytes: usize,
    /// Posts a second that were to be sent, in an open loop.
    pub offered_posts_per_second: Option<f64>,
    /// How long the window really was.
    pub seconds: f64,
    /// Posts that should be sent in the window, and were.
    pub posts_sent: u64,
    /// Posts that came back to their owners in the window.
    pub posts: u64,
    /// The same a second.
    pub posts_per_second: f64,
    /// Lines with a post that arrived in the window.
    pub deliveries: u64,
    /// The same a second.
    pub deliveries_per_second: f64,
    /// From when a post of the window should have been sent to its return.
    pub latency_us: Latency,
    /// In an open loop: the 99th percentile of how late this program itself sent the posts of the
    /// window. So much of the latency is not the server's.
    pub sent_late_p99_us: Option<f64>,
    /// Processor time of the server.
    pub server_cpu_seconds: Option<f64>,
    /// The same for a line that arrived.
    pub cpu_us_per_delivery: Option<f64>,
    /// The server's resident memory at the end of the window.
    pub server_memory_bytes: Option<u64>,
    /// TCP segments with new data that were not ours. See the README for what that counts.
    pub server_writes: Option<u64>,
    /// Lines that arrived for each of them.
    pub lines_per_write: Option<f64>,
    /// Processor time of this program.
    pub own_cpu_seconds: Option<f64>,
    /// From the first post to the last line, the window and all around it.
    pub total: Total,
    /// Why this run counts for nothing, if it does.
    pub void: Option<String>,
}

/// Percentiles and the longest, in microseconds.
#[derive(Clone, Copy, Debug, Serialize)]
#[allow(missing_docs)]
pub struct Latency {
    pub p50: f64,
    pub p99: f64,
    pub p99_9: f64,
    pub max: f64,
}

/// A whole run. Without losses there is a delivery for each member of the group of each post.
#[derive(Clone, Copy, Debug, Serialize)]
pub struct Total {
    /// Posts that were sent.
    pub posts: u64,
    /// Lines with a post that arrived.
    pub deliveries: u64,
    /// Lines that the server dropped and said so.
    pub dropped: u64,
    /// Lines that did not arrive and of which nothing was said.
    pub missing: u64,
    /// Lines that nobody expected: errors, and what is no reply.
    pub wrong: u64,
}

/// What a report is made of. The two moments are the ends of the window.
pub(crate) struct Measured<'a> {
    pub(crate) before: (u64, Tally, Counters),
    pub(crate) after: (u64, Tally, Counters),
    pub(crate) memory: Option<u64>,
    pub(crate) crowd: &'a Crowd,
    /// Whether all that could still arrive did before the limit.
    pub(crate) in_time: bool,
}

impl Report {
    pub(crate) fn new(load: &Load, measured: &Measured<'_>) -> Self {
        let Measured { before: (begin, first, early), after: (end, last, later), memory, crowd, in_time } = measured;
        let seconds = (end - begin) as f64 / 1e9;
        let (posts, deliveries) = (last.returned - first.returned, last.delivered - first.delivered);
        let cpu = |early: Option<Duration>, later: Option<Duration>| {
            later.zip(early).map(|(later, early)| later.saturating_sub(early).as_secs_f64())
        };
        let offered = match load.pace {
            Pace::Closed => None,
            Pace::Rate(rate) => Some(rate),
        };
        let server_cpu = cpu(early.server_cpu, later.server_cpu);
        let segments = later.segments.zip(early.segments).map(|(later, early)| later.saturating_sub(early));
        let writes = segments.map(|segments| segments.saturating_sub(last.writes - first.writes));
        let whole = &crowd.tally;
        let total = Total {
            posts: whole.posted,
            deliveries: whole.delivered,
            dropped: whole.dropped,
            missing: whole.due.saturating_sub(whole.settled()),
            wrong: whole.wrong,
        };
        Report {
            clients: load.clients,
            groups: load.groups,
            bytes: load.window.bytes,
            offered_posts_per_second: offered,
            seconds,
            posts_sent: whole.posted_in_window,
            posts,
            posts_per_second: posts as f64 / seconds,
            deliveries,
            deliveries_per_second: deliveries as f64 / seconds,
            latency_us: Latency {
                p50: percentile(&crowd.latency, 0.5),
                p99: percentile(&crowd.latency, 0.99),
                p99_9: percentile(&crowd.latency, 0.999),
                max: percentile(&crowd.latency, 1.0),
            },
            sent_late_p99_us: offered.map(|_| percentile(&crowd.late, 0.99)),
            server_cpu_seconds: server_cpu,
            cpu_us_per_delivery: server_cpu.filter(|_| deliveries > 0).map(|cpu| cpu * 1e6 / deliveries as f64),
            server_memory_bytes: *memory,
            server_writes: writes,
            lines_per_write: writes.filter(|writes| *writes > 0).map(|writes| deliveries as f64 / writes as f64),
            own_cpu_seconds: cpu(early.own_cpu, later.own_cpu),
            total,
            void: why_void(load, &total, crowd.wrong.as_deref(), *in_time),
        }
    }
}

/// In a closed loop a dropped post is one that its owner waits for in vain, so the loop is no
/// longer the same; in an open loop it is a result. A line that vanishes without a word is wrong in
/// both.
fn why_void(load: &Load, total: &Total, wrong: Option<&str>, in_time: bool) -> Option<String> {
    let lines = |what: &str, number: u64| format!("{what}: {}", count(number as f64));
    match total {
        Total { wrong: 1.., .. } => {
            let first = crate::printable(wrong.unwrap_or_default());
            Some(format!("{}, the first of them: {first}", lines("lines that nobody expected", total.wrong)))
        }
        Total { dropped: 1.., .. } if load.pace == Pace::Closed => Some(lines("dropped lines", total.dropped)),
        Total { missing: 1.., .. } if !in_time => {
            let limit = format!("lines still to come after {} s, the limit", load.window.limit().as_secs_f64());
            Some(lines(&limit, total.missing))
        }
        Total { missing: 1.., .. } => Some(lines("lines that did not arrive", total.missing)),
        _ => None,
    }
}

fn percentile(histogram: &Histogram<u64>, part: f64) -> f64 {
    histogram.value_at_quantile(part) as f64 / 1e3
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let unknown = || "unknown".to_owned();
        let Latency { p50, p99, p99_9, .. } = self.latency_us;
        let pace = match self.offered_posts_per_second.zip(self.sent_late_p99_us) {
            None => "a post outstanding each".to_owned(),
            Some((rate, late)) => format!("{} posts/s offered, sent {} µs late (p99)", count(rate), count(late)),
        };
        let (clients, groups, bytes, seconds) = (self.clients, self.groups, self.bytes, self.seconds);
        writeln!(f, "clients {clients}, groups {groups}, texts of {bytes} bytes, {seconds:.1} s, {pace}")?;
        writeln!(f, "posts/s         {:>12}", count(self.posts_per_second))?;
        writeln!(f, "deliveries/s    {:>12}", count(self.deliveries_per_second))?;
        writeln!(f, "dropped lines   {:>12}", count(self.total.dropped as f64))?;
        writeln!(f, "latency         {:>12} µs p50, {} µs p99, {} µs p99.9", count(p50), count(p99), count(p99_9))?;
        let cpu = self.server_cpu_seconds.zip(self.cpu_us_per_delivery);
        let cpu = cpu.map_or_else(unknown, |(cpu, each)| format!("{cpu:>12.2} s, {each:.2} µs a delivery"));
        writeln!(f, "server CPU      {cpu:>12}")?;
        let memory = self.server_memory_bytes.map(|bytes| format!("{:>12.1} MiB", bytes as f64 / 1048576.0));
        writeln!(f, "server memory   {:>12}", memory.unwrap_or_else(unknown))?;
        let writes = self.server_writes.zip(self.lines_per_write);
        let writes = writes
            .map_or_else(unknown, |(writes, lines)| format!("{:>12}, {lines:.1} lines each", count(writes as f64)));
        write!(f, "server writes   {writes:>12}")
    }
}

/// A number as people write it.
pub(crate) fn count(number: f64) -> String {
    HumanCount(number.round() as u64).to_string()
}
