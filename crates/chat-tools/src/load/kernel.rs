//! What the kernel counts, read from `/proc`.

use std::{fs, process::Command, thread, time::Duration};

use rustix::param::clock_ticks_per_second;

/// Counters at one moment; two of them make what happened in between.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Counters {
    pub(crate) server_cpu: Option<Duration>,
    pub(crate) own_cpu: Option<Duration>,
    /// TCP segments sent with new data, by whomever in this network namespace.
    pub(crate) segments: Option<u64>,
}

impl Counters {
    pub(crate) fn now(server: Option<u32>) -> Self {
        Counters {
            server_cpu: server.and_then(cpu),
            own_cpu: cpu(std::process::id()),
            segments: segments(&fs::read_to_string("/proc/net/netstat").unwrap_or_default()),
        }
    }
}

/// Processor time of a process, its threads that have ended included; its children not.
fn cpu(pid: u32) -> Option<Duration> {
    let stat = fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
    // Fields 14 and 15, counted behind the program's name, which may hold spaces and parentheses
    // itself.
    let (_, fields) = stat.rsplit_once(") ")?;
    let mut times = fields.split(' ').skip(11).map_while(|field| field.parse::<u64>().ok());
    let ticks = times.next()? + times.next()?;
    Some(Duration::from_millis(ticks * 1000 / clock_ticks_per_second()))
}

/// Resident memory of a process, in bytes.
pub(crate) fn resident(pid: u32) -> Option<u64> {
    let status = fs::read_to_string(format!("/proc/{pid}/status")).ok()?;
    let kib = status.lines().find_map(|line| line.strip_prefix("VmRSS:"))?;
    Some(kib.trim().strip_suffix(" kB")?.parse::<u64>().ok()? * 1024)
}

/// Finds the counter in a table in which a line of names stands above a line of numbers.
fn segments(netstat: &str) -> Option<u64> {
    let mut lines = netstat.lines().filter(|line| line.starts_with("TcpExt:"));
    let (names, numbers) = (lines.next()?, lines.next()?);
    let mut pairs = names.split(' ').zip(numbers.split(' '));
    pairs.find(|(name, _)| *name == "TCPOrigDataSent")?.1.parse().ok()
}

/// The machine, the day, and what else the machine is doing, as they stand below a table.
pub(crate) fn machine() -> String {
    let read = |path| fs::read_to_string(path).unwrap_or_default();
    let cpuinfo = read("/proc/cpuinfo");
    let name = cpuinfo.lines().find_map(|line| line.strip_prefix("model name")?.split_once(": "));
    let cpus = thread::available_parallelism().map_or(0, usize::from);
    let date = Command::new("date").arg("+%F").output().map(|date| date.stdout).unwrap_or_default();
    let (kernel, date) = (read("/proc/sys/kernel/osrelease"), String::from_utf8_lossy(&date));
    let name = name.map_or("unknown processor", |(_, name)| name);
    let busy = read("/proc/loadavg");
    let busy = busy.split(' ').next().unwrap_or_default();
    format!("{cpus} × {name}, Linux {}, {}, load average at the start {busy}", kernel.trim(), date.trim())
}
