//! What a client has and wants from one operation to the next, and who waits for whom in the end.

use std::collections::{BTreeMap, BTreeSet};

use crate::object::{Answer, Command};
use crate::recording::Shown;

/// What one client has, wants and waits for.
#[derive(Default, Debug)]
pub(super) struct Session {
    /// What it took by operations of the history and is going to give back, the last last.
    pub(super) holds: Vec<u32>,
    /// What it is going to take, the next last.
    pub(super) wants: Vec<u32>,
    /// The locks that it has.
    locks: Vec<u32>,
    /// What it was refused last and is going to ask for again.
    waits: Option<u32>,
    /// The posts that it likes.
    likes: BTreeSet<u32>,
}

impl Session {
    /// Whether it has to go on even if all operations were called, so that others get what it has.
    pub(super) fn is_due(&self) -> bool {
        !self.holds.is_empty()
    }

    /// It was told what came of a command.
    pub(super) fn told(&mut self, key: u32, command: &Command, answer: &Answer) {
        self.waits = None;
        match command {
            Command::TryAcquire { .. } | Command::Take if answer.is_refusal() => {
                self.waits = Some(key);
            }
            Command::TryAcquire { .. } => self.locks.push(key),
            Command::Release { .. } => self.locks.retain(|&lock| lock != key),
            _ => {}
        }
    }

    /// It likes the post called `key`, or does so no longer; returns what that adds to the likes.
    pub(super) fn toggle(&mut self, key: u32) -> i64 {
        if self.likes.remove(&key) {
            return -1;
        }
        self.likes.insert(key);
        1
    }

    /// It reads that nothing of `key` is left, and is going to look again.
    pub(super) fn waits_for(&mut self, key: u32) {
        self.waits = Some(key);
    }

    /// Operation `f` on `key` returned this. It `forgets` to give back what it took, or not.
    pub(super) fn returned(&mut self, f: &str, key: u32, output: &Shown, forgets: bool) {
        self.waits = None;
        match f {
            "acquire" | "try-acquire" => {
                self.wants.pop();
                if *output != Shown::Flag(false) && !forgets {
                    self.holds.push(key);
                }
            }
            "release" => {
                self.holds.pop();
            }
            _ => {}
        }
    }
}

/// What of it all is stuck, in words, when clients get no further: those that wait for each other's
/// locks in a circle, and what nobody has who could give it back.
pub(super) fn stuck<'a>(sessions: impl Iterator<Item = &'a Session> + Clone) -> Vec<String> {
    let mut holders: BTreeMap<u32, usize> = BTreeMap::new();
    for (client, session) in sessions.clone().enumerate() {
        holders.extend(session.locks.iter().chain(&session.holds).map(|&key| (key, client)));
    }
    let waits: Vec<Option<u32>> = sessions.map(|session| session.waits).collect();
    let mut orphans: Vec<u32> =
        waits.iter().flatten().copied().filter(|key| !holders.contains_key(key)).collect();
    orphans.sort_unstable();
    orphans.dedup();
    let mut found: Vec<String> =
        orphans.iter().map(|key| format!("nobody gives back what is waited for: {key}")).collect();
    let next = |client: usize| holders.get(&waits[client]?).copied();
    let mut is_met = vec![false; waits.len()];
    for start in 0..waits.len() {
        let mut walk = Vec::new();
        let mut at = Some(start);
        while let Some(client) = at.filter(|&client| !is_met[client]) {
            is_met[client] = true;
            walk.push(client);
            at = next(client);
        }
        let Some(first) = at.and_then(|client| walk.iter().position(|&one| one == client)) else {
            continue;
        };
        let names: Vec<String> = walk[first..].iter().map(usize::to_string).collect();
        found.push(format!("clients {} wait for each other's locks", names.join(", ")));
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    fn session(locks: &[u32], waits: Option<u32>) -> Session {
        Session { locks: locks.to_vec(), waits, ..Session::default() }
    }

    #[test]
    fn a_circle_is_a_deadlock_and_a_chain_is_none() {
        let chain = [session(&[1], Some(2)), session(&[2], Some(3)), session(&[3], None)];
        assert!(stuck(chain.iter()).is_empty());
        let circle = [
            session(&[], Some(1)),
            session(&[1], Some(2)),
            session(&[5], None),
            session(&[2], Some(1)),
        ];
        assert_eq!(stuck(circle.iter()), ["clients 1, 3 wait for each other's locks"]);
        let orphan = [session(&[1], Some(9))];
        assert_eq!(stuck(orphan.iter()), ["nobody gives back what is waited for: 9"]);
    }
}
