//! What guides a guess: which reads can no longer become legal, which few operations make one
//! legal, and how well a configuration is prepared for what comes.

use super::amounts::{Amounts, Change, Lack, Sums};
use super::automaton::Automaton;
use super::config::Config;
use super::items::{Event, TokenId};
use super::mask::{Mask, difference};
use super::path::{Node, NodeId, Nodes};
use super::prepare::Prepared;
use super::reach::{Planner, Supply};
use super::steps::Step;
use super::walker::{Arrival, Candidate, Move, Walker};

/// So many of the open operations are served before the one that must come.
const TARGETS: usize = 6;

/// A plan has so many crashed operations of one kind at most.
const MOST_CRASHED: usize = 4;

/// A model tells of so many ways at most in which an operation becomes legal.
const WAYS: u32 = 4;

/// So many plans are tried at most to make the one that must come legal.
const PLANS: usize = 64;

/// What it costs to linearize an operation long before it must be.
const COST: u32 = 16;

/// What a crashed operation costs, in the same measure.
const CRASHED: u32 = 4;

/// What `config` did without need, and what it did not do yet: the less, the better it is prepared.
pub(super) fn cost<K: Mask>(walker: &Walker<'_, K>, config: &Config<K>) -> u32 {
    let Walker { window, prepared, used, .. } = walker;
    let mut cost = COST * CRASHED * used.size(config.used);
    let (open, pure) = (window.open(), window.more());
    for (word, done) in config.mask.words().iter().enumerate() {
        cost += COST * (pure[word] & !done).count_ones();
        let mut done = open[word] & !pure[word] & done;
        while done != 0 {
            let item = window.item(word as u32 * 64 + done.trailing_zeros());
            done &= done - 1;
            cost += early(prepared, prepared.items[item as usize].ret - config.event);
        }
    }
    cost
}

/// What it costs to linearize an operation that returns after so many events more.
fn early(prepared: &Prepared, events: u32) -> u32 {
    (events.saturating_mul(COST) / prepared.width as u32).min(COST * CRASHED)
}

/// A guide for an object of which models tell what operations add and lack.
pub(super) struct Guide {
    amounts: Amounts,
    lacks: Vec<Change>,
    open: Sums,
    supplies: Vec<Supply>,
}

/// Where to go on from.
#[derive(Clone, Copy)]
pub(super) struct From<'c, K> {
    pub(super) config: &'c Config<K>,
    pub(super) node: NodeId,
    /// So many plans are wanted, about.
    pub(super) plans: usize,
}

/// Candidates, and the node of the configuration before each.
type Found<K> = Vec<(Candidate<K>, NodeId)>;

/// The operation that must come at an event, and those open that are not linearized, by their
/// returns.
struct Open {
    forced: u32,
    items: Vec<(u32, u32)>,
}

impl Open {
    fn of<K: Mask>(walker: &Walker<'_, K>, config: &Config<K>) -> Option<Open> {
        let prepared = walker.prepared;
        let Event::Return(forced) = prepared.events[config.event as usize] else { return None };
        let mut items: Vec<(u32, u32)> = Vec::new();
        difference(walker.window.open(), config.mask.words(), |slot| {
            let item = walker.window.item(slot);
            items.push((prepared.items[item as usize].ret, item));
            true
        });
        items.sort_unstable();
        Some(Open { forced, items })
    }

    /// The next operation of a supply: of those open the one that returns first.
    fn next<K: Mask>(
        &self,
        supply: &Supply,
        prepared: &Prepared,
        config: &Config<K>,
    ) -> Option<Move> {
        if let Some(group) = supply.group {
            return Some(Move::Crashed(group));
        }
        let is_free = |&&(_, item): &&(u32, u32)| {
            let item = &prepared.items[item as usize];
            item.class == supply.class && !config.mask.has(item.slot)
        };
        self.items.iter().find(is_free).map(|&(_, item)| Move::Item(item))
    }
}

