//! Whether the gets that return next may still see their strings, and how well a configuration is
//! prepared for them.

use super::config::Config;
use super::problem::{Act, Called, NONE, Op, Problem, ROOT};

/// So many gets are looked ahead.
const AHEAD: usize = 48;

/// What it costs that of a put or an append that some get needs none is to spare; half of it, that
/// only one is.
const SCARCE_PUT: i64 = 8;
const SCARCE_APPEND: i64 = 2;

/// What it costs that a string has to be begun, that an update took effect, that one did that
/// crashed, and that a get waits.
const BEGIN: i64 = 12;
const TAKEN: i64 = 2;
const CRASHED: i64 = 6;
const WAITS: i64 = 2;

/// What is counted of a class: how many are needed, and how many there are.
#[derive(Clone, Copy, Default)]
struct Count {
    needed: i32,
    /// Nothing before it is asked for.
    there: Option<i32>,
}

/// What is counted while a configuration is looked at; kept for the next one.
pub(super) struct Outlook {
    counts: Vec<Count>,
    counted: Vec<u32>,
    /// What was called by the event that was looked at last, by classes.
    called: Vec<Called>,
    /// By nodes: the look at which a get needed it, and whether one needs a longer string.
    needed: Vec<(u32, bool)>,
    look: u32,
}

impl Outlook {
    pub(super) fn new(problem: &Problem) -> Outlook {
        Outlook {
            counts: vec![Count::default(); 2 * problem.texts as usize],
            counted: Vec::new(),
            called: vec![Called::NOTHING; 2 * problem.texts as usize],
            needed: vec![(0, false); problem.strings.nodes.len()],
            look: 0,
        }
    }

    /// What speaks against a configuration before an event; `None` if it leads nowhere.
    ///
    /// None of the strings that are needed and begin no longer one comes out of another, so that
    /// each takes a put of its own and all its appends; but one may go on from the string that is
    /// there.
    pub(super) fn cost(&mut self, problem: &Problem, config: &Config, event: u32) -> Option<i64> {
        self.start();
        let mut cost = CRASHED * i64::from(config.spent_in_all())
            + WAITS * config.gets.len() as i64
            - TAKEN * config.open.len() as i64;
        let mut goes_on = config.state == NONE;
        let mut pending = config.gets.iter().peekable();
        let next = problem.gets.partition_point(|&get| problem.op(get).ret < event);
        let mut left = AHEAD;
        for &get in &problem.gets[next..] {
            let Op { act: Act::Get(node), call, ret, .. } = problem.op(get) else { continue };
            if call < event && pending.next_if_eq(&&get).is_none() {
                continue;
            }
            if node == ROOT {
                if config.state != ROOT {
                    return None;
                }
                continue;
            }
            left -= 1;
            if left == 0 {
                break;
            }
            if self.needed[node as usize].0 == self.look {
                continue;
            }
            let known = self.need(problem, node);
            cost += if known == ROOT { BEGIN } else { 0 };
            if !goes_on && problem.strings.begins(config.state, node) {
                goes_on = true;
                self.go_on(problem, config.state, node);
            }
            cost += self.scarcity(problem, config, [known, node], [event, ret])?;
        }
        Some(cost)
    }

    fn start(&mut self) {
        let Outlook { counts, counted, .. } = self;
        counted.drain(..).for_each(|class| counts[class as usize] = Count::default());
        self.look = self.look.wrapping_add(1);
        self.needed[ROOT as usize] = (self.look, true);
    }

    fn count(&mut self, class: u32, by: i32) {
        if self.counts[class as usize].needed == 0 {
            self.counted.push(class);
        }
        self.counts[class as usize].needed += by;
    }

    /// A string is needed; returns the longest string that it goes on from among those that were
    /// needed before and went on to none, or else the root.
    fn need(&mut self, problem: &Problem, node: u32) -> u32 {
        let mut at = node;
        while self.needed[at as usize].0 != self.look {
            self.needed[at as usize] = (self.look, at != node);
            self.count(problem.step(at), 1);
            at = problem.node(at).parent;
        }
        let is_new = std::mem::replace(&mut self.needed[at as usize].1, true);
        while is_new && at != ROOT {
            self.count(problem.step(at), 1);
            at = problem.node(at).parent;
        }
        at
    }

    /// The string that is there becomes that of `node`, and takes no put and none of its appends.
    fn go_on(&mut self, problem: &Problem, state: u32, node: u32) {
        let mut at = state;
        while at != ROOT {
            self.count(problem.step(at), -1);
            at = problem.node(at).parent;
        }
        if state == ROOT {
            let text = problem.node(problem.strings.first(node)).text;
            self.count(text, -1);
            self.count(problem.texts + text, 1);
        }
    }

    /// What it costs that of the updates for a string few are to spare, between an event and the
    /// return of a get; `None` if they are missing.
    fn scarcity(
        &mut self,
        problem: &Problem,
        config: &Config,
        [start, node]: [u32; 2],
        [event, until]: [u32; 2],
    ) -> Option<i64> {
        let (mut cost, mut at) = (0, node);
        while at != start {
            let class = problem.step(at);
            let called = &mut self.called[class as usize];
            if called.event != event {
                *called = problem.called(class, event);
            }
            let count = &mut self.counts[class as usize];
            let there = *count.there.get_or_insert_with(|| {
                let is_of = |at: u32| problem.class(at) == Some(class);
                let open = config.open.iter().filter(|open| is_of(open.at)).count() as i32;
                open + called.crashed as i32 - config.spent(class) as i32
            });
            let more = problem.called_since(class, *called, until) as i32;
            let scarce = if problem.is_put(class) { SCARCE_PUT } else { SCARCE_APPEND };
            match there + more - count.needed {
                // It is not known which of the strings goes on from the empty one.
                ..0 if config.state != ROOT => return None,
                ..=0 => cost += scarce,
                1 => cost += scarce / 2,
                _ => {}
            }
            at = problem.node(at).parent;
        }
        Some(cost)
    }
}
