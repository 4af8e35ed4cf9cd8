//! Who may have left what a transaction found: nobody who was called too late, and nobody after
//! whom the register certainly held something else before.

use super::facts::Prefix;
use super::table::{Cell, Start};

/// Who left what was there at the start.
pub(super) const FIRST: u32 = u32::MAX - 1;

/// What a register certainly held between two times, or that it changed between them.
#[derive(Clone, Copy)]
struct Shown {
    ret: u32,
    call: u32,
    /// `None` if it changed.
    content: Option<u32>,
}

/// The latest calls among some that showed a register.
#[derive(Clone, Copy, Default)]
struct Latest {
    /// The latest with its content, and the latest with another one.
    best: Option<(u32, u32)>,
    other: Option<(u32, u32)>,
    changed: u32,
}

impl Latest {
    fn add(&mut self, shown: Shown) {
        let Some(content) = shown.content else {
            self.changed = self.changed.max(shown.call);
            return;
        };
        let own = (shown.call, content);
        match self.best {
            Some((call, best)) if best == content => self.best = Some((call.max(own.0), content)),
            Some((call, _)) if call >= own.0 => {
                if self.other.is_none_or(|(other, _)| other < own.0) {
                    self.other = Some(own);
                }
            }
            _ => (self.best, self.other) = (Some(own), self.best),
        }
    }

    /// The latest that did not show `content`; 0 if none did.
    fn without(&self, content: u32) -> u32 {
        let differs = |one: Option<(u32, u32)>| one.filter(|&(_, it)| it != content);
        let other = differs(self.best).or(differs(self.other));
        self.changed.max(other.map_or(0, |(call, _)| call))
    }
}

/// What is known of who left what.
pub(super) struct Sources {
    /// For each register what was shown, by returns, each with the latest of those before it.
    shown: Vec<Vec<(u32, Latest)>>,
    /// For each content the latest return of the completed writers up to each.
    latest: Vec<Vec<u32>>,
}

impl Sources {
    pub(super) fn of(prefix: &Prefix<'_>) -> Sources {
        let mut shown: Vec<Vec<Shown>> = vec![Vec::new(); prefix.table.registers.len()];
        for at in (0..prefix.called).filter(|&at| prefix.has_returned(at)) {
            let (call, ret) = (prefix.call(at), prefix.ret(at));
            for cell in prefix.found(at) {
                let content = Some(cell.content);
                shown[cell.register as usize].push(Shown { ret, call, content });
            }
            for cell in prefix.left(at) {
                shown[cell.register as usize].push(Shown { ret, call, content: None });
            }
        }
        let along = |mut shown: Vec<Shown>| {
            shown.sort_unstable_by_key(|shown| shown.ret);
            let mut latest = Latest::default();
            let next = |shown: Shown| {
                latest.add(shown);
                (shown.ret, latest)
            };
            shown.into_iter().map(next).collect()
        };
        let latest = |[completed, _]: &[Vec<u32>; 2]| {
            let mut latest = 0;
            let next = |&at: &u32| {
                latest = prefix.ret(at).max(latest);
                latest
            };
            completed.iter().map(next).collect()
        };
        Sources {
            shown: shown.into_iter().map(along).collect(),
            latest: prefix.table.writers.iter().map(latest).collect(),
        }
    }

    /// Passes whoever may have left what the transaction at `at` found in a register, the start
    /// last; if `is_hasty`, only those crashed ones that may have done so soon after their calls.
    pub(super) fn each(
        &self,
        prefix: &Prefix<'_>,
        at: u32,
        cell: Cell,
        is_hasty: bool,
        mut pass: impl FnMut(u32),
    ) {
        let (call, ret) = (prefix.call(at), prefix.ret(at));
        let shown = &self.shown[cell.register as usize];
        let before = shown.partition_point(|&(ret, _)| ret < call);
        let least = before.checked_sub(1).map_or(0, |last| shown[last].1.without(cell.content));
        let [completed, crashed] = &prefix.table.writers[cell.content as usize];
        let is_source = |writer: u32| writer != at && prefix.leaves(writer, cell);
        let count = |writers: &[u32]| {
            writers.partition_point(|&writer| writer < prefix.called && prefix.call(writer) <= ret)
        };
        let latest = &self.latest[cell.content as usize];
        for nth in (0..count(completed)).rev() {
            if latest[nth] < least {
                break;
            }
            if prefix.ret(completed[nth]) >= least && is_source(completed[nth]) {
                pass(completed[nth]);
            }
        }
        for &writer in crashed[..count(crashed)].iter().rev() {
            // Those that were called before had to happen before.
            if is_hasty && prefix.soon(writer) < least {
                break;
            }
            pass(writer);
        }
        let start = prefix.table.registers[cell.register as usize];
        if least == 0 && (start == Start::Unknown || start == Start::Content(cell.content)) {
            pass(FIRST);
        }
    }
}
