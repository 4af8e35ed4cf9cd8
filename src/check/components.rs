//! Independent parts of an object, decided one by one.
//!
//! Linearizability is local (Herlihy and Wing 1990): a history of several objects is linearizable
//! exactly if that of each object is. An object whose operations each touch few of many things,
//! such as registers in transactions, consists of as many objects as there are groups of things
//! that no operation connects.

use super::answer::Answer;
use super::object::Object;
use super::search::{Effort, Found};
use crate::history::hash::Map;
use crate::history::{Rank, sort};
use crate::model::{Pos, Token};

/// Decides an object by the independent parts that it falls into, each of which `answer` decides;
/// `None` if there is only one part, or the model does not say.
pub(super) fn decide(
    object: &dyn Object,
    answer: &dyn Fn(&dyn Object) -> Answer,
) -> Option<Answer> {
    let parts = parts(object)?;
    let mut decided_by: Option<&'static str> = None;
    let mut effort = Effort::default();
    let mut stuck: Option<Pos> = None;
    let mut stopped = None;
    let mut orders: Vec<Vec<Pos>> = Vec::with_capacity(parts.len());
    for part in &parts {
        let answered = answer(&*object.part(part));
        effort.configurations += answered.effort.configurations;
        effort.steps += answered.effort.steps;
        let name = answered.decided_by;
        match answered.found {
            Found::Order(order) => {
                orders.push(order.into_iter().map(|at| part[at]).collect());
                if stuck.is_none() {
                    let same = decided_by.is_none_or(|other| other == name);
                    decided_by = Some(if same { name } else { "several deciders" });
                }
            }
            Found::Nothing { stuck: at } => {
                let at = part[at];
                let ret = |at: Pos| object.span(at).ret;
                if stuck.is_none_or(|other| ret(at) < ret(other)) {
                    (stuck, decided_by) = (Some(at), Some(name));
                }
            }
            Found::Stopped(reason) => stopped = Some((reason, name)),
        }
    }
    let (found, decided_by) = match (stuck, stopped) {
        (Some(stuck), _) => (Found::Nothing { stuck }, decided_by),
        (None, Some((reason, name))) => (Found::Stopped(reason), Some(name)),
        (None, None) => (Found::Order(merge(object, &orders)), decided_by),
    };
    Some(Answer { found, decided_by: decided_by.unwrap_or("search"), effort })
}

/// Returns the operations of each part; `None` if there are not several.
fn parts(object: &dyn Object) -> Option<Vec<Vec<Pos>>> {
    let mut groups = Groups::default();
    let mut things: Map<Token, u32> = Map::default();
    let mut first_of = Vec::with_capacity(object.len());
    for at in Pos::below(object.len()) {
        let mut first: Option<u32> = None;
        let is_known = object.touches(at, &mut |thing| {
            let group = *things.entry(thing).or_insert_with(|| groups.add());
            match first {
                Some(first) => groups.join(first, group),
                None => first = Some(group),
            }
        });
        if !is_known {
            return None;
        }
        // What touches nothing is a part of its own.
        first_of.push(first.unwrap_or_else(|| groups.add()));
    }
    let mut parts: Vec<Vec<Pos>> = Vec::new();
    let mut part_of: Map<u32, usize> = Map::default();
    for (at, &first) in Pos::below(first_of.len()).zip(&first_of) {
        let part = *part_of.entry(groups.root(first)).or_insert_with(|| {
            parts.push(Vec::new());
            parts.len() - 1
        });
        parts[part].push(at);
    }
    (parts.len() > 1).then_some(parts)
}

/// Disjoint sets (union by index, with path halving).
#[derive(Default)]
struct Groups {
    parents: Vec<u32>,
}

impl Groups {
    fn add(&mut self) -> u32 {
        self.parents.push(self.parents.len() as u32);
        self.parents.len() as u32 - 1
    }

    fn root(&mut self, mut at: u32) -> u32 {
        while self.parents[at as usize] != at {
            let above = self.parents[self.parents[at as usize] as usize];
            self.parents[at as usize] = above;
            at = above;
        }
        at
    }

    fn join(&mut self, a: u32, b: u32) {
        let (a, b) = (self.root(a), self.root(b));
        self.parents[a.max(b) as usize] = a.min(b);
    }
}

