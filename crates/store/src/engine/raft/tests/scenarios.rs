//! Single members that are told what to think, message by message.

use super::super::{Raft, Role};
use super::knobs;
use crate::call::Request;
use crate::copy::Copy;
use crate::hub::{Event, Hub};
use crate::ledger::Ledger;
use crate::object::{Command, Kind};
use crate::origin::{Host, Member};
use crate::sim::clock::Clock;
use crate::sim::network::{Links, Network};
use crate::sim::{MILLISECOND, Nanos};
use crate::wire;
use crate::wire::raft::{Alarm, Entry, Got, Message, Position};

const LINKS: Links =
    Links { delay: 1000, jitter: 0, slow: 0, slow_by: 0, loss: 0, duplication: 0, reorders: false };

/// Some members, and the world around them.
struct Group {
    hub: Hub,
    members: Vec<Raft>,
}

impl Group {
    /// So many members, whose logs have entries of these terms; the last of them is the term that
    /// all of them know.
    fn new(settings: &str, logs: &[&[u32]]) -> Group {
        let knobs = knobs(settings);
        let size = logs.len();
        let network = Network::new(LINKS, size, 1);
        let clocks = vec![Clock::default(); size];
        let hub = Hub::new(knobs.clone(), network, clocks, 1, Ledger::new(true));
        let hosts: Vec<Host> = (0..size as Host).collect();
        let term = logs.iter().filter_map(|log| log.last()).copied().max().unwrap_or(0);
        let member = |(me, log): (&Host, &&[u32])| {
            let copy = Copy::new(Kind::Register, None, true);
            let mut raft = Raft::new(Member { me: *me, group: 0 }, hosts.clone(), copy, &knobs);
            raft.term = term;
            log.iter().for_each(|&term| raft.log.push(entry(term)));
            raft
        };
        let members = hosts.iter().zip(logs).map(member).collect();
        Group { hub, members }
    }

    /// Member `me` wants to lead, and is elected by its successors.
    fn elect(&mut self, me: usize) {
        let raft = &mut self.members[me];
        raft.deadline = 0;
        raft.alarm(&mut self.hub, &Alarm::Election);
        let term = raft.term;
        for voter in 1..=self.members.len() / 2 {
            let voter = (me + voter) % self.members.len();
            self.tell(me, voter, Message::Vote { term, is_granted: true });
        }
        assert!(matches!(self.members[me].role, Role::Leader(_)));
    }

    fn tell(&mut self, me: usize, from: usize, message: Message) {
        self.members[me].message(&mut self.hub, from as Host, message);
    }

    /// What was sent and did not arrive yet; nothing of it does.
    fn sent(&mut self) -> Vec<(Host, Message)> {
        let events = std::iter::from_fn(|| self.hub.agenda.next());
        let message = |event| match event {
            Event::Message { to, message: wire::Message::Raft(_, message), .. } => {
                Some((to, message))
            }
            _ => None,
        };
        events.filter_map(message).collect()
    }

    /// Asks member `me` for its vote.
    fn is_voted_for(&mut self, me: usize, candidate: usize, term: u32, last: Position) -> bool {
        self.tell(me, candidate, Message::Ask { term, last });
        let sent = self.sent();
        sent.iter().any(|(_, message)| matches!(message, Message::Vote { is_granted: true, .. }))
    }

    /// Lets everything happen for a time.
    fn run(&mut self, length: Nanos) {
        let end = self.hub.now() + length;
        while self.hub.now() < end
            && let Some(event) = self.hub.agenda.next()
        {
            match event {
                Event::Message { from, to, message: wire::Message::Raft(_, message) } => {
                    self.members[usize::from(to)].message(&mut self.hub, from, message);
                }
                Event::Alarm { host, alarm: wire::Alarm::Raft(_, alarm), .. } => {
                    self.members[usize::from(host)].alarm(&mut self.hub, &alarm);
                }
                _ => {}
            }
        }
    }

    fn terms(&self, me: usize) -> Vec<u32> {
        let log = &self.members[me].log;
        (1..=log.last().index).filter_map(|index| Some(log.get(index)?.term)).collect()
    }
}

fn entry(term: u32) -> Entry {
    Entry { term, time: 0, request: None }
}

fn at(term: u32, index: u64) -> Position {
    Position { term, index }
}

