//! What must be kept together with operations that are kept, so that they may stand for the whole.
//!
//! The rules are those of [`crate::proof::projection`]; here, each is turned into a way to make any
//! choice of operations sound by adding as few as possible.

mod sources;

use crate::history::hash::Map;
use crate::history::{Rank, Span, position, sort};
use crate::model::{AnyModel, AnyOp, Facts, Kind, Model, Part, Pos, Reading, Token};
use crate::proof::projection::Projections;
use sources::Sources;

/// Makes choices sound.
pub(super) struct Closures<'a> {
    projections: Projections<'a, AnyModel>,
    readings: &'a [Reading<AnyOp>],
    scheme: Scheme,
    /// Readings that are always kept.
    base: Vec<Pos>,
    /// For each reading, the closure in which it was last chosen.
    stamps: Vec<u32>,
    closures: u32,
}

/// By which rule operations are left out.
enum Scheme {
    /// Those that nobody finds the effect of.
    Sources(Sources),
    /// Groups, each as a whole.
    Groups(Groups),
    /// Parts, each as a whole.
    Parts { members: Map<Token, Vec<Pos>>, vague: Vec<Pos>, everything: Vec<Pos> },
    /// What an overwriting operation covers.
    Covers(Sources),
    /// Pure ones only.
    Pure,
}

/// Groups of readings that go together.
struct Groups {
    group_of: Vec<Option<Group>>,
    members: Vec<Vec<Pos>>,
    /// Those with more than one member, in the order of their first calls; with each its last
    /// return, and the last of all up to it.
    ended: Vec<Ended>,
    /// Those with one member, in the order of its call.
    open: Vec<(Rank, Group)>,
}

/// A group that is over at some time.
struct Ended {
    call: Rank,
    ret: Rank,
    latest: Rank,
    group: Group,
}

position! {
    /// A group, as the position of its members.
    struct Group;
}

impl<'a> Closures<'a> {
    pub(super) fn new(
        projections: Projections<'a, AnyModel>,
        readings: &'a [Reading<AnyOp>],
    ) -> Self {
        let facts = projections.facts();
        let changes = || Pos::below(readings.len()).filter(|&at| !facts[at].pure);
        let has_parts = changes().all(|at| facts[at].part != Part::Whole);
        let mut base = Vec::new();
        let scheme = if projections.is_told() {
            Scheme::Sources(Sources::new(readings, facts))
        } else if let Some((units, unpaired)) = projections.groups() {
            base = unpaired.to_vec();
            let mut group_of = vec![None; readings.len()];
            for (unit, group) in units.iter().zip(Group::below(units.len())) {
                unit.iter().for_each(|&at| group_of[at] = Some(group));
            }
            Scheme::Groups(Groups::new(group_of, units.to_vec(), readings))
        } else if has_parts {
            let mut members: Map<Token, Vec<Pos>> = Map::default();
            let mut vague = Vec::new();
            for at in changes() {
                match facts[at].part {
                    Part::One(part) => members.entry(part).or_default().push(at),
                    Part::Any | Part::Whole => vague.push(at),
                }
            }
            Scheme::Parts { members, vague, everything: changes().collect() }
        } else if changes().any(|at| facts[at].overwrites) {
            Scheme::Covers(Sources::new(readings, facts))
        } else {
            base = changes().collect();
            Scheme::Pure
        };
        let stamps = vec![0; readings.len()];
        Closures { projections, readings, scheme, base, stamps, closures: 0 }
    }

    /// The same, with nothing left out but pure operations.
    pub(super) fn pure(self) -> Self {
        let facts = self.projections.facts();
        let base = Pos::below(self.readings.len()).filter(|&at| !facts[at].pure).collect();
        Closures { scheme: Scheme::Pure, base, ..self }
    }

    pub(super) fn projections(&self) -> &Projections<'a, AnyModel> {
        &self.projections
    }

    /// Readings that are always kept, ascending.
    pub(super) fn base(&self) -> &[Pos] {
        &self.base
    }

    /// These readings with all that must be kept with them, ascending.
    pub(super) fn of(&mut self, kept: &[Pos], more: &[Pos]) -> Vec<Pos> {
        self.closures += 1;
        let (facts, readings) = (self.projections.facts(), self.readings);
        let holds_items = matches!(
            self.projections.model().kind(),
            Kind::Queue { .. } | Kind::Stack { .. } | Kind::Bag { .. } | Kind::PriorityQueue { .. }
        );
        let mut chosen =
            Chosen { stamps: &mut self.stamps, stamp: self.closures, list: Vec::new() };
        for &at in self.base.iter().chain(kept).chain(more) {
            chosen.add(at);
        }
        match &self.scheme {
            Scheme::Pure => {}
            Scheme::Sources(sources) => sources.complete(readings, facts, &mut chosen),
            Scheme::Covers(sources) => sources.cover(readings, facts, &mut chosen),
            Scheme::Groups(groups) => groups.complete(readings, facts, &mut chosen),
            Scheme::Parts { members, vague, everything } => {
                complete_parts(facts, members, everything, &mut chosen);
                complete_vague(readings, facts, vague, holds_items, &mut chosen);
            }
        }
        let mut list = chosen.list;
        list.sort_unstable();
        list
    }
}

