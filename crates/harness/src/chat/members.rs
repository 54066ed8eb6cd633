//! E5 and E9 to E11: members that half-close, post in order, are reset, and reconnect.

use std::{
    net::SocketAddr,
    time::{Duration, Instant},
};

use super::{Client, Server, client::unique};
use crate::run::check::{Stop, Verdict, holds};

pub(super) fn e5_half_closed(server: &Server) -> Verdict {
    server.checked(|running| {
        let group = unique("half");
        let (mut reader, mut poster) = (Client::connect(running.address)?, Client::connect(running.address)?);
        reader.join(&group)?;
        reader.settle_alone()?;
        reader.half_close()?;
        // The client cannot know when the server has seen the end of the reader's input. So the
        // posts continue for a while, and each must arrive.
        let started = Instant::now();
        for number in 0.. {
            poster.post(&group, &number.to_string())?;
            reader.expect(&group, &number.to_string())?;
            poster.settle_alone()?;
            if started.elapsed() > Duration::from_millis(300) && number > 100 {
                break;
            }
        }
        poster.settle_alone()
    })
}

pub(super) fn e9_order(server: &Server) -> Verdict {
    const SENDERS: usize = 4;
    const ROUNDS: usize = 8;
    /// Posts of one sender that are under way at once. With all senders these are 100, which any
    /// mailbox should hold.
    const WINDOW: usize = 25;
    server.checked(|running| {
        let group = unique("order");
        let mut members = Vec::new();
        for _ in 0..SENDERS {
            let mut member = Client::connect(running.address)?;
            member.join(&group)?;
            member.settle_alone()?;
            members.push(member);
        }
        let mut next = [[0; SENDERS]; SENDERS];
        for round in 0..ROUNDS {
            for (sender, member) in members.iter_mut().enumerate() {
                let posts = (round * WINDOW..).take(WINDOW).map(|number| chat::Request::Post {
                    group_name: group.clone(),
                    message: format!("{sender} {number}"),
                });
                let bytes: Vec<u8> = posts.flat_map(|post| post.to_line()).collect();
                member.send_bytes(&bytes)?;
            }
            for (member, next) in members.iter_mut().zip(&mut next) {
                for _ in 0..WINDOW * SENDERS {
                    in_order(member.reply()?, next)?;
                }
            }
        }
        Ok(())
    })
}

fn in_order(reply: chat::Reply, next: &mut [usize]) -> Verdict {
    let unexpected = || Stop::Failed(format!("instead of a post this came: {reply:?}"));
    let chat::Reply::Message { message, .. } = &reply else { return Err(unexpected()) };
    let (sender, number) = message.split_once(' ').ok_or_else(unexpected)?;
    let sender: usize = sender.parse().map_err(|_| unexpected())?;
    let expected = next.get_mut(sender).ok_or_else(unexpected)?;
    holds(number == expected.to_string(), || {
        format!("post {number} of sender {sender} came instead of its post {expected}")
    })?;
    *expected += 1;
    Ok(())
}

pub(super) fn e10_reset(server: &Server) -> Verdict {
    const POSTS: usize = 200;
    server.checked(|running| {
        let group = unique("reset");
        let join = |own: &str| {
            let mut member = Client::connect(running.address)?;
            member.join(&group)?;
            member.join(own)?;
            member.settle_alone()?;
            Ok::<_, Stop>(member)
        };
        // In the server's table, members that will be reset are between survivors. So a broadcast
        // that stops at a dead member misses the survivors after it.
        let mut poster = join(&unique("poster"))?;
        let (mut survivors, mut doomed, mut gone) = (Vec::new(), Vec::new(), Vec::new());
        for _ in 0..3 {
            let own = unique("doomed");
            doomed.push(join(&own)?);
            gone.push(own);
            survivors.push(join(&unique("survivor"))?);
        }
        for number in 0..POSTS {
            poster.post(&group, &number.to_string())?;
            if number >= POSTS / 2 {
                // The connection ends while this post is on its way and earlier ones are unread.
                doomed.pop().map(Client::reset).transpose()?;
            }
            poster.expect(&group, &number.to_string()).map_err(|stop| after_reset(stop, "the poster"))?;
        }
        for survivor in &mut survivors {
            for number in 0..POSTS {
                survivor.expect(&group, &number.to_string()).map_err(|stop| after_reset(stop, "a member"))?;
            }
        }
        gone.iter().try_for_each(|own| poster.wait_until_gone(own))
    })
}

fn after_reset(stop: Stop, who: &str) -> Stop {
    match stop {
        Stop::Failed(observed) => {
            Stop::Failed(format!("three members were reset, and {who} missed a post: {observed}"))
        }
        other => other,
    }
}

pub(super) fn e11_reconnect(server: &Server) -> Verdict {
    server.checked(|running| {
        let (group, old_only) = (unique("again"), unique("old"));
        let mut watcher = Client::connect(running.address)?;
        let any_port = SocketAddr::new(running.address.ip(), 0);
        let mut old = Client::connect_from(Some(any_port), running.address, false)?;
        old.join(&old_only)?;
        old.join(&group)?;
        old.settle_alone()?;
        // After the end of the input a server does not read any more, so it notices the following
        // reset only later.
        old.half_close()?;
        watcher.settle_alone()?;
        let address = old.reset()?;
        // The client reconnects from the same address before the server has noticed the reset.
        let mut new = Client::connect_from(Some(address), running.address, false)?;
        new.join(&group)?;
        new.settle_alone()?;
        new.post(&group, "here again")?;
        new.expect(&group, "here again")?;
        watcher.wait_until_gone(&old_only)?;
        new.post(&group, "and still here")?;
        new.expect(&group, "and still here").map_err(|stop| match stop {
            Stop::Failed(observed) => {
                Stop::Failed(format!("after the end of the old session, the new one missed a post: {observed}"))
            }
            other => other,
        })
    })
}
