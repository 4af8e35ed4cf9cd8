//! Which open and crashed operations add what another one lacks: plans, amount by amount.

use super::amounts::{Amounts, Change};
use crate::history::sort;

/// Operations of one class that may be linearized now.
#[derive(Clone, Debug)]
pub(super) struct Supply {
    pub(super) class: u32,
    /// The crashed class, or none if they will return.
    pub(super) group: Option<u32>,
    /// What each of them costs, ascending.
    pub(super) costs: Vec<u32>,
}

/// So many choices are tried for each plan that is wanted.
const TRIES: u32 = 256;

/// For each plan that is wanted, so many are looked at.
const CHOICE: usize = 4;

/// One operation of a supply.
#[derive(Clone, Copy)]
struct Unit {
    supply: u32,
    /// The unit before this one that is the same, and has to be chosen first.
    twin: Option<u32>,
    cost: u32,
    fate: Fate,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Fate {
    Open,
    /// Chosen for what stands at this place of what is lacking.
    Chosen(u32),
    Refused,
}

/// Looks for plans: sets of operations that add up to what is lacking.
pub(super) struct Planner<'a> {
    amounts: &'a Amounts,
    supplies: &'a [Supply],
    units: Vec<Unit>,
    lacks: Vec<Change>,
    cost: u32,
    tries: u32,
    most: usize,
    plans: Vec<(u32, Vec<u32>)>,
}

/// The units that can add to one amount, with how much, and what those from each on can add.
struct Choices {
    units: Vec<(u32, i128)>,
    /// The least and the most.
    bounds: Vec<(i128, i128)>,
}

impl Choices {
    fn of(units: Vec<(u32, i128)>) -> Choices {
        let mut bounds = vec![(0, 0); units.len() + 1];
        for (at, &(_, by)) in units.iter().enumerate().rev() {
            let (least, most): (i128, i128) = bounds[at + 1];
            bounds[at] = (least.saturating_add(by.min(0)), most.saturating_add(by.max(0)));
        }
        Choices { units, bounds }
    }

    /// Whether the units from `at` on may add `by`.
    fn may(&self, at: usize, by: i128) -> bool {
        let (least, most) = self.bounds[at];
        (least..=most).contains(&by)
    }
}

impl<'a> Planner<'a> {
    /// Finds at most `most` plans that add `lacks` with `supplies`, the cheapest first: positions
    /// in the supplies, in the order of what they are needed for.
    pub(super) fn plans(
        amounts: &'a Amounts,
        supplies: &'a [Supply],
        lacks: &[Change],
        most: usize,
    ) -> Vec<Vec<u32>> {
        let mut units: Vec<Unit> = Vec::new();
        for (supply, Supply { costs, .. }) in supplies.iter().enumerate() {
            for (nth, &cost) in costs.iter().enumerate() {
                let twin = (nth > 0).then(|| units.len() as u32 - 1);
                units.push(Unit { supply: supply as u32, twin, cost, fate: Fate::Open });
            }
        }
        let mut planner = Planner {
            amounts,
            supplies,
            units,
            lacks: lacks.to_vec(),
            cost: 0,
            tries: TRIES * most as u32,
            most: most * CHOICE,
            plans: Vec::new(),
        };
        planner.go_on();
        sort::by(&mut planner.plans, |&(cost, _)| cost);
        planner.plans.truncate(most);
        planner.plans.into_iter().map(|(_, plan)| plan).collect()
    }

    fn is_done(&self) -> bool {
        self.tries == 0 || self.plans.len() >= self.most
    }

    /// Adds the plans that go on from what is chosen.
    fn go_on(&mut self) {
        let mut best: Option<(usize, Vec<(u32, i128)>)> = None;
        for (at, lack) in self.lacks.iter().enumerate().filter(|(_, lack)| lack.by != 0) {
            let units = self.units_for(*lack);
            if best.as_ref().is_none_or(|(_, fewest)| units.len() < fewest.len()) {
                best = Some((at, units));
            }
        }
        match best {
            None => self.plans.push((self.cost, self.plan())),
            Some((at, units)) => self.choose(at, &Choices::of(units), 0),
        }
    }

    /// The units that are open and add to what is lacking, or take away from it where sums count.
    fn units_for(&self, lack: Change) -> Vec<(u32, i128)> {
        let of_unit = |unit: &Unit| {
            let adds = self.amounts.adds(self.supplies[unit.supply as usize].class);
            adds.iter().find(|add| add.helps(lack)).map(|add| add.by)
        };
        let units = self.units.iter().enumerate().filter(|(_, unit)| unit.fate == Fate::Open);
        let mut units: Vec<(u32, i128)> =
            units.filter_map(|(at, unit)| of_unit(unit).map(|by| (at as u32, by))).collect();
        sort::by(&mut units, |&(at, _)| self.units[at as usize].cost);
        units
    }

    /// Chooses among the units from `from` on such that nothing of what stands at the place `at`
    /// is lacking any more.
    fn choose(&mut self, at: usize, choices: &Choices, from: usize) {
        if self.is_done() || !choices.may(from, self.lacks[at].by) {
            return;
        }
        self.tries -= 1;
        let Some(&(unit, _)) = choices.units.get(from) else { return self.go_on() };
        let Unit { supply, twin, cost, .. } = self.units[unit as usize];
        let is_chosen = |twin: u32| matches!(self.units[twin as usize].fate, Fate::Chosen(_));
        if twin.is_none_or(is_chosen) {
            self.units[unit as usize].fate = Fate::Chosen(at as u32);
            let before = self.lacks.clone();
            self.take(supply, at);
            self.cost += cost;
            self.choose(at, choices, from + 1);
            self.cost -= cost;
            self.lacks = before;
        }
        self.units[unit as usize].fate = Fate::Refused;
        self.choose(at, choices, from + 1);
        self.units[unit as usize].fate = Fate::Open;
    }

    /// Takes what a supply adds off what is lacking, first of all what stands at the place `at`.
    fn take(&mut self, supply: u32, at: usize) {
        let adds = self.amounts.adds(self.supplies[supply as usize].class);
        let own = self.lacks[at];
        let first = adds.iter().position(|add| add.helps(own));
        for (nth, add) in adds.iter().enumerate() {
            if Some(nth) == first {
                self.lacks[at].by -= add.by;
            } else if let Some(lack) =
                self.lacks.iter_mut().find(|lack| lack.by != 0 && add.helps(**lack))
            {
                lack.by -= add.by;
            }
        }
    }

    /// What is chosen, in the order of what it is chosen for.
    fn plan(&self) -> Vec<u32> {
        let mut chosen: Vec<(u32, u32)> = Vec::new();
        for unit in &self.units {
            if let Fate::Chosen(place) = unit.fate {
                chosen.push((place, unit.supply));
            }
        }
        sort::by(&mut chosen, |&(place, _)| place);
        chosen.into_iter().map(|(_, supply)| supply).collect()
    }
}
