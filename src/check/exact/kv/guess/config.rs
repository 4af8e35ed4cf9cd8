//! What was chosen so far.

use super::problem::{Act, NONE, Problem};
use crate::history::hash::spread;

/// An update that was called, returns, and did not take effect.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub(super) struct Open {
    pub(super) at: u32,
    /// Whether nothing hid the string since its call, so that it cannot have taken effect unseen.
    pub(super) is_bound: bool,
}

/// A configuration.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) struct Config {
    /// The node of the string; [`NONE`] if no get sees it.
    pub(super) state: u32,
    /// By their returns.
    pub(super) open: Vec<Open>,
    /// Gets that were called and did not see their string, by their returns.
    pub(super) gets: Vec<u32>,
    /// How many of a class took effect that crashed, by classes.
    pub(super) crashed: Vec<(u32, u32)>,
}

impl Config {
    pub(super) fn new(state: u32) -> Config {
        Config { state, open: Vec::new(), gets: Vec::new(), crashed: Vec::new() }
    }

    /// How many of a class took effect that crashed.
    pub(super) fn spent(&self, class: u32) -> u32 {
        let found = self.crashed.binary_search_by_key(&class, |&(class, _)| class);
        found.map_or(0, |at| self.crashed[at].1)
    }

    /// How many took effect that crashed.
    pub(super) fn spent_in_all(&self) -> u32 {
        self.crashed.iter().map(|&(_, spent)| spent).sum()
    }

    /// An operation is called that returns.
    pub(super) fn call(&mut self, problem: &Problem, at: u32) {
        match problem.op(at).act {
            Act::Get(node) if node == self.state => {}
            Act::Get(_) => {
                let place = self.gets.partition_point(|&get| get < at);
                self.gets.insert(place, at);
            }
            Act::Put(_) | Act::Append(_) => {
                let place = self.open.partition_point(|open| open.at < at);
                self.open.insert(place, Open { at, is_bound: self.state != NONE });
            }
        }
    }

    /// An operation returns; whether it took effect.
    pub(super) fn is_done(&self, at: u32) -> bool {
        self.open.first().is_none_or(|open| open.at != at) && self.gets.first() != Some(&at)
    }

    /// Nobody sees the string any more, so that everything open may take effect unseen.
    pub(super) fn hide(&mut self) {
        self.state = NONE;
        self.release();
    }

    fn release(&mut self) {
        self.open.iter_mut().for_each(|open| open.is_bound = false);
    }

    /// An update takes effect, the one at a place among those that are open or else one that
    /// crashed; the string is that of `node` then.
    pub(super) fn take(&mut self, problem: &Problem, class: u32, place: Option<usize>, node: u32) {
        if let Some(place) = place {
            self.open.remove(place);
        } else {
            match self.crashed.binary_search_by_key(&class, |&(class, _)| class) {
                Ok(at) => self.crashed[at].1 += 1,
                Err(at) => self.crashed.insert(at, (class, 1)),
            }
        }
        self.state = node;
        if problem.is_put(class) {
            self.release();
        }
        self.gets.retain(|&get| problem.op(get).act != Act::Get(node));
    }

    /// A hash of the string and the open gets.
    pub(super) fn view(&self) -> u64 {
        let gets = self.gets.iter().map(|&get| u64::from(get));
        gets.fold(spread(self.state), |hash, get| spread(hash ^ get))
    }

    /// A hash of everything but those that crashed.
    pub(super) fn hash(&self) -> u64 {
        let open = self.open.iter().map(|open| u64::from(open.at) << 1 | u64::from(open.is_bound));
        open.fold(spread(self.view()), |hash, open| spread(hash ^ open))
    }
}
