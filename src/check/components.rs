//! Independent parts of an object, decided one by one.
//!
//! Linearizability is local (Herlihy and Wing 1990): a history of several objects is linearizable
//! exactly if that of each object is. An object whose operations each touch few of many things,
//! such as registers in transactions, consists of as many objects as there are groups of things
//! that no operation connects.

use rustc_hash::FxHashMap;

use super::decide::{Answer, Terms, answer};
use super::search::{Effort, Found};
use crate::model::{Model, Reading, Token};

/// Decides `readings`, which are in the order of their calls, by the independent parts that they
/// fall into; `None` if there is one only, or the model does not tell.
pub(super) fn decide<M: Model>(
    model: &M,
    readings: &[Reading<M::Op>],
    terms: Terms<'_>,
) -> Option<Answer> {
    let parts = parts(model, readings)?;
    let mut decided_by: Option<&'static str> = None;
    let mut effort = Effort::default();
    let mut stuck: Option<u32> = None;
    let mut stopped = None;
    let mut orders: Vec<Vec<u32>> = Vec::with_capacity(parts.len());
    for part in &parts {
        let own: Vec<Reading<M::Op>> =
            part.iter().map(|&at| readings[at as usize].clone()).collect();
        let answered = answer(model, &own, terms);
        effort.configurations += answered.effort.configurations;
        effort.steps += answered.effort.steps;
        let name = answered.decided_by;
        match answered.found {
            Found::Order(order) => {
                orders.push(order.into_iter().map(|at| part[at as usize]).collect());
                if stuck.is_none() {
                    let same = decided_by.is_none_or(|other| other == name);
                    decided_by = Some(if same { name } else { "several deciders" });
                }
            }
            Found::Nothing { stuck: at } => {
                let at = part[at as usize];
                let ret = |at: u32| readings[at as usize].span.ret;
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
        (None, None) => (Found::Order(merge(readings, &orders)), decided_by),
    };
    Some(Answer { found, decided_by: decided_by.unwrap_or("search"), effort })
}

/// The readings of each part; `None` if there are not several.
fn parts<M: Model>(model: &M, readings: &[Reading<M::Op>]) -> Option<Vec<Vec<u32>>> {
    let mut groups = Groups::default();
    let mut things: FxHashMap<Token, u32> = FxHashMap::default();
    let mut first_of = Vec::with_capacity(readings.len());
    for reading in readings {
        let mut first: Option<u32> = None;
        let is_told = model.touches(&reading.op, &mut |thing| {
            let group = *things.entry(thing).or_insert_with(|| groups.add());
            match first {
                Some(first) => groups.join(first, group),
                None => first = Some(group),
            }
        });
        if !is_told {
            return None;
        }
        // What touches nothing is a part of its own.
        first_of.push(first.unwrap_or_else(|| groups.add()));
    }
    let mut parts: Vec<Vec<u32>> = Vec::new();
    let mut part_of: FxHashMap<u32, usize> = FxHashMap::default();
    for (at, &first) in first_of.iter().enumerate() {
        let part = *part_of.entry(groups.root(first)).or_insert_with(|| {
            parts.push(Vec::new());
            parts.len() - 1
        });
        parts[part].push(at as u32);
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
fn merge<Op>(readings: &[Reading<Op>], orders: &[Vec<u32>]) -> Vec<u32> {
    let mut points: Vec<(u32, u32)> = Vec::with_capacity(readings.len());
    for order in orders {
        let mut latest = 0;
        for &at in order {
            latest = latest.max(readings[at as usize].span.call);
            points.push((latest, at));
        }
    }
    // Stable, and no two parts share a point: it is the call of one of their own.
    points.sort_by_key(|&(point, _)| point);
    points.into_iter().map(|(_, at)| at).collect()
}
