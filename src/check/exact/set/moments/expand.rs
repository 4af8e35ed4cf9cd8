//! What can happen right before a return: reads of the whole, one after the other, and flips of
//! elements for each of them.

use super::NONE;
use super::problem::Read;
use super::state::{State, each};
use super::walk::{Choice, Node, Walk};
use crate::check::exact::work::Work;

/// So many states are looked at before one return, if all are wanted or not.
const MOST_OF_ALL: usize = 256;
const MOST: usize = 64;

/// What has to happen before a return.
#[derive(Clone, Copy, Debug)]
pub(super) enum Target {
    /// The operation of `bit` on the element at `place`.
    Finish { place: usize, bit: u64 },
    /// A read of the whole.
    Read(u32),
}

impl Walk<'_> {
    /// Finds the states in which the target has happened, with the reads that come before it: those
    /// that cannot come later, and some others. `false` if there may be more.
    pub(super) fn expand(
        &mut self,
        state: State,
        target: Target,
        next: &mut Vec<State>,
        work: &mut Work<'_>,
    ) -> bool {
        // With the number of reads that nothing forced.
        let mut list = vec![(state, 0)];
        let mut is_whole = true;
        let most = if self.choice == Choice::All { MOST_OF_ALL } else { MOST };
        let mut at = 0;
        while let Some((state, free)) = list.get(at).cloned() {
            if at >= most {
                return false;
            }
            at += 1;
            // More reads only leave less.
            let Some((reached, doomed)) = self.reach(&state, target, work) else { continue };
            if doomed == 0 {
                next.push(reached);
            }
            let (mut todo, is_all) = self.candidates(&state, target, (doomed, free), work);
            is_whole &= is_all;
            let mut tried = if let Target::Read(read) = target { 1 << read } else { 0 };
            while let Some(read) = each(todo & !tried).next() {
                tried |= 1 << read;
                let Some((mut reached, worse)) = self.read(&state, read, work) else { continue };
                if worse != 0 {
                    // These have to come before it.
                    todo |= worse;
                    continue;
                }
                self.absorb(&mut reached, self.now);
                if !list.iter().any(|(it, _)| it.key() == reached.key() && it.is_same(&reached)) {
                    list.push((reached, free + u32::from(doomed >> read & 1 == 0)));
                }
            }
        }
        is_whole
    }

    /// The reads that are tried before the target, and whether these are all that matter.
    fn candidates(
        &mut self,
        state: &State,
        target: Target,
        (doomed, free): (u64, u32),
        work: &mut Work<'_>,
    ) -> (u64, bool) {
        let is_done = |read: u32| state.done >> read & 1 != 0;
        if matches!(target, Target::Read(read) if is_done(read)) {
            return (0, true);
        }
        let others = self.open & !state.done & !doomed;
        match self.choice {
            Choice::All => {
                let is_any = doomed != 0 || self.may_matter(state, target, others, work);
                (if is_any { doomed | others } else { 0 }, true)
            }
            Choice::UpTo(most) if free < most => {
                let matter = each(others).filter(|&read| self.matters(state, target, read, work));
                let matter: Vec<u32> = matter.collect();
                (matter.into_iter().fold(doomed, |bits, read| bits | 1 << read), false)
            }
            Choice::UpTo(_) => (doomed, false),
        }
    }

    /// What a state becomes by the target, and the reads that cannot be done behind it. `None` if
    /// the target cannot happen.
    fn reach(
        &mut self,
        state: &State,
        target: Target,
        work: &mut Work<'_>,
    ) -> Option<(State, u64)> {
        let (place, bit) = match target {
            Target::Read(read) if state.done >> read & 1 != 0 => return Some((state.clone(), 0)),
            Target::Read(read) => return self.read(state, read, work),
            Target::Finish { place, bit } => (place, bit),
        };
        let belief = self.finish(place, state.beliefs[place], bit, work)?;
        let doomed = self.doomed(place, belief, state.done, true);
        let mut next = state.clone();
        next.set(place, belief, &self.beliefs);
        Some((next, doomed))
    }

    /// What a state becomes by a read, and the reads that cannot be done behind it. `None` if the
    /// read cannot be done.
    fn read(&mut self, state: &State, read: u32, work: &mut Work<'_>) -> Option<(State, u64)> {
        work.spend(1);
        let mut next = state.clone();
        next.done |= 1 << read;
        let mut doomed = 0;
        for word in 0..state.may[0].len() {
            let sights = self.sights[read as usize][word];
            let otherwise = sights & state.may[0][word] | !sights & state.may[1][word];
            for bit in each(otherwise) {
                let place = 64 * word + bit as usize;
                let is_there = sights >> bit & 1 != 0;
                let belief = self.see(place, state.beliefs[place], is_there, false)?;
                next.set(place, belief, &self.beliefs);
                doomed |= self.doomed(place, belief, next.done, false);
            }
        }
        self.note(&mut next, read, self.now);
        Some((next, doomed))
    }

    /// Whether it can make a difference that some of `reads` come before the target: whether one
    /// of them does by itself, whatever was seen of the element before it.
    fn may_matter(
        &mut self,
        state: &State,
        target: Target,
        reads: u64,
        work: &mut Work<'_>,
    ) -> bool {
        let Target::Finish { place, bit } = target else { return reads != 0 };
        let mut beliefs = vec![state.beliefs[place]];
        let mut at = 0;
        while let Some(&belief) = beliefs.get(at) {
            at += 1;
            for read in each(reads) {
                let is_there = self.has_seen(read, place);
                if self.matters_to(belief, (place, bit), is_there, work) {
                    return true;
                }
                let seen = self.see(place, belief, is_there, false);
                if let Some(seen) = seen.filter(|seen| !beliefs.contains(seen)) {
                    beliefs.push(seen);
                }
            }
        }
        false
    }

    /// Whether it makes a difference that a read comes before the target.
    fn matters(&mut self, state: &State, target: Target, read: u32, work: &mut Work<'_>) -> bool {
        let Target::Finish { place, bit } = target else { return true };
        let is_there = self.has_seen(read, place);
        self.matters_to(state.beliefs[place], (place, bit), is_there, work)
    }

    /// Whether a belief becomes something else if the element is seen before it returns, and not
    /// behind it.
    fn matters_to(
        &mut self,
        belief: u32,
        (place, bit): (usize, u64),
        is_there: bool,
        work: &mut Work<'_>,
    ) -> bool {
        let Some(before) = self.see(place, belief, is_there, false) else { return false };
        let Some(before) = self.finish(place, before, bit, work) else { return false };
        let after = self.finish(place, belief, bit, work);
        after.and_then(|after| self.see(place, after, is_there, true)) != Some(before)
    }

    fn has_seen(&self, read: u32, place: usize) -> bool {
        self.sights[read as usize][place / 64] >> (place % 64) & 1 != 0
    }

    /// What a belief becomes if the element at `place` is seen, before this event or `after` it;
    /// `None` if it cannot be so.
    fn see(&mut self, place: usize, belief: u32, is_there: bool, after: bool) -> Option<u32> {
        if !self.beliefs.may_be(belief, !is_there) {
            return Some(belief);
        }
        let stage =
            if after { &mut self.next } else { &mut self.stages[self.places[place] as usize] };
        if let Some(&known) = stage.seen.get(&(belief, is_there)) {
            return Some(known).filter(|&known| known != NONE);
        }
        stage.table.see(self.beliefs.configs(belief), is_there, &mut self.scratch);
        let out = &self.scratch.out;
        let next = if out.is_empty() { NONE } else { self.beliefs.number(out) };
        stage.seen.insert((belief, is_there), next);
        Some(next).filter(|&next| next != NONE)
    }

    /// What a belief becomes by the return of the operation of `bit`; `None` if it cannot happen.
    fn finish(&mut self, place: usize, belief: u32, bit: u64, work: &mut Work<'_>) -> Option<u32> {
        if let Some(&known) = self.passed.get(&belief) {
            return Some(known).filter(|&known| known != NONE);
        }
        work.spend(1);
        let table = &self.stages[self.places[place] as usize].table;
        table.finish(self.beliefs.configs(belief), bit, &mut self.scratch);
        self.next.table.reduce(&mut self.scratch);
        let out = &self.scratch.out;
        let next = if out.is_empty() { NONE } else { self.beliefs.number(out) };
        self.passed.insert(belief, next);
        Some(next).filter(|&next| next != NONE)
    }

    /// The open reads that are not done and cannot be any more, since so much is believed of the
    /// element at `place`, and nothing that could flip it is called before they return.
    pub(super) fn doomed(&mut self, place: usize, belief: u32, done: u64, after: bool) -> u64 {
        let mut doomed = 0;
        for read in each(self.open & !done) {
            let is_there = self.has_seen(read, place);
            let is_possible = self.beliefs.may_be(belief, is_there)
                || self.see(place, belief, is_there, after).is_some();
            if is_possible {
                continue;
            }
            let Read { at, .. } = self.problem.reads[self.read_of[read as usize] as usize];
            let ret = self.problem.items[at as usize].ret;
            let element = &self.problem.elements[self.places[place] as usize];
            let changes = &element.changes[usize::from(is_there)];
            let next = changes.partition_point(|&call| call <= self.now);
            if changes.get(next).is_none_or(|&call| call > ret) {
                doomed |= 1 << read;
                self.horizon = self.horizon.max(ret);
            }
        }
        doomed
    }

    /// Does the reads that may as well be done now: they find what is believed.
    pub(super) fn absorb(&mut self, state: &mut State, moment: u32) {
        for read in each(self.open & !state.done) {
            if state.otherwise(&self.sights[read as usize]).all(|word| word == 0) {
                state.done |= 1 << read;
                self.note(state, read, moment);
            }
        }
    }

    fn note(&mut self, state: &mut State, read: u32, moment: u32) {
        let read = self.read_of[read as usize];
        self.nodes.push(Node { parent: state.node, read, moment });
        state.node = self.nodes.len() as u32 - 1;
    }
}
