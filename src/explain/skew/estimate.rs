//! A guess at the offsets of a recording, where the smallest are too many steps away.
//!
//! What an operation saw or wrote is likely still there a moment later. So if the clocks of two
//! groups differ by d, then operations of the two that are d apart by the recording show the same
//! token more often than chance would have it. The differences of all pairs of operations are
//! counted in bins; where agreement exceeds chance most, in standard deviations, is the guess.

use super::bounds::{Bounds, Difference};
use super::timeline::Timeline;
use crate::history::sort;
use crate::model::{Establishes, Token};

/// A guess counts if it stands out by so many standard deviations.
const DEVIATIONS: f64 = 5.0;

/// So many pairs of operations are compared at most for each pair of groups.
const PAIRS: usize = 4_000_000;

/// So many bins are used at most.
const BINS: i64 = 1 << 18;

/// A guess at how far the clock of one group is ahead of others.
struct Ahead {
    by: i64,
    deviations: f64,
}

/// An operation that shows a token: its key, the token, the middle of its time.
#[derive(Clone, Copy)]
struct Showing {
    key: usize,
    token: Token,
    time: i64,
}

/// A guess at the offsets.
pub(super) struct Guess {
    /// For each group by how much its clock is ahead of that of one of them, as far as that stands
    /// out.
    ahead: Vec<Option<i64>>,
    /// How long a typical operation takes. The guess is hardly ever further off than that.
    width: i64,
}

impl Guess {
    /// The offsets, 0 where nothing stands out.
    pub(super) fn offsets(&self) -> Vec<i64> {
        self.ahead.iter().map(|ahead| ahead.unwrap_or(0)).collect()
    }

    /// Whether it has some clocks further apart than it may be off.
    pub(super) fn is_apart(&self) -> bool {
        let placed = || self.ahead.iter().flatten();
        let ends = placed().max().zip(placed().min());
        ends.is_some_and(|(most, least)| most.saturating_sub(*least) > self.width)
    }

    /// The offsets near the guess that keep `root`; `None` if there are none. The clocks of two
    /// groups do not differ at all if the guess has them closer than so many halves of a typical
    /// operation.
    pub(super) fn near(&self, root: &Bounds, halves: i64) -> Option<Bounds> {
        let mut bounds = root.clone();
        let slack = self.width.saturating_mul(2);
        let mut placed: Vec<(u16, i64)> = Vec::new();
        for (of, ahead) in (0..).zip(&self.ahead) {
            let Some(ahead) = *ahead else { continue };
            if let Some(&(over, other)) = placed.first() {
                let ahead = ahead.saturating_sub(other);
                let is_possible =
                    bounds.add(Difference { of, over, most: ahead.saturating_add(slack) })
                        && bounds.add(Difference {
                            of: over,
                            over: of,
                            most: slack.saturating_sub(ahead),
                        });
                if !is_possible {
                    return None;
                }
            }
            let close = (self.width / 2).saturating_mul(halves).unsigned_abs();
            let twin = placed.iter().find(|(_, other)| ahead.abs_diff(*other) < close);
            if let Some(&(twin, _)) = twin
                && !bounds.equate(usize::from(of), usize::from(twin))
            {
                return None;
            }
            placed.push((of, ahead));
        }
        Some(bounds)
    }
}