impl Guide {
    /// The guide of an object; `None` if its model tells nothing.
    pub(super) fn of(prepared: &Prepared, automaton: &dyn Automaton) -> Option<Guide> {
        let amounts = Amounts::of(prepared, automaton)?;
        let (open, supplies) = (Sums::default(), Vec::new());
        Some(Guide { amounts, lacks: Vec::new(), open, supplies })
    }

    /// Whether operations that add nothing may change the state: they find out what the object
    /// started from.
    pub(super) fn learns(&self, prepared: &Prepared) -> bool {
        let mut classes = (0..).zip(&prepared.classes);
        classes.any(|(id, class)| !class.pure && self.amounts.adds(id).is_empty())
    }

    /// Whether an operation that must come lacks what can no longer be added before it returns.
    /// The walker is where `config` is.
    pub(super) fn is_short<K: Mask>(&mut self, walker: &Walker<'_, K>, config: &Config<K>) -> bool {
        let Guide { amounts, lacks, open, .. } = self;
        let Walker { window, prepared, steps, .. } = walker;
        let automaton = steps.automaton;
        let class_of = |slot: u32| prepared.items[window.item(slot) as usize].class;
        open.clear();
        difference(window.open(), config.mask.words(), |slot| {
            amounts.adds(class_of(slot)).iter().for_each(|&add| open.add(add));
            true
        });
        !difference(window.open(), config.mask.words(), |slot| {
            let until = prepared.items[window.item(slot) as usize].ret;
            let mut may_come = true;
            for way in 0..WAYS {
                match amounts.lacks(automaton, config.state, class_of(slot), way, lacks) {
                    Lack::Unknown => return may_come,
                    Lack::Never => {
                        may_come = false;
                        continue;
                    }
                    Lack::Known => {}
                }
                may_come = lacks.iter().all(|&lack| {
                    let open = open.of(lack);
                    lack.is_within(open) || amounts.may_come(lack, open, config.event, until)
                });
                if may_come {
                    return true;
                }
            }
            false
        })
    }

    /// Finds what becomes of a configuration by the operation that must come, by those that say
    /// that they found just its state, and by few that add what those open lack.
    pub(super) fn find<K: Mask>(
        &mut self,
        walker: &mut Walker<'_, K>,
        nodes: &mut Nodes,
        from: From<'_, K>,
        found: &mut Found<K>,
    ) {
        let From { config, node, plans } = from;
        let prepared = walker.prepared;
        let Some(open) = Open::of(walker, config) else { return };
        let forced = open.forced;
        walker.pending.clear();
        if self.look(walker, config, &open) {
            found.extend(walker.pending.drain(..).map(|candidate| (candidate, node)));
            return;
        }
        walker.try_move(config, Move::Item(forced), forced);
        self.follow_on(walker, config, &open);
        found.extend(walker.pending.drain(..).map(|candidate| (candidate, node)));
        self.supply(walker, config, &open);
        let mut served: Vec<u32> = Vec::new();
        for &(_, item) in &open.items {
            let class = prepared.items[item as usize].class;
            if served.len() >= TARGETS || served.contains(&class) {
                continue;
            }
            served.push(class);
            let most = if item == forced { plans } else { plans / 2 };
            let most = most.clamp(2, PLANS);
            for way in 0..WAYS {
                let Guide { amounts, lacks, supplies, .. } = self;
                match amounts.lacks(walker.steps.automaton, config.state, class, way, lacks) {
                    Lack::Unknown => break,
                    Lack::Never => continue,
                    Lack::Known if lacks.is_empty() => break,
                    Lack::Known => {}
                }
                for plan in Planner::plans(amounts, supplies, lacks, most) {
                    found.extend(self.carry_out(&plan, walker, nodes, (config, node), &open));
                }
            }
        }
    }

    /// Pends what becomes of `config` by an open operation that is legal and changes nothing here,
    /// though it may elsewhere: it comes first, as a pure one does. False if there is none.
    fn look<K: Mask>(&self, walker: &mut Walker<'_, K>, config: &Config<K>, open: &Open) -> bool {
        let prepared = walker.prepared;
        let mut tried: Vec<u32> = Vec::new();
        for &(_, item) in &open.items {
            let id = prepared.items[item as usize].class;
            let is_look = !prepared.classes[id as usize].pure && self.amounts.adds(id).is_empty();
            if !is_look || tried.contains(&id) {
                continue;
            }
            tried.push(id);
            if matches!(walker.step(config.state, id), Step::One(state) if state == config.state) {
                walker.try_move(config, Move::Item(item), open.forced);
                return !walker.pending.is_empty();
            }
        }
        false
    }

