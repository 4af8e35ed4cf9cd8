//! What has to be done by some time, and between which deletions.

use super::problem::{Course, Item, Problem};
use super::sweep::{Plan, Sweep};
use crate::history::Rank;

/// What the deadlines up to some time ask for.
#[derive(Default)]
struct Due {
    blocks: Vec<u32>,
    /// So many deletions have to happen.
    deletes: usize,
    /// The key has to be absent at some time.
    absent: bool,
    fillers: bool,
}

impl Sweep<'_> {
    /// What must be done now, and before `target` begins, which is there for a while.
    pub(super) fn plan(&mut self, now: Rank, target: Option<u32>) -> Result<Plan, Rank> {
        let blocks = self.problem.blocks;
        let until = target.map_or(now, |at| blocks[at as usize].last.max(now));
        let mut due = self.due(now, until, target)?;
        let most = self.now.deletes();
        if self.problem.course == Course::Ascending {
            let runs = self.ascend(now, &due, target).ok_or(now)?;
            let fits = runs.len() <= most + 1;
            return fits.then_some(Plan { runs, target, fillers: due.fillers }).ok_or(now);
        }
        due.blocks.sort_by_key(|&at| {
            let block = blocks[at as usize];
            (!block.from_absent, block.low)
        });
        let absent = due.absent && self.now.level != 0;
        let least = due.deletes.max(usize::from(absent));
        for deletes in least..=most.min(least + due.blocks.len() + 2) {
            if let Some(runs) = self.divide(&due.blocks, target, deletes) {
                return Ok(Plan { runs, target, fillers: due.fillers });
            }
            // Which blocks share a run could be chosen in several ways.
            if self.is_open(&due.blocks, target) {
                self.doubt();
            }
        }
        Err(now)
    }

    /// What must be done before `until`; all of it must be possible `now`.
    fn due(&self, now: Rank, until: Rank, target: Option<u32>) -> Result<Due, Rank> {
        let Problem { known, blocks, deadlines, .. } = self.problem;
        let mut due = Due::default();
        for &(deadline, item) in &deadlines[self.now.cursor..] {
            if deadline > until {
                break;
            }
            if self.is_settled(item) {
                continue;
            }
            let from = match item {
                Item::Block(at) if Some(at) == target => continue,
                Item::Block(at) => {
                    due.blocks.push(at);
                    blocks[at as usize].last
                }
                Item::Delete(at) => {
                    due.deletes += 1;
                    known[at as usize].span.call
                }
                Item::Absent(at) => {
                    due.absent = true;
                    known[at as usize].span.call
                }
                Item::Filler(at) => {
                    due.fillers = true;
                    known[at as usize].span.call
                }
                Item::Not(_) | Item::Value(_) | Item::Head(_) => continue,
            };
            if from > now {
                return Err(deadline);
            }
        }
        Ok(due)
    }

    /// All blocks up to those that must be done, in the order of their versions.
    fn ascend(&self, now: Rank, due: &Due, target: Option<u32>) -> Option<Vec<Vec<u32>>> {
        let blocks = self.problem.blocks;
        let place = |&at: &u32| self.places[at as usize] as usize;
        let highest = due.blocks.iter().map(place).max();
        let end = match target.as_ref().map(place) {
            Some(end) if highest.is_some_and(|highest| highest > end) => return None,
            Some(end) => end,
            None => highest.map_or(0, |highest| highest + 1),
        };
        let mut runs = vec![Vec::new()];
        let mut level = self.now.level;
        let mut was_absent = level == 0;
        let passed = self.now.passed.min(end);
        let open = self.ascending[passed..end].iter().filter(|&&at| !self.done[at as usize]);
        for &at in open.chain(&target) {
            let block = blocks[at as usize];
            if Some(at) != target && block.last > now {
                return None;
            }
            let fits = if block.from_absent { level == 0 } else { level < block.low };
            if !fits {
                runs.push(Vec::new());
                was_absent = true;
            }
            level = if block.to_absent { 0 } else { block.high };
            was_absent |= block.to_absent;
            if Some(at) != target {
                runs.last_mut()?.push(at);
            }
        }
        while runs.len() <= due.deletes || (due.absent && !was_absent) {
            // Before the target, after everything else.
            runs.push(Vec::new());
            was_absent = true;
        }
        Some(runs)
    }

    /// Divides what must be done into runs, in each of which versions ascend.
    fn divide(&self, must: &[u32], target: Option<u32>, deletes: usize) -> Option<Vec<Vec<u32>>> {
        let blocks = self.problem.blocks;
        let target = target.map(|at| blocks[at as usize]);
        let mut levels = vec![0; deletes + 1];
        levels[0] = self.now.level;
        let mut runs = vec![Vec::new(); deletes + 1];
        for &at in must {
            let block = blocks[at as usize];
            let fits = |run: &usize| {
                let level = levels[*run];
                let follows = if block.from_absent { level == 0 } else { level < block.low };
                let leads = *run < deletes
                    || target.is_none_or(|target| {
                        block.to_absent || (block.high < target.low && !target.from_absent)
                    });
                follows && leads
            };
            let run = (0..=deletes).find(fits)?;
            levels[run] = if block.to_absent { 0 } else { block.high };
            runs[run].push(at);
        }
        let level = levels[deletes];
        let fits = target
            .is_none_or(|target| if target.from_absent { level == 0 } else { level < target.low });
        fits.then_some(runs)
    }

    /// Whether blocks compete for places between deletions.
    fn is_open(&self, must: &[u32], target: Option<u32>) -> bool {
        let blocks = self.problem.blocks;
        let all = must.iter().chain(&target).map(|&at| blocks[at as usize]);
        let apart = must.windows(2).all(|pair| {
            let [low, high] = [pair[0], pair[1]].map(|at| blocks[at as usize]);
            low.high < high.low
        });
        let from_absent = all.clone().any(|block| block.from_absent);
        (!apart && must.len() > 1) || (from_absent && all.count() > 1)
    }
}
