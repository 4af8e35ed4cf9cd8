//! An anomaly as boxes and arrows: its transactions, and why one comes before another. Pictures and
//! DOT are views of it.

use super::Isolation;
use super::steps::Names;
use crate::history::{OpIndex, Outcome, Record};
use crate::isolation::{Evidence, Found, Place, Step, Why};
use crate::words::{counted, moment_phrase, process_phrase};

/// A longer cycle is drawn without its middle.
const LONGEST: usize = 24;

/// What an arrow stands for.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(in crate::report) enum Tie {
    Wr,
    Ww,
    Rw,
    Session,
    RealTime,
    Seen,
    /// Two reads that contradict each other; no arrow, but a line.
    Unlike,
}

impl Tie {
    pub(in crate::report) fn of(why: &Why) -> Tie {
        match why {
            Why::Wr(..) => Tie::Wr,
            Why::Ww(..) => Tie::Ww,
            Why::Rw(..) => Tie::Rw,
            Why::Session => Tie::Session,
            Why::RealTime => Tie::RealTime,
            Why::Seen(..) => Tie::Seen,
        }
    }

    /// Returns its name: `wr`, `real-time`.
    pub(in crate::report) fn name(self) -> &'static str {
        match self {
            Tie::Wr => "wr",
            Tie::Ww => "ww",
            Tie::Rw => "rw",
            Tie::Session => "session",
            Tie::RealTime => "real-time",
            Tie::Seen => "seen",
            Tie::Unlike => "≠",
        }
    }

    /// Returns what it says of A, where it starts, and B, where it ends.
    pub(in crate::report) fn meaning(self) -> &'static str {
        match self {
            Tie::Wr => "B read what A wrote",
            Tie::Ww => "B replaced what A wrote",
            Tie::Rw => "A read a version that B replaced",
            Tie::Session => "one process ran A, then B",
            Tie::RealTime => "A completed before B was invoked",
            Tie::Seen => "a reader of B's version had seen A",
            Tie::Unlike => "both cannot be true",
        }
    }
}

/// A transaction.
#[derive(Clone, Debug)]
pub(in crate::report) struct Node {
    /// Its number; `None` stands for transactions that are left out.
    pub(in crate::report) transaction: Option<u32>,
    /// Its short name: `T1`.
    pub(in crate::report) name: String,
    /// Who ran it, and where it is.
    pub(in crate::report) whose: String,
    /// How it ended, unless it committed.
    pub(in crate::report) ending: &'static str,
    /// The record of its invocation.
    pub(in crate::report) record: Record,
    /// The micro-operations that are shown.
    pub(in crate::report) micros: Vec<Place>,
    /// How many others it has.
    pub(in crate::report) more: usize,
}

/// An arrow between two nodes, by their positions.
#[derive(Clone, Debug)]
pub(in crate::report) struct Arrow {
    pub(in crate::report) from: usize,
    pub(in crate::report) to: usize,
    pub(in crate::report) tie: Tie,
    /// The micro-operations that it is about, if it is about some.
    pub(in crate::report) ends: Option<[Place; 2]>,
    /// Why the second comes after the first.
    pub(in crate::report) sentence: String,
}

/// An anomaly as boxes and arrows.
#[derive(Clone, Debug)]
pub(in crate::report) struct Drawing {
    /// The transactions: those of a cycle in its order, then others that show it.
    pub(in crate::report) nodes: Vec<Node>,
    /// The arrows, in the order of the steps.
    pub(in crate::report) arrows: Vec<Arrow>,
    /// How many of the nodes are in the cycle; 0 if it is none.
    pub(in crate::report) ring: usize,
    /// The micro-operations that show it.
    pub(in crate::report) marked: Vec<Place>,
    /// What shows it, in a sentence.
    pub(in crate::report) sentence: String,
}

impl Isolation<'_> {
    /// Returns the drawing of an anomaly.
    pub(in crate::report) fn drawing(&self, found: &Found) -> Drawing {
        let names = Names::of(&found.evidence);
        let mut drawing = Drawing {
            nodes: Vec::new(),
            arrows: Vec::new(),
            ring: 0,
            marked: crate::isolation::places(&found.evidence),
            sentence: self.evidence(&found.evidence, &names),
        };
        let scene = Scene { subject: self, names: &names };
        match &found.evidence {
            Evidence::Cycle(steps) => scene.cycle(steps, &mut drawing),
            Evidence::Core(transactions) => {
                transactions.iter().for_each(|&t| {
                    scene.node(t, &mut drawing);
                });
            }
            Evidence::Read { reader, writer: None, .. } => {
                scene.node(reader.transaction, &mut drawing);
            }
            Evidence::Read { reader, writer: Some(writer), .. } => {
                scene.arrow(Why::Wr(*writer, *reader), &mut drawing);
            }
            Evidence::Reads([one, other]) => {
                scene.arrow(Why::Wr(*one, *other), &mut drawing);
                drawing.arrows.iter_mut().for_each(|arrow| arrow.tie = Tie::Unlike);
            }
            Evidence::Updates([(read, write), (other_read, other_write)]) => {
                scene.arrow(Why::Rw(*read, *other_write), &mut drawing);
                scene.arrow(Why::Rw(*other_read, *write), &mut drawing);
                drawing.ring = drawing.nodes.len();
            }
            Evidence::Update { aborted, committed, reader } => {
                scene.arrow(Why::Ww(*aborted, *committed), &mut drawing);
                scene.arrow(Why::Wr(*committed, *reader), &mut drawing);
            }
        }
        drawing
    }

    /// Returns the key that an arrow is about, and how its value goes on: `x`, `1 → 2`, in about
    /// `room` characters each; the key is empty where it is about none.
    pub(in crate::report) fn reason(
        &self,
        drawing: &Drawing,
        arrow: &Arrow,
        room: usize,
    ) -> [String; 2] {
        let history = self.history();
        let index = |at: usize| {
            let transaction = drawing.nodes[at].transaction?;
            Some(OpIndex::new(transaction as usize))
        };
        let Some([one, other]) = arrow.ends else {
            let reason = match (arrow.tie, index(arrow.from), index(arrow.to)) {
                (Tie::Session, Some(from), _) => process_phrase(history, from),
                (Tie::RealTime, Some(from), Some(to)) => {
                    let [returned, called] = [(from, true), (to, false)]
                        .map(|(index, returned)| moment_phrase(history, index, returned));
                    format!("{returned} < {called}")
                }
                _ => String::new(),
            };
            return [String::new(), reason];
        };
        let [first, second] = [one, other].map(|place| self.value_within(place, room));
        let change = match arrow.tie {
            Tie::Wr | Tie::Seen => first,
            Tie::Unlike => format!("{first} ≠ {second}"),
            _ => format!("{first} → {second}"),
        };
        [self.key_within(one, room), change]
    }
}

