//! E13 to E15: the server's process when it is out of descriptors, after ten thousand connections,
//! and when it shuts down.

use std::{io, net::TcpStream, time::Duration};

use super::{
    Client, Running, Server,
    client::unique,
    flood::{Flood, Heard},
    patience::PATIENCE,
    patience::RELEASE,
};
use crate::run::{
    check::{Stop, Verdict, holds},
    wait::until,
};

pub(super) fn e13_out_of_descriptors(server: &Server) -> Verdict {
    const SPARE: usize = 10;
    const CLIENTS: usize = 40;
    /// A server that pauses between attempts uses less processor time than this.
    const BUSY: Duration = Duration::from_millis(100);
    let running = server.start_own()?;
    let check = || {
        let mut early = Client::connect(running.address)?;
        early.settle_alone()?;
        let limit = running.descriptors()? + SPARE;
        running.limit_descriptors(limit)?;
        // The kernel completes these connections without the server. Accepting them needs
        // descriptors of the server.
        let crowd: Result<Vec<TcpStream>, _> = (0..CLIENTS).map(|_| TcpStream::connect(running.address)).collect();
        let crowd = crowd?;
        let ended = || running.exit(Duration::ZERO).ok().flatten();
        // A server may need two descriptors for each connection, so one may stay free.
        let full = until(PATIENCE, || (running.descriptors().ok()? >= limit - 1 || ended().is_some()).then_some(()));
        holds(full.is_some(), || {
            format!("{CLIENTS} clients waited, but the server did not use the {SPARE} free descriptors")
        })?;
        if let Some(status) = until(Duration::from_millis(300), ended) {
            return Err(Stop::Failed(format!("out of descriptors, the server ended ({status})")));
        }
        // Three idle seconds are measured. That finds a spinning server even if it gets only a
        // thirtieth of a processor. The wait ends as soon as the server has used too much.
        let before = running.cpu()?;
        let spent = || running.cpu().map(|now| now.saturating_sub(before)).unwrap_or_default();
        until(Duration::from_secs(3), || (spent() >= BUSY).then_some(()));
        let spent = spent();
        holds(spent < BUSY, || format!("out of descriptors, the server spent {spent:?} of three idle seconds"))?;
        early
            .settle_alone()
            .map_err(|_| Stop::Failed("out of descriptors, the server did not serve an earlier member".into()))?;
        drop(crowd);
        let mut late = Client::connect(running.address)?;
        late.settle_alone()
            .map_err(|_| Stop::Failed("descriptors are free again, but a new client is not served".into()))
    };
    running.explain(check())
}

pub(super) fn e14_nothing_is_kept(server: &Server) -> Verdict {
    const ROUND: usize = 5_000;
    let running = server.start_own()?;
    let check = || {
        let mut keeper = Client::connect(running.address)?;
        keeper.settle_alone()?;
        let baseline = running.descriptors()?;
        // Fifty members of one group disconnect, and nothing is posted to the group afterwards.
        let group = unique("leavers");
        let mut leavers = Vec::new();
        for _ in 0..50 {
            let mut member = Client::connect(running.address)?;
            member.join(&group)?;
            member.settle_alone()?;
            leavers.push(member);
        }
        drop(leavers);
        released(&running, baseline, "50 members left without a later post")?;
        visit(&running, &mut keeper, ROUND)?;
        released(&running, baseline, "5,000 clients came and went")?;
        let Some(first) = settled_heap(&running) else { return visit(&running, &mut keeper, ROUND) };
        visit(&running, &mut keeper, ROUND)?;
        released(&running, baseline, "10,000 clients came and went")?;
        // A connection's memory may be freed a moment after its descriptor is closed, so this
        // waits. The limit is one byte per visitor: a leak is at least a word for each, and a table
        // that has grown is not a leak.
        let grown = || running.memory().map(|second| second.bytes.saturating_sub(first)).unwrap_or_default();
        let few = until(PATIENCE, || (grown() < ROUND).then_some(()));
        holds(few.is_some(), || format!("the second 5,000 visitors left {} live bytes more than the first", grown()))
    };
    running.explain(check())
}