/// Adds the operations that may be about any part: of equal ones that crashed, the earliest, as
/// many as there are operations that they can have dealt with.
fn complete_vague<Op: Eq + std::hash::Hash>(
    readings: &[Reading<Op>],
    facts: &[Facts],
    vague: &[Pos],
    holds_items: bool,
    chosen: &mut Chosen<'_>,
) {
    let is_change = |&&at: &&Pos| !facts[at].pure && matches!(facts[at].part, Part::One(_));
    let changes = chosen.list.iter().filter(is_change).count();
    let mut counts: Map<&Op, usize> = Map::default();
    for &at in vague {
        let reading = &readings[at];
        let count = counts.entry(&reading.op).or_default();
        if !holds_items || reading.span.has_returned() || *count < changes {
            chosen.add(at);
            *count += 1;
        }
    }
}

/// A choice that is being completed.
pub(super) struct Chosen<'a> {
    stamps: &'a mut [u32],
    stamp: u32,
    pub(super) list: Vec<Pos>,
}

impl Chosen<'_> {
    pub(super) fn has(&self, at: Pos) -> bool {
        self.stamps[at] == self.stamp
    }

    pub(super) fn add(&mut self, at: Pos) {
        if std::mem::replace(&mut self.stamps[at], self.stamp) != self.stamp {
            self.list.push(at);
        }
    }
}

fn complete_parts(
    facts: &[Facts],
    members: &Map<Token, Vec<Pos>>,
    everything: &[Pos],
    chosen: &mut Chosen<'_>,
) {
    let mut next = 0;
    while let Some(&at) = chosen.list.get(next) {
        next += 1;
        match facts[at].part {
            Part::One(part) => {
                members.get(&part).into_iter().flatten().for_each(|&at| chosen.add(at));
            }
            Part::Whole => everything.iter().for_each(|&at| chosen.add(at)),
            Part::Any => {}
        }
    }
}

impl Groups {
    /// Groups with these members. O(n log n).
    fn new<Op>(
        group_of: Vec<Option<Group>>,
        members: Vec<Vec<Pos>>,
        readings: &[Reading<Op>],
    ) -> Groups {
        let (mut ended, mut open) = (Vec::new(), Vec::new());
        for (group, own) in Group::below(members.len()).zip(&members) {
            let spans = || own.iter().map(|&at| readings[at].span);
            let call = spans().map(|span| span.call).min();
            let ret = spans().map(|span| span.ret).max();
            let Some((call, ret)) = call.zip(ret) else { continue };
            match own.len() {
                1 => open.push((call, group)),
                _ => ended.push(Ended { call, ret, latest: ret, group }),
            }
        }
        sort::by(&mut open, |&(call, _)| call);
        sort::by(&mut ended, |ended| ended.call);
        let mut latest = Rank::FIRST;
        for ended in &mut ended {
            latest = latest.max(ended.ret);
            ended.latest = latest;
        }
        Groups { group_of, members, ended, open }
    }

    /// The groups that an operation with these ends can have met: those called before it returned
    /// that are not over before its call. As long as there are such groups, or groups that began
    /// behind the first that is not over.
    fn met(&self, own: Span) -> impl Iterator<Item = Group> {
        let called = self.ended.partition_point(|ended| ended.call < own.ret);
        let ended = self.ended[..called].iter().rev();
        let ended = ended.take_while(move |ended| ended.latest >= own.call);
        let ended = ended.filter(move |ended| ended.ret >= own.call).map(|ended| ended.group);
        let called = self.open.partition_point(|&(call, _)| call < own.ret);
        ended.chain(self.open[..called].iter().map(|&(_, group)| group))
    }

    fn complete<Op>(&self, readings: &[Reading<Op>], facts: &[Facts], chosen: &mut Chosen<'_>) {
        let groups = self.ended.len() + self.open.len();
        let (mut next, mut most) = (0, 0);
        while let Some(&at) = chosen.list.get(next) {
            next += 1;
            if let Some(group) = self.group_of[at] {
                self.members[group].iter().for_each(|&at| chosen.add(at));
            } else if facts[at].pure && most < groups {
                // It found the object taken: by any of those that it can have met. Where all are
                // concurrent, these are all, each time.
                let mut met = 0;
                for group in self.met(readings[at].span) {
                    self.members[group].iter().for_each(|&at| chosen.add(at));
                    met += 1;
                }
                most = most.max(met);
            }
        }
    }
}
