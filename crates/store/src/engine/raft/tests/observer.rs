//! One who sees the state of all members after every event, and holds it against what Raft promises
//! (figure 3 of the paper).

use std::collections::BTreeMap;

use histcheck_history::hash::Map;

use super::super::{Raft, Role};
use crate::node::Node;
use crate::object::{Answer, Command};
use crate::origin::{Host, Stamp};
use crate::wire::raft::Position;

/// What an entry asks for, and when it was made; and the term of the entry before it.
#[derive(Clone, PartialEq, Debug)]
struct Content {
    before: u32,
    time: i64,
    request: Option<(u32, u32, u32)>,
}

/// What a member looked like.
#[derive(Clone, PartialEq, Default, Debug)]
struct Look {
    term: u32,
    vote: Option<Host>,
    is_leader: bool,
    base: Position,
    last: Position,
    commit: u64,
    applied: u64,
}

impl Look {
    fn at(raft: &Raft) -> Look {
        Look {
            term: raft.term,
            vote: raft.vote,
            is_leader: matches!(raft.role, Role::Leader(_)),
            base: raft.log.base(),
            last: raft.log.last(),
            commit: raft.commit,
            applied: raft.applied,
        }
    }
}

/// The observer.
pub(super) struct Observer {
    /// How many keys there are.
    keys: u32,
    /// How many applied entries are kept.
    kept: u64,
    /// What each member looked like last.
    looks: Vec<Look>,
    leaders: BTreeMap<u32, Host>,
    entries: Map<Position, Content>,
    /// The term of the entry that is committed at each index, and the first term in which it was.
    committed: BTreeMap<u64, (u32, u32)>,
    /// What a copy holds that has all entries up to an index.
    copies: BTreeMap<u64, Vec<(Answer, Stamp)>>,
    /// How often a member got a whole copy.
    pub(super) jumps: usize,
}

impl Observer {
    pub(super) fn new(keys: u32, kept: u32) -> Observer {
        Observer {
            keys,
            kept: u64::from(kept),
            looks: Vec::new(),
            leaders: BTreeMap::new(),
            entries: Map::default(),
            committed: BTreeMap::new(),
            copies: BTreeMap::new(),
            jumps: 0,
        }
    }

    /// How many terms had a leader.
    pub(super) fn reigns(&self) -> usize {
        self.leaders.len()
    }

    /// Looks at the members of the first group.
    pub(super) fn look(&mut self, nodes: &[Node]) {
        self.looks.resize(nodes.len(), Look::default());
        for (at, raft) in nodes.iter().enumerate().filter_map(|(at, it)| Some((at, it.raft(0)?))) {
            let look = Look::at(raft);
            if look != self.looks[at] {
                let before = std::mem::replace(&mut self.looks[at], look.clone());
                self.check(raft, &before, &look);
            }
        }
    }

    fn check(&mut self, raft: &Raft, before: &Look, look: &Look) {
        assert!(look.term >= before.term, "terms grow");
        if look.term == before.term && before.vote.is_some() {
            assert_eq!(look.vote, before.vote, "one vote a term");
        }
        assert!(look.base.index <= look.applied && look.applied <= look.commit);
        assert!(look.commit <= look.last.index, "what is committed is in the log");
        assert!(look.applied >= before.applied, "a copy goes forward");
        assert!(look.applied - look.base.index <= self.kept, "the log is cut");
        self.check_log(raft, look);
        if look.is_leader {
            let first = *self.leaders.entry(look.term).or_insert(raft.me);
            assert_eq!(first, raft.me, "election safety: term {} has two leaders", look.term);
            self.check_completeness(raft, look);
        }
        self.check_commits(raft, before, look);
        if look.applied > before.applied {
            self.jumps += usize::from(look.base.index > before.last.index);
            let copy: Vec<_> =
                (0..self.keys).map(|key| raft.copy.peek(key, &Command::Read)).collect();
            let first = self.copies.entry(look.applied).or_insert_with(|| copy.clone());
            assert_eq!(*first, copy, "state machine safety: copies differ at {}", look.applied);
        }
    }

    /// Log matching: an entry of the same index and term has the same content everywhere, and the
    /// same entry before it; so all before it is the same.
    fn check_log(&mut self, raft: &Raft, look: &Look) {
        let mut before = look.base.term;
        for index in look.base.index + 1..=look.last.index {
            let entry = raft.log.get(index).expect("an entry");
            let request = entry.request.as_ref().map(|it| (it.client, it.number, it.operation));
            let content = Content { before, time: entry.time, request };
            let position = Position { term: entry.term, index };
            let first = self.entries.entry(position).or_insert_with(|| content.clone());
            assert_eq!(*first, content, "log matching at {position:?}");
            assert!(before <= entry.term && entry.term <= look.term, "terms grow along a log");
            before = entry.term;
        }
    }

    /// Leader completeness: what was committed in an earlier term is in a leader's log.
    fn check_completeness(&self, raft: &Raft, look: &Look) {
        for (&index, &(term, since)) in self.committed.range(look.base.index..) {
            if since < look.term {
                assert_eq!(
                    raft.log.term(index),
                    Some(term),
                    "leader completeness: entry {index}, committed in term {since}"
                );
            }
        }
    }

    /// State machine safety: nobody commits another entry at the same index. And only entries of
    /// a leader's own term are committed by counting who has them.
    fn check_commits(&mut self, raft: &Raft, before: &Look, look: &Look) {
        if look.is_leader && before.is_leader && look.commit > before.commit {
            assert_eq!(raft.log.term(look.commit), Some(look.term), "commits its own term");
        }
        for index in before.commit.max(look.base.index)..=look.commit {
            let Some(term) = raft.log.term(index) else { continue };
            let first = *self.committed.entry(index).or_insert((term, look.term));
            assert_eq!(first.0, term, "state machine safety: entry {index}");
        }
    }
}
