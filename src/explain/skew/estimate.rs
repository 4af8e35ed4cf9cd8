//! A guess at the offsets of a recording, where the smallest are too many steps away.
//!
//! What an operation saw or wrote is likely still there a moment later. So if the clocks of two
//! groups differ by d, then operations of the two that are d apart by the recording show the same
//! token more often than chance would have it. The differences of all pairs of operations are
//! counted in bins; where agreement exceeds chance most, in standard deviations, is the guess.

use super::bounds::{Bounds, Difference};
use super::timeline::Timeline;
use crate::model::{Establishes, Model, Token};

/// A guess counts if it stands out by so many standard deviations.
const DEVIATIONS: f64 = 5.0;

/// So many pairs of operations are compared at most for each pair of groups.
const PAIRS: usize = 4_000_000;

/// So many bins are used at most.
const BINS: i64 = 1 << 18;

/// A guess at how far the clock of one group is ahead of that of another.
struct Guess {
    of: u16,
    over: u16,
    ahead: i64,
    deviations: f64,
}

/// An operation that shows a token: its key, the token, the middle of its time.
#[derive(Clone, Copy)]
struct Showing {
    key: usize,
    token: Token,
    time: i64,
}

/// Bounds that keep the offsets near a guess, added to `root`; `None` if nothing stands out, or it
/// contradicts the bounds. For each group the guess that stands out most links it to the others.
pub(super) fn near_guess<M: Model>(timeline: &Timeline<'_, M>, root: &Bounds) -> Option<Bounds> {
    let showings = showings(timeline);
    let width = typical_duration(timeline)?;
    let groups = timeline.groups;
    let mut guesses: Vec<Guess> = Vec::new();
    for of in 1..groups {
        for over in 0..of {
            guesses.extend(guess(&showings, of as u16, over as u16, width));
        }
    }
    guesses.sort_by(|one, other| other.deviations.total_cmp(&one.deviations));
    let mut bounds = root.clone();
    // Kruskal's way: the strongest links that join what is not joined yet.
    let mut part: Vec<usize> = (0..groups).collect();
    let mut links = 0;
    for Guess { of, over, ahead, .. } in guesses {
        let (one, other) = (part[usize::from(of)], part[usize::from(over)]);
        if one == other {
            continue;
        }
        part.iter_mut().filter(|p| **p == one).for_each(|p| *p = other);
        links += 1;
        let slack = 2 * i128::from(width);
        let ahead = i128::from(ahead);
        let is_possible = bounds.add(Difference { of, over, most: ahead + slack })
            && bounds.add(Difference { of: over, over: of, most: slack - ahead });
        if !is_possible {
            return None;
        }
    }
    (links > 0).then_some(bounds)
}

/// For each group, what its operations show.
fn showings<M: Model>(timeline: &Timeline<'_, M>) -> Vec<Vec<Showing>> {
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
fn typical_duration<M: Model>(timeline: &Timeline<'_, M>) -> Option<i64> {
    let entries = timeline.keys.iter().flat_map(|key| &key.entries);
    let mut durations: Vec<i64> =
        entries.filter_map(|entry| Some(entry.timed.ret? - entry.timed.call)).collect();
    let middle = durations.len() / 2;
    (!durations.is_empty()).then(|| (*durations.select_nth_unstable(middle).1).max(1))
}

/// How far `of` is ahead of `over`, if anything stands out.
fn guess(showings: &[Vec<Showing>], of: u16, over: u16, width: i64) -> Option<Guess> {
    let (ones, others) = (&showings[usize::from(of)], &showings[usize::from(over)]);
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
    let ahead = least + width * (best as i64 + 1);
    let deviations = score(best);
    (deviations >= DEVIATIONS).then_some(Guess { of, over, ahead, deviations })
}