/// A guess at the offsets; `None` if nothing stands out. The two groups that agree best come first;
/// then one group after the other is compared with all those together, so that each makes the next
/// one easier to place.
pub(super) fn guess(timeline: &Timeline<'_>) -> Option<Guess> {
    let showings = showings(timeline);
    let width = typical_duration(timeline)?;
    let by_deviations = |one: &Ahead, other: &Ahead| one.deviations.total_cmp(&other.deviations);
    let pairs = (1..timeline.groups).flat_map(|of| (0..of).map(move |over| (of, over)));
    let first = pairs
        .filter_map(|(of, over)| Some((over, compare(&showings[of], &showings[over], width)?)))
        .max_by(|(_, one), (_, other)| by_deviations(one, other));
    let (start, _) = first?;
    let mut ahead = vec![None; timeline.groups];
    ahead[start] = Some(0);
    let mut joined = showings[start].clone();
    let mut rest: Vec<usize> = (0..timeline.groups).filter(|&group| group != start).collect();
    while !rest.is_empty() {
        let next = (0..)
            .zip(&rest)
            .filter_map(|(place, &of)| Some((place, compare(&showings[of], &joined, width)?)))
            .max_by(|(_, one), (_, other)| by_deviations(one, other));
        let Some((place, Ahead { by, .. })) = next else { break };
        let group = rest.swap_remove(place);
        ahead[group] = Some(by);
        let moved = |showing: &Showing| Showing { time: showing.time - by, ..*showing };
        joined.extend(showings[group].iter().map(moved));
        sort::by(&mut joined, |showing| showing.time);
    }
    Some(Guess { ahead, width })
}

/// For each group, what its operations show.
fn showings(timeline: &Timeline<'_>) -> Vec<Vec<Showing>> {
    let mut showings = vec![Vec::new(); timeline.groups];
    for (key, content) in timeline.keys.iter().enumerate() {
        for entry in &content.entries {
            let Some(ret) = entry.timed.ret else { continue };
            let token = match entry.facts.establishes {
                Establishes::Token(token) => Some(token),
                _ => entry.facts.requires,
            };
            let time = entry.timed.call + (ret - entry.timed.call) / 2;
            let group = usize::from(entry.timed.group);
            showings[group].extend(token.map(|token| Showing { key, token, time }));
        }
    }
    showings
}

/// The median of how long operations took; `None` without operations that returned.
fn typical_duration(timeline: &Timeline<'_>) -> Option<i64> {
    let entries = timeline.keys.iter().flat_map(|key| &key.entries);
    let mut durations: Vec<i64> =
        entries.filter_map(|entry| Some(entry.timed.ret? - entry.timed.call)).collect();
    let middle = durations.len() / 2;
    (!durations.is_empty()).then(|| (*durations.select_nth_unstable(middle).1).max(1))
}

/// How far the times of `ones` are ahead of those of `others`, if anything stands out.
fn compare(ones: &[Showing], others: &[Showing], width: i64) -> Option<Ahead> {
    let pairs = ones.len().checked_mul(others.len())?;
    // Of very many, only the first are compared, which are as long a time.
    let most = if pairs > PAIRS { PAIRS.isqrt() } else { usize::MAX };
    let (ones, others) = (&ones[..ones.len().min(most)], &others[..others.len().min(most)]);
    let differences = || ones.iter().flat_map(|a| others.iter().map(move |b| a.time - b.time));
    let (least, largest) = (differences().min()?, differences().max()?);
    let width = width.max((largest - least) / BINS + 1);
    let mut bins = vec![[0_u32; 2]; usize::try_from((largest - least) / width).ok()? + 2];
    let mut total = [0_u64; 2];
    for one in ones {
        for other in others.iter().filter(|other| other.key == one.key) {
            let at = ((one.time - other.time - least) / width) as usize;
            let agree = usize::from(one.token == other.token);
            bins[at][agree] += 1;
            total[agree] += 1;
        }
    }
    let chance = total[1] as f64 / (total[0] + total[1]).max(1) as f64;
    let score = |at: usize| {
        let agree = f64::from(bins[at][1] + bins[at + 1][1]);
        let count = agree + f64::from(bins[at][0] + bins[at + 1][0]);
        (agree - chance * count) / (count * chance * (1.0 - chance)).max(1.0).sqrt()
    };
    let best = (0..bins.len() - 1).max_by(|&one, &other| score(one).total_cmp(&score(other)))?;
    let by = least + width * (best as i64 + 1);
    let deviations = score(best);
    (deviations >= DEVIATIONS).then_some(Ahead { by, deviations })
}
