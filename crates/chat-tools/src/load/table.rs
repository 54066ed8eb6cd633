//! The table: what the runs of each server come to, as Markdown and as JSON.

use std::{fmt, iter};

use measure::{Median, markdown};
use serde::Serialize;

use super::{
    Report,
    pairs::{Pair, Rounds, paired},
    report::count,
};

/// All that was measured in one sitting.
#[derive(Debug, Serialize)]
pub(crate) struct Table {
    /// The command line.
    pub(crate) command: String,
    /// Where and when.
    pub(crate) machine: String,
    pub(crate) loads: Vec<Section>,
}

/// One load, and every server under it.
#[derive(Debug, Serialize)]
pub(crate) struct Section {
    pub(crate) clients: usize,
    pub(crate) groups: usize,
    /// Posts a second that every server was offered in the open loop.
    pub(crate) offered_posts_per_second: Option<f64>,
    /// The server that the ratios are to.
    pub(crate) base: Option<String>,
    pub(crate) rows: Vec<Row>,
    pub(crate) pairs: Vec<Pair>,
    /// What went wrong.
    pub(crate) notes: Vec<String>,
}

/// One server: medians over the rounds that count. `None` is what no round has told.
#[derive(Debug, Serialize)]
pub(crate) struct Row {
    pub(crate) server: String,
    pub(crate) posts_per_second: Option<f64>,
    pub(crate) deliveries_per_second: Option<f64>,
    pub(crate) cpu_us_per_delivery: Option<f64>,
    /// The median of each round's ratio to the base in the same round, so that a drift of the
    /// machine cancels out.
    pub(crate) cpu_ratio: Option<f64>,
    pub(crate) p50_us: Option<f64>,
    pub(crate) p99_us: Option<f64>,
    pub(crate) p99_at_equal_rate_us: Option<f64>,
    /// How much of that may be the load generator's own lateness.
    pub(crate) sent_late_p99_us: Option<f64>,
    pub(crate) lines_per_write: Option<f64>,
    pub(crate) memory_bytes: Option<f64>,
}

impl Rounds {
    /// The median of a figure over the rounds of the closed loop that count.
    pub(crate) fn closed(&self, figure: impl Fn(&Report) -> Option<f64>) -> Option<f64> {
        median(self.closed.iter().flatten().filter_map(figure))
    }

    pub(crate) fn row(&self, server: &str, base: Option<&Rounds>) -> Row {
        let cpu = |report: &Report| report.cpu_us_per_delivery;
        let cpu_ratio = base.and_then(|base| paired(&self.closed, &base.closed, cpu));
        Row {
            server: server.to_owned(),
            posts_per_second: self.closed(|report| Some(report.posts_per_second)),
            deliveries_per_second: self.closed(|report| Some(report.deliveries_per_second)),
            cpu_us_per_delivery: self.closed(cpu),
            cpu_ratio: cpu_ratio.map(|ratio| ratio.value),
            p50_us: self.closed(|report| Some(report.latency_us.p50)),
            p99_us: self.closed(|report| Some(report.latency_us.p99)),
            p99_at_equal_rate_us: median(self.open.iter().flatten().map(|report| report.latency_us.p99)),
            sent_late_p99_us: median(self.open.iter().flatten().filter_map(|report| report.sent_late_p99_us)),
            lines_per_write: self.closed(|report| report.lines_per_write),
            memory_bytes: self.closed(|report| report.server_memory_bytes.map(|bytes| bytes as f64)),
        }
    }
}

fn median(figures: impl Iterator<Item = f64>) -> Option<f64> {
    Median::of(figures).map(|median| median.value)
}

impl fmt::Display for Table {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for section in &self.loads {
            writeln!(f, "{section}")?;
        }
        writeln!(f, "`{}`\n", self.command)?;
        write!(f, "{}", self.machine)
    }
}

impl fmt::Display for Section {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let rate = self.offered_posts_per_second.map_or_else(|| "none".to_owned(), count);
        writeln!(f, "Clients {}, groups {}, equal rate {rate} posts/s:\n", self.clients, self.groups)?;
        let ratio = self.base.as_ref().map_or_else(|| "ratio".to_owned(), |base| format!("to {base}"));
        let head = [
            "server",
            "posts/s",
            "deliveries/s",
            "CPU µs/delivery",
            &ratio,
            "p50 µs",
            "p99 µs",
            "p99 µs at equal rate",
            "sent late µs",
            "lines/write",
            "RSS MiB",
        ];
        let head = head.map(str::to_owned);
        f.write_str(&markdown(&iter::once(head).chain(self.rows.iter().map(Row::cells)).collect::<Vec<_>>()))?;
        for (number, pair) in self.pairs.iter().enumerate() {
            writeln!(f, "{}- {pair}", if number == 0 { "\n" } else { "" })?;
        }
        for note in &self.notes {
            writeln!(f, "\n{note}")?;
        }
        Ok(())
    }
}

impl Row {
    fn cells(&self) -> [String; 11] {
        let whole = |number: Option<f64>| number.map_or_else(|| "–".to_owned(), count);
        let digits = |number: Option<f64>, digits| number.map_or_else(|| "–".to_owned(), |it| format!("{it:.digits$}"));
        [
            self.server.clone(),
            whole(self.posts_per_second),
            whole(self.deliveries_per_second),
            digits(self.cpu_us_per_delivery, 2),
            digits(self.cpu_ratio, 2),
            whole(self.p50_us),
            whole(self.p99_us),
            whole(self.p99_at_equal_rate_us),
            whole(self.sent_late_p99_us),
            digits(self.lines_per_write, 1),
            digits(self.memory_bytes.map(|bytes| bytes / 1048576.0), 1),
        ]
    }
}