fn write(client: u32, number: u32) -> Request {
    let command = Command::Write(i64::from(number));
    Request { client, number, operation: number, key: 0, command, clock: 0, entry: 0 }
}

/// Figure 8: an entry of an older term is not committed by counting who has it.
#[test]
fn an_older_entry_waits_for_one_of_the_leaders_term() {
    let mut group = Group::new("", &[&[1, 2], &[1, 2], &[1, 2], &[1], &[1]]);
    group.members[0].term = 3;
    group.elect(0);
    let got = |index| Message::Reply { term: 4, sent: 0, got: Got::Upto(index) };
    for from in 1..5 {
        group.tell(0, from, got(2));
        assert_eq!(group.members[0].commit, 0, "a majority has entry 2");
    }
    group.tell(0, 1, got(3));
    assert_eq!(group.members[0].commit, 0);
    group.tell(0, 2, got(3));
    assert_eq!(group.members[0].commit, 3);
    assert_eq!(group.members[0].applied, 3);
}

#[test]
fn what_was_said_in_an_older_term_does_not_count() {
    let mut group = Group::new("", &[&[1, 2], &[1, 2], &[1, 2], &[1], &[1]]);
    group.elect(0);
    for from in 1..5 {
        group.tell(0, from, Message::Reply { term: 2, sent: 0, got: Got::Upto(3) });
    }
    assert_eq!(group.members[0].commit, 0);
    let mut group = Group::new("", &[&[1], &[1], &[1]]);
    group.members[0].deadline = 0;
    group.members[0].alarm(&mut group.hub, &Alarm::Election);
    group.tell(0, 1, Message::Vote { term: 1, is_granted: true });
    group.tell(0, 2, Message::Vote { term: 2, is_granted: false });
    assert!(matches!(group.members[0].role, Role::Candidate(_)));
}

#[test]
fn a_member_commits_no_more_than_it_knows_to_agree() {
    let mut group = Group::new("", &[&[1, 1, 1], &[]]);
    let append = |index, commit| {
        let before = at(u32::from(index > 0), index);
        Message::Append { term: 2, before, entries: vec![], commit, sent: 0 }
    };
    group.tell(0, 1, append(0, 3));
    assert_eq!(group.members[0].commit, 0);
    group.tell(0, 1, append(2, 3));
    assert_eq!(group.members[0].commit, 2);
    group.tell(0, 1, append(2, 1));
    assert_eq!(group.members[0].commit, 2, "and never less");
}

#[test]
fn a_member_votes_once_in_a_term_and_remembers_it() {
    let mut group = Group::new("", &[&[1], &[1], &[1]]);
    assert!(group.is_voted_for(0, 1, 2, at(1, 1)));
    assert!(!group.is_voted_for(0, 2, 2, at(1, 1)));
    group.members[0].crash(true);
    assert!(!group.is_voted_for(0, 2, 2, at(1, 1)), "the vote is durable");
    assert!(group.is_voted_for(0, 1, 2, at(1, 1)), "the same one again");
    assert!(!group.is_voted_for(0, 2, 1, at(1, 1)), "a term that is over");
    group.members[0].crash(false);
    assert!(group.is_voted_for(0, 2, 2, at(1, 1)), "it forgot");
}

#[test]
fn a_member_votes_for_no_log_that_lacks_what_it_has() {
    for (last, is_granted) in [
        (at(1, 3), false),
        (at(2, 2), false),
        (at(2, 3), true),
        (at(2, 4), true),
        (at(3, 1), true),
        (at(0, 0), false),
    ] {
        let mut group = Group::new("", &[&[1, 1, 2], &[]]);
        assert_eq!(group.is_voted_for(0, 1, 5, last), is_granted, "{last:?}");
    }
}

#[test]
fn a_member_that_hears_from_a_leader_votes_for_nobody() {
    let mut group = Group::new("", &[&[], &[], &[]]);
    let beat = Message::Append { term: 1, before: at(0, 0), entries: vec![], commit: 0, sent: 0 };
    group.tell(0, 1, beat.clone());
    let term = group.members[0].term;
    assert!(!group.is_voted_for(0, 2, 9, at(8, 8)));
    assert_eq!(group.members[0].term, term, "nor does it take over the term");
    group.members[0].crash(true);
    group.hub.lives[0] += 1;
    group.members[0].start(&mut group.hub);
    assert!(!group.is_voted_for(0, 2, 9, at(8, 8)), "nor when it may have heard from one");
    group.tell(0, 1, beat);
    // By its own clock.
    group.hub.clocks[0].step(11 * MILLISECOND);
    assert!(group.is_voted_for(0, 2, 9, at(8, 8)));
}