/// One linearization of those of all parts: each operation takes effect at the latest call among it
/// and those before it in its own part, which is before its return.
fn merge(object: &dyn Object, orders: &[Vec<Pos>]) -> Vec<Pos> {
    let mut points: Vec<(Rank, Pos)> = Vec::with_capacity(object.len());
    for order in orders {
        let mut latest = Rank::FIRST;
        for &at in order {
            latest = latest.max(object.span(at).call);
            points.push((latest, at));
        }
    }
    // Stable, and no two parts share a point: it is the call of one of their own.
    sort::by(&mut points, |&(point, _)| point);
    points.into_iter().map(|(_, at)| at).collect()
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;
    use crate::budget::{Budget, Meter};
    use crate::check::answer::{Deciders, Terms};
    use crate::check::exact::Wanted;
    use crate::check::object::Readings;
    use crate::check::search::{Space, search};
    use crate::history::testing::span;
    use crate::history::{OpIndex, Value, ValueTable};
    use crate::model::{MultiRegister, Reading, multi_register::Op};

    fn value(n: i64) -> Value {
        ValueTable::small_int(n).unwrap()
    }

    /// Transactions on registers that start with 0, each with what it found and what it left (pairs
    /// of register and value), its call and its return.
    type Drawn<'a> = (&'a [(i64, i64)], &'a [(i64, i64)], u32, u32);

    fn readings(operations: &[Drawn<'_>]) -> Vec<Reading<Op>> {
        let pairs = |pairs: &[(i64, i64)]| {
            let pair = |&(register, held): &(i64, i64)| (value(register), value(held));
            pairs.iter().map(pair).collect::<Vec<_>>()
        };
        let reading = |(index, &(found, left, call, ret)): (usize, &Drawn<'_>)| Reading {
            index: OpIndex::new(index),
            op: Op::new(false, &pairs(found), &pairs(left)),
            span: span(call, ret),
        };
        operations.iter().enumerate().map(reading).collect()
    }

    fn decided(readings: &[Reading<Op>]) -> Option<Answer> {
        decided_by(Deciders::Auto, readings)
    }

    fn decided_by(deciders: Deciders, readings: &[Reading<Op>]) -> Option<Answer> {
        let model = MultiRegister::new(value(0), &[]);
        let meter = Meter::start(&Budget::default(), 0);
        let wanted = Wanted::Order;
        let terms = Terms { deciders, wanted, threads: 1, most: u64::MAX, meter: &meter };
        let answer = |part: &dyn Object| crate::check::decide::answer(part, terms);
        decide(&Readings::new(&model, readings), &answer)
    }

    #[test]
    fn sets_that_are_joined_have_one_root() {
        let mut groups = Groups::default();
        let all: Vec<u32> = (0..6).map(|_| groups.add()).collect();
        assert_eq!(all, [0, 1, 2, 3, 4, 5]);
        groups.join(5, 4);
        groups.join(1, 2);
        groups.join(4, 2);
        let roots: Vec<u32> = all.iter().map(|&at| groups.root(at)).collect();
        assert_eq!(roots, [0, 1, 1, 3, 1, 1]);
    }

    #[test]
    fn registers_that_no_transaction_connects_are_parts() {
        let mut operations: Vec<Drawn<'_>> =
            vec![(&[], &[(1, 1)], 0, 3), (&[], &[(2, 1)], 1, 2), (&[(1, 1)], &[], 4, 5)];
        let parts_of = |operations: &[Drawn<'_>]| {
            let (model, readings) = (MultiRegister::new(value(0), &[]), readings(operations));
            parts(&Readings::new(&model, &readings))
        };
        assert_eq!(
            parts_of(&operations),
            Some(vec![vec![Pos::new(0), Pos::new(2)], vec![Pos::new(1)]])
        );
        operations.push((&[(1, 1), (2, 1)], &[], 6, 7));
        assert_eq!(parts_of(&operations), None);
        assert!(decided(&readings(&operations)).is_none());
    }

    #[test]
    fn the_work_of_all_parts_is_added_up() {
        let part = |register: i64| {
            let model = MultiRegister::new(value(0), &[]);
            let both: [(i64, i64); 2] = [(register, 1), (register + 1, 1)];
            let operations: [Drawn<'_>; 2] = [(&[], &both, 0, 1), (&both, &[], 2, 3)];
            let meter = Meter::start(&Budget::default(), 0);
            let readings = readings(&operations);
            (readings.clone(), search_alone(&model, &readings, &meter))
        };
        let ((first, one), (second, other)) = (part(1), part(5));
        let later = second.into_iter().map(|reading| Reading {
            index: OpIndex::new(reading.index.index() + 2),
            span: span(4 + reading.span.call.index() as u32, 4 + reading.span.ret.index() as u32),
            ..reading
        });
        let both: Vec<_> = first.into_iter().chain(later).collect();
        let answer = decided_by(Deciders::Search, &both).unwrap();
        assert!(one.configurations > 0 && one.steps > 0);
        assert_eq!(answer.effort.configurations, one.configurations + other.configurations);
        assert_eq!(answer.effort.steps, one.steps + other.steps);
        assert_eq!(answer.decided_by, "search");
    }

    fn search_alone(model: &MultiRegister, readings: &[Reading<Op>], meter: &Meter) -> Effort {
        search(Space::of(model, readings), 1, meter).1
    }

    #[test]
    fn of_several_impossible_parts_the_first_that_is_known_counts() {
        let stuck = |operations: &[Drawn<'_>]| match decided(&readings(operations)).unwrap().found {
            Found::Nothing { stuck } => Some(stuck.index()),
            _ => None,
        };
        assert_eq!(stuck(&[(&[(1, 7)], &[], 0, 9), (&[(2, 7)], &[], 1, 2)]), Some(1));
        assert_eq!(stuck(&[(&[(1, 7)], &[], 0, 2), (&[(2, 7)], &[], 1, 9)]), Some(0));
        assert_eq!(stuck(&[(&[], &[(1, 7)], 0, 2), (&[(2, 7)], &[], 1, 9)]), Some(1));
    }
}