/// The server's live bytes, once they no longer change. `None` if they are not counted exactly.
fn settled_heap(running: &Running) -> Option<usize> {
    let mut last = running.memory().filter(|memory| memory.exact)?.bytes;
    until(PATIENCE, || {
        let before = std::mem::replace(&mut last, running.memory()?.bytes);
        (before == last).then_some(last)
    })
}

/// Connects `clients` clients, one after the other, and disconnects each. One third send nothing,
/// one third join and reset, and one third join and leave.
fn visit(running: &Running, keeper: &mut Client, clients: usize) -> Verdict {
    for number in 0..clients {
        // Each visitor has its own group, so that it receives nothing from the others.
        let group = unique("visitor");
        let mut client = Client::connect(running.address)?;
        if number % 3 > 0 {
            client.join(&group)?;
        }
        if number % 3 == 2 {
            client.send(&chat::Request::Leave { group_name: group })?;
        }
        // Every twentieth waits for the server, so that its backlog does not overflow.
        if number % 20 == 0 {
            client.settle_alone()?;
        }
        // Most connections are reset, because an orderly end of each would leave thousands of
        // sockets in TIME_WAIT on this machine.
        if number % 3 == 1 || number % 20 != 2 {
            client.reset()?;
        }
    }
    keeper.settle_alone()
}

fn released(running: &Running, baseline: usize, what: &str) -> Verdict {
    let released = until(RELEASE, || (running.descriptors().ok()? <= baseline).then_some(()));
    let kept = || running.descriptors().map(|now| now.saturating_sub(baseline)).unwrap_or_default();
    holds(released.is_some(), || format!("{what}, and {} descriptors were still kept after {RELEASE:?}", kept()))
}

fn member(running: &Running, group: &str) -> Result<Client, Stop> {
    let mut member = Client::connect(running.address)?;
    member.join(group)?;
    member.settle_alone()?;
    Ok(member)
}

fn after_sigterm(stop: Stop) -> Stop {
    match stop {
        Stop::Failed(observed) => Stop::Failed(format!("after SIGTERM: {observed}")),
        other => other,
    }
}

pub(super) fn e15_shutdown(server: &Server) -> Verdict {
    const POSTS: usize = 384;
    const LATE_POSTS: usize = 64;
    let running = server.start_own()?;
    let check = || {
        // All posts to `late` fit into the kernel's buffers.
        let late_group = unique("late");
        let mut late = member(&running, &late_group)?;
        Flood::start(running.address, &late_group, LATE_POSTS)?.wait_until_done();
        let group = unique("shutdown");
        // The flood fills the socket of `slow`. So some posts, or a notice of dropped posts, wait
        // in the server.
        let mut slow = member(&running, &group)?;
        let mut idle = Client::connect(running.address)?;
        idle.settle_alone()?;
        Flood::start(running.address, &group, POSTS)?.wait_until_done();
        running.terminate()?;
        // The kernel still queues clients while the listener is open. It must be closed, so that
        // they are refused.
        let refused = until(PATIENCE, || {
            let tried = TcpStream::connect_timeout(&running.address, PATIENCE);
            tried.is_err_and(|error| error.kind() == io::ErrorKind::ConnectionRefused).then_some(())
        });
        holds(refused.is_some(), || "after SIGTERM the server still accepts connections".to_owned())?;
        Heard::drain(&mut slow, &group, POSTS).map_err(after_sigterm)?;
        slow.until_closed()?;
        idle.until_closed()?;
        // The server does not serve this request any more. But if it closes a socket with unread
        // input, the kernel discards the posts that are still on their way.
        late.send_bytes(b"{\"Leave\":{\"group_name\":\"any\"}}\n")?;
        Heard::drain(&mut late, &late_group, LATE_POSTS).map_err(after_sigterm)?;
        drop((slow, idle, late));
        let status = running.exit(2 * PATIENCE)?;
        let status =
            status.ok_or_else(|| Stop::Failed(format!("{:?} after SIGTERM the server still runs", 2 * PATIENCE)))?;
        holds(status.success(), || format!("after SIGTERM the server ended with {status}"))
    };
    running.explain(check())
}