/// Figure 7: whatever a log looks like, it comes to be the leader's.
#[test]
fn logs_are_repaired() {
    let leader: &[u32] = &[1, 1, 1, 4, 4, 5, 5, 6, 6, 6];
    for other in [
        &[1, 1, 1, 4, 4, 5, 5, 6, 6][..],
        &[1, 1, 1, 4],
        &[1, 1, 1, 4, 4, 5, 5, 6, 6, 6, 6],
        &[1, 1, 1, 4, 4, 5, 5, 6, 6, 6, 7, 7],
        &[1, 1, 1, 4, 4, 4, 4],
        &[1, 1, 1, 2, 2, 2, 3, 3, 3, 3, 3],
        &[],
        &[3; 200],
    ] {
        let mut group = Group::new("", &[leader, other, leader]);
        group.members[0].term = 7;
        group.elect(0);
        group.run(8 * MILLISECOND);
        let expected: Vec<u32> = leader.iter().copied().chain([8]).collect();
        for member in 0..3 {
            assert_eq!(group.terms(member), expected, "after {other:?}");
            assert_eq!(group.members[member].applied, 11);
        }
    }
}

#[test]
fn who_is_too_far_behind_gets_the_whole_copy() {
    let mut group = Group::new("log-kept=2", &[&[], &[], &[]]);
    group.elect(0);
    group.hub.network.set_cut(0, 2, true);
    for number in 1..=300 {
        group.members[0].request(&mut group.hub, write(number % 7, number));
    }
    group.run(5 * MILLISECOND);
    assert_eq!([0, 1, 2].map(|at| group.members[at].applied), [301, 301, 0]);
    group.hub.network.heal();
    group.run(5 * MILLISECOND);
    assert_eq!(group.members[2].applied, 301);
    assert_eq!(
        group.members[2].copy.peek(0, &Command::Read),
        group.members[0].copy.peek(0, &Command::Read)
    );
    assert!(group.members[2].copy.repeated(&write(300 % 7, 300)).is_some(), "sessions come along");
    // And if it loses everything, again.
    group.members[2].crash(false);
    group.run(5 * MILLISECOND);
    assert_eq!(group.members[2].applied, 301);
}

#[test]
fn a_call_is_in_the_log_once() {
    let mut group = Group::new("", &[&[], &[], &[]]);
    group.elect(0);
    for _ in 0..3 {
        group.members[0].request(&mut group.hub, write(1, 1));
    }
    assert_eq!(group.members[0].log.last().index, 2, "not while it waits");
    group.run(5 * MILLISECOND);
    group.members[0].request(&mut group.hub, write(1, 1));
    assert_eq!(group.members[0].log.last().index, 2, "nor when it is done");
    // The next leader knows it too.
    group.members[1].request(&mut group.hub, write(2, 1));
    group.members[1].log.push(Entry { request: Some(write(3, 1)), ..entry(1) });
    group.elect(1);
    let last = group.members[1].log.last().index;
    group.members[1].request(&mut group.hub, write(3, 1));
    group.members[1].request(&mut group.hub, write(1, 1));
    assert_eq!(group.members[1].log.last().index, last);
}

#[test]
fn a_leader_knows_how_long_its_lease_lasts() {
    let lasts = |group: &Group| group.members[0].has_lease(&group.hub);
    let mut group = Group::new("reads-from=lease", &[&[], &[], &[]]);
    group.elect(0);
    assert!(!lasts(&group), "nobody answered yet");
    group.run(3 * MILLISECOND);
    assert!(lasts(&group));
    group.hub.clocks[0].step(9 * MILLISECOND);
    assert!(!lasts(&group));
    group.run(3 * MILLISECOND);
    assert!(lasts(&group), "it was renewed");
    group.hub.network.set_cut(0, 1, true);
    group.hub.network.set_cut(0, 2, true);
    group.run(5 * MILLISECOND);
    assert!(lasts(&group));
    group.run(3 * MILLISECOND);
    assert!(!lasts(&group), "it ran out");
}
