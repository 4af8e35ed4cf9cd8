//! How a configuration goes on before a return.

use super::config::Config;
use super::problem::{Act, NONE, Problem, ROOT};

/// Gets are awaited that are called within so many events.
const HORIZON: u32 = 150;

/// So many gets are looked at to find strings that may begin, and so many of these at most.
const GETS: usize = 64;
const BEGUN: usize = 16;

/// So many ways are found at most from one configuration to one string.
const WAYS: usize = 64;

/// So many strings are tried at most to have one append in.
const STRINGS: usize = 400;

/// A configuration, and the updates that took effect since the last return, in their order.
#[derive(Clone, Debug)]
pub(super) struct Draft {
    pub(super) config: Config,
    pub(super) taken: Vec<u32>,
    /// The one from which it came.
    pub(super) parent: u32,
}

/// What may happen before the return at `event`.
pub(super) struct Moves<'a> {
    pub(super) problem: &'a Problem,
    pub(super) event: u32,
    /// First texts of strings that gets may be waiting for soon.
    begun: Vec<u32>,
}

impl<'a> Moves<'a> {
    pub(super) fn new(problem: &'a Problem, event: u32) -> Moves<'a> {
        let next = problem.gets.partition_point(|&get| problem.op(get).ret < event);
        let mut begun: Vec<u32> = Vec::new();
        for &get in problem.gets[next..].iter().take(GETS) {
            let op = problem.op(get);
            let Act::Get(node) = op.act else { continue };
            let first = problem.strings.first(node);
            let is_soon = op.call < event + HORIZON && node != ROOT;
            if is_soon && begun.len() < BEGUN && !begun.contains(&first) {
                begun.push(first);
            }
        }
        Moves { problem, event, begun }
    }

    /// Ways in which the operation at `at`, which returns, takes effect.
    pub(super) fn finish(&self, draft: &Draft, at: u32, found: &mut Vec<Draft>) {
        let problem = self.problem;
        match problem.op(at).act {
            Act::Get(node) => self.see(draft, node, found),
            Act::Put(text) => {
                self.lose(draft, found);
                let node = problem.strings.after(ROOT, text);
                if node != NONE && self.is_awaited(&draft.config, node) {
                    found.push(self.after(draft, text, Some(0), node));
                }
            }
            Act::Append(text) => {
                self.lose(draft, found);
                self.show(draft, text, found);
            }
        }
    }

    /// The update that returns takes effect unseen.
    fn lose(&self, draft: &Draft, found: &mut Vec<Draft>) {
        let mut draft = draft.clone();
        if draft.config.open.remove(0).is_bound {
            draft.config.hide();
        }
        found.push(draft);
    }

    /// Ways in which the string becomes that of `node`.
    pub(super) fn see(&self, draft: &Draft, node: u32, found: &mut Vec<Draft>) {
        let (strings, state) = (&self.problem.strings, draft.config.state);
        let most = found.len() + WAYS;
        if state != NONE && strings.begins(state, node) {
            self.grow(draft, &strings.path(state, node), most, found);
        }
        if let Some((&first, path)) = strings.path(ROOT, node).split_first()
            && let Some(begun) = self.begin(draft, first)
        {
            self.grow(&begun, path, most, found);
        }
    }

    /// Ways in which the append that returns, of `text`, becomes part of a string that is awaited.
    fn show(&self, draft: &Draft, text: u32, found: &mut Vec<Draft>) {
        let problem = self.problem;
        let mut stack: Vec<Draft> = Vec::new();
        if draft.config.state != NONE {
            stack.push(draft.clone());
        }
        for &first in &self.begun {
            if self.is_awaited(&draft.config, first) {
                stack.extend(self.begin(draft, first));
            }
        }
        let mut left = STRINGS;
        while let Some(draft) = stack.pop() {
            for &node in &problem.node(draft.config.state).children {
                left = left.saturating_sub(1);
                if left == 0 {
                    return;
                }
                if !self.is_awaited(&draft.config, node) {
                    continue;
                }
                let next = problem.node(node).text;
                let class = problem.texts + next;
                if next == text {
                    found.push(self.after(&draft, class, Some(0), node));
                    continue;
                }
                for place in self.places(&draft.config, class).into_iter().flatten() {
                    stack.push(self.after(&draft, class, place, node));
                }
            }
        }
    }

    /// A put of the first text of a string. Everything open is hidden by it, so that of several the
    /// one that returns first will do.
    fn begin(&self, draft: &Draft, first: u32) -> Option<Draft> {
        let class = self.problem.node(first).text;
        let places = self.places(&draft.config, class);
        let place = places.into_iter().flatten().min_by_key(|place| place.unwrap_or(usize::MAX))?;
        Some(self.after(draft, class, place, first))
    }

    /// Ways in which appends make the string that of each node of a path.
    fn grow(&self, draft: &Draft, path: &[u32], most: usize, found: &mut Vec<Draft>) {
        let Some((&node, path)) = path.split_first() else {
            found.push(draft.clone());
            return;
        };
        let class = self.problem.texts + self.problem.node(node).text;
        for place in self.places(&draft.config, class).into_iter().flatten() {
            if found.len() < most {
                self.grow(&self.after(draft, class, place, node), path, most, found);
            }
        }
    }

    /// The updates of a class that may be next: places among those that are open, or else one that
    /// crashed. Of those that are bound the one that returns first, since it has to be seen; or one
    /// that is free and returns still earlier, so that it would be lost.
    fn places(&self, config: &Config, class: u32) -> [Option<Option<usize>>; 2] {
        let (mut free, mut bound) = (None, None);
        for (place, open) in config.open.iter().enumerate() {
            if self.problem.class(open.at) == Some(class) {
                let found = if open.is_bound { &mut bound } else { &mut free };
                found.get_or_insert(place);
            }
        }
        match (free, bound) {
            (Some(free), Some(bound)) => [Some(Some(bound)), (free < bound).then_some(Some(free))],
            (None, None) => {
                let spent = config.spent(class);
                [self.problem.crashed(class, spent, self.event).map(|_| None), None]
            }
            (free, bound) => [Some(free.or(bound)), None],
        }
    }

    /// What becomes of a draft by an update.
    fn after(&self, draft: &Draft, class: u32, place: Option<usize>, node: u32) -> Draft {
        let problem = self.problem;
        let mut draft = draft.clone();
        draft.taken.extend(match place {
            Some(place) => draft.config.open.get(place).map(|open| open.at),
            None => problem.crashed(class, draft.config.spent(class), self.event),
        });
        draft.config.take(problem, class, place, node);
        draft
    }

    /// Whether some get waits for a string that begins with that of `node`, or will.
    fn is_awaited(&self, config: &Config, node: u32) -> bool {
        let problem = self.problem;
        let waits = |&get: &u32| match problem.op(get).act {
            Act::Get(seen) => problem.strings.begins(node, seen),
            _ => false,
        };
        config.gets.iter().any(waits) || problem.is_seen(node, self.event, self.event + HORIZON)
    }
}
