//! The shared table of groups, and the session: what one connection may do with it.

use std::{
    collections::{HashMap, HashSet},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use crate::{BadLine, Limits, Reply, Request};

/// Where a post goes: whatever stands for a connection in the table.
pub trait Member {
    /// Takes a post of `group`. The table is locked meanwhile, so this must not wait for the
    /// network: a member that writes to its socket here holds up every group (and [`Groups`] cannot
    /// prevent it).
    fn deliver(&self, group: &str, line: &Arc<[u8]>);
}

// ANCHOR: table
/// Who is in which group. A member is told from another by its address, never by a name, so the end
/// of an old session cannot take a new one with it.
#[derive(Debug)]
pub struct Groups<M> {
    table: Mutex<HashMap<String, Vec<Arc<M>>>>,
}
// ANCHOR_END: table

impl<M> Default for Groups<M> {
    fn default() -> Self {
        Groups { table: Mutex::default() }
    }
}

impl<M: Member> Groups<M> {
    /// Adds a member; one that is in the group already stays in it once.
    pub fn join(&self, group: &str, member: &Arc<M>) {
        let mut table = self.lock();
        let members = table.entry(group.to_owned()).or_default();
        if !members.iter().any(|other| Arc::ptr_eq(other, member)) {
            members.push(Arc::clone(member));
        }
    }

    /// Removes a member, and the group with its last one.
    pub fn leave(&self, group: &str, member: &Arc<M>) {
        let mut table = self.lock();
        if let Some(members) = table.get_mut(group) {
            members.retain(|other| !Arc::ptr_eq(other, member));
            if members.is_empty() {
                table.remove(group);
            }
        }
    }

    // ANCHOR: post
    /// Hands a message to every member of a group, all of them under one lock, so that all see one
    /// order.
    ///
    /// # Errors
    ///
    /// The reply for whoever posted, if there is no such group.
    pub fn post(&self, group: &str, message: String) -> Result<(), Reply> {
        // Serialised once, and before the lock: all that happens under it is pushing references.
        let line = Reply::Message { group_name: group.to_owned(), message }.to_line();
        let table = self.lock();
        let members = table.get(group).ok_or_else(|| Reply::Error(format!("Group '{group}' does not exist")))?;
        for member in members {
            member.deliver(group, &line);
        }
        Ok(())
    }
    // ANCHOR_END: post

    /// A thread that panicked while it held the table left it whole: every change above is a single
    /// step.
    fn lock(&self) -> MutexGuard<'_, HashMap<String, Vec<Arc<M>>>> {
        self.table.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// One connection's side of the table: its member and the groups it is in, which it leaves when it
/// is dropped.
#[derive(Debug)]
pub struct Session<M: Member> {
    groups: Arc<Groups<M>>,
    me: Arc<M>,
    joined: HashSet<String>,
    max_groups: usize,
    max_name: usize,
}

impl<M: Member> Session<M> {
    /// A session that is in no group yet.
    pub fn new(groups: Arc<Groups<M>>, me: Arc<M>, limits: &Limits) -> Self {
        Session {
            groups,
            me,
            joined: HashSet::new(),
            max_groups: limits.groups_per_member,
            max_name: limits.group_name_bytes,
        }
    }

    /// Carries out one line of this connection, as the decoder gave it.
    ///
    /// # Errors
    ///
    /// The one `Error` line that the client gets for it: the line was bad, or the request cannot be
    /// done.
    pub fn handle(&mut self, line: Result<&str, BadLine>) -> Result<(), Reply> {
        let request = line.and_then(Request::parse).map_err(|bad| Reply::Error(bad.to_string()))?;
        match request {
            Request::Join { group_name } => self.join(group_name),
            Request::Post { group_name, message } => self.groups.post(&group_name, message),
            Request::Leave { group_name } => self.leave(&group_name),
        }
    }

    /// Whether posts can still reach this connection.
    pub fn is_member(&self) -> bool {
        !self.joined.is_empty()
    }

    fn join(&mut self, group: String) -> Result<(), Reply> {
        if group.len() > self.max_name {
            return Err(Reply::Error(format!("The group's name is longer than {} bytes", self.max_name)));
        }
        if self.joined.len() >= self.max_groups && !self.joined.contains(&group) {
            return Err(Reply::Error(format!("You are in {} groups already, the most there may be", self.max_groups)));
        }
        self.groups.join(&group, &self.me);
        self.joined.insert(group);
        Ok(())
    }

    fn leave(&mut self, group: &str) -> Result<(), Reply> {
        if !self.joined.remove(group) {
            return Err(Reply::Error(format!("You are not in group '{group}'")));
        }
        self.groups.leave(group, &self.me);
        Ok(())
    }
}

impl<M: Member> Drop for Session<M> {
    fn drop(&mut self) {
        for group in &self.joined {
            self.groups.leave(group, &self.me);
        }
    }
}
