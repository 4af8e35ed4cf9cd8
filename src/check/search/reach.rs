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

/// Sums of an amount are told apart one by one if there are at most so many.
const SUMS: i128 = 1 << 12;

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
    /// From `bounds[0].0` on, one bit for each sum; nothing if there are too many.
    sums: Vec<Vec<u64>>,
}

impl Choices {
    fn of(units: Vec<(u32, i128)>) -> Choices {
        let mut bounds = vec![(0, 0); units.len() + 1];
        for (at, &(_, by)) in units.iter().enumerate().rev() {
            let (least, most): (i128, i128) = bounds[at + 1];
            bounds[at] = (least.saturating_add(by.min(0)), most.saturating_add(by.max(0)));
        }
        let mut choices = Choices { units, bounds, sums: Vec::new() };
        let (least, most) = choices.bounds[0];
        if most.saturating_sub(least) < SUMS {
            let words = ((most - least) / 64 + 1) as usize;
            choices.sums = vec![vec![0; words]; choices.units.len() + 1];
            let zero = -least as usize;
            choices.sums[choices.units.len()][zero / 64] |= 1 << (zero % 64);
            for at in (0..choices.units.len()).rev() {
                let (rest, later) = choices.sums.split_at_mut(at + 1);
                rest[at].copy_from_slice(&later[0]);
                shift_in(&mut rest[at], &later[0], choices.units[at].1);
            }
        }
        choices
    }

    /// Whether the units from `at` on may add `by`.
    fn may(&self, at: usize, by: i128) -> bool {
        let (least, most) = self.bounds[at];
        if by < least || by > most {
            return false;
        }
        let place = (by - self.bounds[0].0) as usize;
        self.sums.get(at).is_none_or(|sums| sums[place / 64] >> (place % 64) & 1 == 1)
    }
}

/// Adds the bits of `from`, moved up by `by`, to `sums`.
fn shift_in(sums: &mut [u64], from: &[u64], by: i128) {
    let (words, bits) = (by.unsigned_abs() as usize / 64, by.unsigned_abs() as usize % 64);
    for at in 0..from.len() {
        let Some(&word) = from.get(at) else { continue };
        let (low, high) = match (by >= 0, bits) {
            (_, 0) => (word, 0),
            (true, _) => (word << bits, word >> (64 - bits)),
            (false, _) => (word >> bits, word << (64 - bits)),
        };
        let (near, far) = if by >= 0 {
            (at.checked_add(words), at.checked_add(words + 1))
        } else {
            (at.checked_sub(words), at.checked_sub(words + 1))
        };
        for (place, word) in [(near, low), (far, high)] {
            if let Some(sum) = place.and_then(|place| sums.get_mut(place)) {
                *sum |= word;
            }
        }
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
        let counts = self.amounts.are_sums();
        let of_unit = |unit: &Unit| {
            let adds = self.amounts.adds(self.supplies[unit.supply as usize].class);
            let fits =
                |add: &&Change| if counts { add.amount == lack.amount } else { add.helps(lack) };
            adds.iter().find(fits).map(|add| add.by)
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
        if self.amounts.are_sums() {
            for add in adds {
                match self.lacks.iter_mut().find(|lack| lack.amount == add.amount) {
                    Some(lack) => lack.by -= add.by,
                    None => self.lacks.push(Change { amount: add.amount, by: -add.by }),
                }
            }
            return;
        }
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sums_are_those_of_all_subsets() {
        for numbers in [vec![3, -5, 64, 7], vec![-64, -130, 65, 1], vec![128, -1, -128], vec![]] {
            let units: Vec<(u32, i128)> = (0..).zip(numbers.iter().copied()).collect();
            let choices = Choices::of(units);
            for at in 0..=numbers.len() {
                let rest = &numbers[at..];
                let subsets = 0..1_u32 << rest.len();
                let sum = |subset: u32| -> i128 {
                    (0..rest.len()).filter(|n| subset >> n & 1 == 1).map(|n| rest[n]).sum()
                };
                let possible: Vec<i128> = subsets.map(sum).collect();
                for by in -300..300 {
                    assert_eq!(
                        choices.may(at, by),
                        possible.contains(&by),
                        "{numbers:?} {at} {by}"
                    );
                }
            }
        }
    }
}