/// What boxes and arrows are made of.
struct Scene<'s, 'a> {
    subject: &'s Isolation<'a>,
    names: &'s Names,
}

impl Scene<'_, '_> {
    /// Returns the position of a transaction's box, which is added unless it is there.
    fn node(&self, t: u32, drawing: &mut Drawing) -> usize {
        let known = drawing.nodes.iter().position(|node| node.transaction == Some(t));
        known.unwrap_or_else(|| {
            let subject = self.subject;
            let history = subject.history();
            let index = OpIndex::new(t as usize);
            let record = history[index].invoked;
            let micros = subject.shown_micros(t, self.names);
            let count = subject.report.transactions.micros(t).len();
            let place = match subject.where_is(record) {
                place if place.is_empty() => format!(", record {record}"),
                place => place,
            };
            drawing.nodes.push(Node {
                transaction: Some(t),
                name: self.names.name(t),
                whose: format!("{}{place}", process_phrase(history, index)),
                ending: match subject.report.transactions.outcome(t) {
                    Outcome::Ok => "",
                    Outcome::Fail => "aborted",
                    Outcome::Info | Outcome::Open => "outcome unknown",
                },
                record,
                more: count - micros.len(),
                micros,
            });
            drawing.nodes.len() - 1
        })
    }

    /// Adds an arrow between two micro-operations, with the boxes of their transactions; without
    /// one, where it is one box.
    fn arrow(&self, why: Why, drawing: &mut Drawing) {
        let (Why::Wr(one, other) | Why::Ww(one, other) | Why::Rw(one, other)) = why else { return };
        let step = Step { from: one.transaction, to: other.transaction, why };
        let [from, to] = [step.from, step.to].map(|t| self.node(t, drawing));
        if from != to {
            let sentence = self.subject.step(&step, self.names);
            let (tie, ends) = (Tie::of(&why), Some([one, other]));
            drawing.arrows.push(Arrow { from, to, tie, ends, sentence });
        }
    }

    fn cycle(&self, steps: &[Step], drawing: &mut Drawing) {
        if let [Step { from, to, why: Why::Seen(write, read) }] = steps
            && from == to
        {
            self.missed(*write, *read, drawing);
            return;
        }
        let left_out = steps.len().saturating_sub(LONGEST);
        let gap = if left_out > 0 { LONGEST / 2..LONGEST / 2 + left_out + 1 } else { 0..0 };
        let mut at = Vec::with_capacity(steps.len());
        for (nth, step) in steps.iter().enumerate() {
            at.push(match gap.contains(&nth) {
                true if nth == gap.start => {
                    let name = counted(gap.len(), "more transaction");
                    let record = self.subject.history()[OpIndex::new(step.from as usize)].invoked;
                    drawing.nodes.push(Node {
                        transaction: None,
                        name,
                        whose: String::new(),
                        ending: "",
                        record,
                        micros: Vec::new(),
                        more: 0,
                    });
                    drawing.nodes.len() - 1
                }
                true => drawing.nodes.len() - 1,
                false => self.node(step.from, drawing),
            });
        }
        drawing.ring = drawing.nodes.len();
        for (nth, step) in steps.iter().enumerate() {
            let (from, to) = (at[nth], at[(nth + 1) % steps.len()]);
            if from == to {
                continue;
            }
            let ends = match step.why {
                Why::Wr(one, other)
                | Why::Ww(one, other)
                | Why::Rw(one, other)
                | Why::Seen(one, other) => Some([one, other]),
                Why::Session | Why::RealTime => None,
            };
            let sentence = self.subject.step(step, self.names);
            drawing.arrows.push(Arrow { from, to, tie: Tie::of(&step.why), ends, sentence });
        }
        for step in steps {
            if let Why::Seen(_, read) = step.why {
                self.node(read.transaction, drawing);
            }
        }
    }

    /// Adds a transaction and one that saw it, and yet missed what it wrote.
    fn missed(&self, write: Place, read: Place, drawing: &mut Drawing) {
        let [from, to] = [write, read].map(|place| self.node(place.transaction, drawing));
        let (ends, why) = (Some([write, read]), Why::Rw(read, write));
        let saw = format!("{} saw {}", drawing.nodes[to].name, drawing.nodes[from].name);
        drawing.arrows.push(Arrow { from, to, tie: Tie::Seen, ends, sentence: saw });
        let step = Step { from: read.transaction, to: write.transaction, why };
        let sentence = self.subject.step(&step, self.names);
        let ends = Some([read, write]);
        drawing.arrows.push(Arrow { from: to, to: from, tie: Tie::Rw, ends, sentence });
        drawing.ring = drawing.nodes.len();
    }
}