    /// Pends what becomes of `config` by each open operation that says that it found just this, and
    /// changes it.
    fn follow_on<K: Mask>(&self, walker: &mut Walker<'_, K>, config: &Config<K>, open: &Open) {
        let prepared = walker.prepared;
        let token = walker.steps.token(config.state);
        let mut tried: Vec<u32> = Vec::new();
        for &(_, item) in &open.items {
            let id = prepared.items[item as usize].class;
            let class = &prepared.classes[id as usize];
            let fits = class.requires != TokenId::NONE && class.requires == token;
            if !fits || class.pure || tried.contains(&id) {
                continue;
            }
            // Of those that are the same, the first to return comes first.
            tried.push(id);
            if item != open.forced {
                walker.try_move(config, Move::Item(item), open.forced);
            }
        }
    }

    /// Finds which operations may be linearized now to add something, those that return first
    /// first.
    fn supply<K: Mask>(&mut self, walker: &Walker<'_, K>, config: &Config<K>, open: &Open) {
        let Guide { amounts, supplies, .. } = self;
        let prepared = walker.prepared;
        supplies.clear();
        let adds = |class: u32| !amounts.adds(class).is_empty();
        for &(ret, item) in &open.items {
            let class = prepared.items[item as usize].class;
            let cost = 1 + early(prepared, ret - config.event);
            match supplies.iter_mut().find(|supply| supply.class == class) {
                Some(supply) => supply.costs.push(cost),
                None if adds(class) => {
                    supplies.push(Supply { class, group: None, costs: vec![cost] });
                }
                None => {}
            }
        }
        let first_crashed = supplies.len();
        for (group, twins) in prepared.crashed.iter().enumerate() {
            // Those that are open and the same come first.
            let is_open = |supply: &Supply| supply.class == twins.class;
            if supplies[..first_crashed].iter().any(is_open) {
                continue;
            }
            let called = twins.calls.partition_point(|&call| call < config.event);
            let used = usize::from(walker.used.count(config.used, group));
            if called > used && adds(twins.class) {
                let costs = vec![COST * CRASHED; (called - used).min(MOST_CRASHED)];
                let (class, group) = (twins.class, Some(group as u32));
                supplies.push(Supply { class, group, costs });
            }
        }
    }

    /// Returns what becomes of a configuration by the operations of a plan, in an order in which
    /// they are legal, and the node before the last of them.
    fn carry_out<K: Mask>(
        &self,
        plan: &[u32],
        walker: &mut Walker<'_, K>,
        nodes: &mut Nodes,
        (config, mut node): (&Config<K>, NodeId),
        open: &Open,
    ) -> Option<(Candidate<K>, NodeId)> {
        let prepared = walker.prepared;
        let event = config.event;
        let mut config = config.clone();
        let mut rest: Vec<u32> = plan.to_vec();
        walker.window.seek(event, prepared);
        loop {
            walker.pending.clear();
            let at = rest.iter().position(|&supply| {
                let by = open.next(&self.supplies[supply as usize], prepared, &config);
                // What must come now comes last: then time goes on.
                let by = by.filter(|&by| rest.len() == 1 || by != Move::Item(open.forced));
                by.is_some_and(|by| {
                    walker.try_move(&config, by, open.forced);
                    !walker.pending.is_empty()
                })
            })?;
            rest.remove(at);
            let candidate = walker.pending.pop()?;
            if rest.is_empty() {
                return Some((candidate, node));
            }
            let Candidate { config: next, by, .. } = candidate;
            let state = next.state;
            config = next;
            if walker.arrive(&mut config) != Arrival::Open || config.event != event {
                return None;
            }
            node = nodes.push(Node { parent: node, by, state }, 0);
        }
    }
}
