//! How well a configuration is prepared for what comes.

use super::super::problem::{Problem, Window};
use super::super::{Act, End};
use super::Moments;
use super::config::{Config, Item};

/// What it costs that an operation happened that crashed; that something is on the stack, that it
/// was seen, and that an operation happened before it had to; and that moments are closed, so many
/// together.
const CRASHED: u32 = 256;
const EACH: u32 = 4;
const CLOSED_FOR_ONE: u32 = 4;

/// What it costs that something is in the way of an operation that is open: if another takes it,
/// if not, and at most.
const TAKEN: u32 = 4;
const LEFT: u32 = 16;
const MOST: u32 = 32;
/// A peek costs no more.
const MOST_FOR_PEEK: u32 = 16;

/// Of takes and peeks, so many are looked at, those that return first.
const LOOKED_AT: usize = 8;

/// What speaks against a configuration.
pub(super) fn cost(problem: &Problem, moments: &Moments, window: &Window, config: &Config) -> u32 {
    let seen = config.items.iter().filter(|item| item.is_seen).count() as u32;
    let early = config.items.len() as u32 + config.done.count_ones();
    CRASHED * config.spent
        + EACH * (seen + early)
        + config.closed_moments() / CLOSED_FOR_ONE
        + ahead(problem, moments, window, config)
}

/// What is in the way of those that return next.
fn ahead(problem: &Problem, moments: &Moments, window: &Window, config: &Config) -> u32 {
    let mut looked = 0;
    let mut sum = 0;
    for &at in &window.open {
        let (value, most) = match problem.op(at).act {
            Act::Take(_, value) => (value, MOST),
            Act::Peek(_, value) => (value, MOST_FOR_PEEK),
            _ => continue,
        };
        if config.is_done(problem, at) {
            continue;
        }
        looked += 1;
        if looked > LOOKED_AT {
            break;
        }
        if config.left(problem, window, Act::Put(value)).next().is_none() {
            let call = moments.first(at);
            let own = config.items.iter().enumerate().filter(|(_, item)| item.value == value);
            let in_the_way =
                own.map(|(own, item)| in_the_way(problem, window, config, (at, call), (own, item)));
            sum += in_the_way.min().unwrap_or(MOST).min(most);
        }
    }
    sum
}

/// What is in the way of finding an item.
fn in_the_way(
    problem: &Problem,
    window: &Window,
    config: &Config,
    (at, call): (u32, u32),
    (own, item): (usize, &Item),
) -> u32 {
    if !item.is_seen && item.last >= call {
        return 0;
    }
    let end = config.next_open(call.max(item.last + 1));
    let mut sum = 0;
    for (other, obstacle) in config.items.iter().enumerate() {
        if other == own || !Config::is_caught(obstacle, item.last, end) {
            continue;
        }
        let act = Act::Take(End::Any, obstacle.value);
        let is_taken = config.left(problem, window, act).any(|take| take != at);
        sum += if is_taken { TAKEN } else { LEFT };
        if sum >= MOST {
            break;
        }
    }
    sum
}
