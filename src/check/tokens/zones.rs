//! Exact where every token is established once: chains of tokens and the zones that they occupy.
//!
//! An operation with the token that it requires, and the operation that established that, belong to
//! one *cluster*; a cas belongs to the cluster of the token that it requires, as its last
//! operation, and begins that of the token which it establishes. Clusters that a cas joins form a
//! *chain*, which is contiguous in every linearization: whatever else changes the state would break
//! it. The zone of a chain reaches from its earliest return to its latest call. If the return comes
//! first, the chain is there all that time (*forward*); else all its operations are open between
//! (*backward*). The history is linearizable exactly if
//!
//! - every required token is established, no cas starts from a token that another one left, and no
//!   cas needs itself;
//! - along each chain nothing returns before the call of what comes before it;
//! - forward zones are disjoint, and no backward zone lies inside a forward one.
//!
//! After Gibbons and Korach, "Testing shared memories", SIAM J. Comput. 1997, with chains for cas
//! and with operations that never returned. O(n log n) for n tokens, and O(n) in the operations.

use super::problem::{Operation, Problem, TokenId};
use crate::check::exact::{Conflict, Ruling, Wanted};
use crate::history::{Rank, position, sort};

/// Decides `problem`, but for operations that only tell which value is not there: these are left
/// out. Where some token is established more than once, only what can be refuted without knowing
/// which one an operation found is; `None` then says nothing.
pub(super) fn decide(problem: &Problem, wanted: Wanted) -> Option<Ruling> {
    match Chains::of(problem).and_then(|chains| chains.zones()) {
        Err(stuck) => Some(Ruling::Invalid(Conflict::at(stuck))),
        Ok(zones) if zones.chains.is_ambiguous => None,
        Ok(_) if wanted != Wanted::Order => Some(Ruling::Valid(Vec::new())),
        Ok(zones) => Some(Ruling::Valid(zones.order())),
    }
}

position! {
    /// The operation that establishes a token: its position, or one of these.
    struct Producer;
}

impl Producer {
    /// No operation establishes it.
    const MISSING: Producer = Producer::MAX;
    /// It is there from the start.
    const START: Producer = Producer::new(u32::MAX as usize - 1);
    /// Several operations do, or the start and one.
    const SEVERAL: Producer = Producer::new(u32::MAX as usize - 2);
}

/// The operations that require a token.
#[derive(Clone, Copy, Debug)]
struct Cluster {
    producer: Producer,
    /// The cas that requires the token, took effect, and so establishes the next one;
    /// [`Producer::MISSING`] if there is none.
    next: Producer,
    /// Over the other operations that require it.
    earliest_ret: Rank,
    latest_call: Rank,
    /// Whether it was there for certain.
    is_required: bool,
    /// The first token of its chain; [`TokenId::NONE`] as long as no chain reaches it.
    root: TokenId,
}

struct Chains<'a> {
    operations: &'a [Operation],
    clusters: Vec<Cluster>,
    is_ambiguous: bool,
}

impl<'a> Chains<'a> {
    /// Forms the clusters and links them; `Err` names an operation that cannot be.
    fn of(problem: &'a Problem) -> Result<Chains<'a>, u32> {
        let cluster = Cluster {
            producer: Producer::MISSING,
            next: Producer::MISSING,
            earliest_ret: Rank::NEVER,
            latest_call: Rank::FIRST,
            is_required: false,
            root: TokenId::NONE,
        };
        let mut chains = Chains {
            operations: &problem.operations,
            clusters: vec![cluster; problem.values.len()],
            is_ambiguous: false,
        };
        chains.clusters[TokenId::INITIAL].producer = Producer::START;
        for (at, operation) in chains.operations.iter().enumerate() {
            let Some(cluster) = chains.clusters.get_mut(operation.establishes.index()) else {
                continue;
            };
            let is_first = cluster.producer == Producer::MISSING;
            cluster.producer = if is_first { Producer::new(at) } else { Producer::SEVERAL };
            chains.is_ambiguous |= !is_first;
        }
        for at in 0..chains.operations.len() as u32 {
            let operation = chains.operations[at as usize];
            if operation.returns() && operation.requires != TokenId::NONE {
                chains.require(at)?;
            }
        }
        Ok(chains)
    }

    /// Operation `at`, which requires a token, took effect; and so did the crashed operations that
    /// it needs.
    fn require(&mut self, mut at: u32) -> Result<(), u32> {
        loop {
            let operation = self.operations[at as usize];
            let cluster = &mut self.clusters[operation.requires];
            if operation.establishes == TokenId::NONE {
                cluster.earliest_ret = cluster.earliest_ret.min(operation.ret);
                cluster.latest_call = cluster.latest_call.max(operation.call);
            } else if cluster.producer != Producer::SEVERAL {
                if cluster.next != Producer::MISSING {
                    let other = cluster.next.index() as u32;
                    return Err(self.later(at, other));
                }
                cluster.next = Producer::new(at as usize);
            }
            if std::mem::replace(&mut cluster.is_required, true) {
                return Ok(());
            }
            match cluster.producer {
                Producer::MISSING => return Err(self.completed_like(at)),
                Producer::START | Producer::SEVERAL => return Ok(()),
                producer => {
                    let producer_of = self.operations[producer];
                    if producer_of.returns() || producer_of.requires == TokenId::NONE {
                        return Ok(());
                    }
                    at = producer.index() as u32;
                }
            }
        }
    }

    /// Of two operations the one that returns later, if it does.
    fn later(&self, a: u32, b: u32) -> u32 {
        let ret = |at: u32| self.operations[at as usize].ret;
        match (ret(a), ret(b)) {
            (Rank::NEVER, Rank::NEVER) => self.completed_like(a),
            (Rank::NEVER, _) => b,
            (_, Rank::NEVER) => a,
            (ret_a, ret_b) => {
                if ret_a > ret_b {
                    a
                } else {
                    b
                }
            }
        }
    }

    /// `at`, or a completed operation if it is none: some return that comes too late to be first.
    fn completed_like(&self, at: u32) -> u32 {
        if self.operations[at as usize].returns() {
            return at;
        }
        let returns =
            (0..self.operations.len() as u32).filter(|&at| self.operations[at as usize].returns());
        returns.max_by_key(|&at| self.operations[at as usize].ret).unwrap_or(at)
    }

    /// Walks along the chains and lays out their zones.
    fn zones(mut self) -> Result<Zones<'a>, u32> {
        let mut zones: Vec<Zone> = Vec::with_capacity(self.clusters.len());
        for token in TokenId::below(self.clusters.len()) {
            let cluster = self.clusters[token];
            let begins = match cluster.producer {
                Producer::MISSING | Producer::SEVERAL => false,
                Producer::START => cluster.is_required,
                producer => {
                    let Operation { requires, .. } = self.operations[producer];
                    let is_there = cluster.is_required || self.operations[producer].returns();
                    let follows = requires != TokenId::NONE
                        && self.clusters[requires].producer != Producer::SEVERAL;
                    is_there && !follows
                }
            };
            if begins {
                let zone = self.walk(token)?;
                zones.push(zone);
            }
        }
        let unreached = |cluster: &&Cluster| {
            cluster.is_required
                && cluster.root == TokenId::NONE
                && cluster.producer != Producer::SEVERAL
        };
        if let Some(cluster) = self.clusters.iter().find(unreached) {
            return Err(self.completed_like(cluster.producer.index() as u32));
        }
        if self.is_ambiguous {
            zones.extend(self.singles());
        }
        sort::by(&mut zones, |zone| zone.earliest_ret);
        let mut last: Option<Zone> = None;
        for &zone in &zones {
            // Forward zones so far are disjoint, so that only the last one can reach this far.
            if let Some(before) = last
                && before.latest_call >= zone.earliest_ret
                && (zone.is_forward() || before.earliest_ret <= zone.latest_call)
            {
                return Err(self.culprit(before, zone));
            }
            if zone.is_forward() {
                last = Some(zone);
            }
        }
        Ok(Zones { chains: self, zones })
    }

    /// Walks along the chain that begins with `root`.
    fn walk(&mut self, root: TokenId) -> Result<Zone, u32> {
        let mut zone = Zone { earliest_ret: Rank::NEVER, latest_call: Rank::FIRST, root };
        if root == TokenId::INITIAL {
            zone.earliest_ret = Rank::FIRST;
        }
        let mut token = root;
        loop {
            let cluster = &mut self.clusters[token];
            cluster.root = root;
            let Cluster { producer, next, earliest_ret, latest_call, .. } = *cluster;
            if producer != Producer::START {
                let producer = self.operations[producer];
                // Nothing may return before the call of what comes before it.
                zone.latest_call = zone.latest_call.max(producer.call);
                zone.earliest_ret = zone.earliest_ret.min(producer.ret);
                if producer.ret < zone.latest_call {
                    return Err(self.returning_at(producer.ret));
                }
            }
            if earliest_ret < zone.latest_call {
                return Err(self.returning_at(earliest_ret));
            }
            zone.latest_call = zone.latest_call.max(latest_call);
            zone.earliest_ret = zone.earliest_ret.min(earliest_ret);
            if next == Producer::MISSING {
                return Ok(zone);
            }
            token = self.operations[next].establishes;
            if self.clusters[token].producer == Producer::SEVERAL {
                // The cas ends the chain as far as it is known.
                let Operation { call, ret, .. } = self.operations[next];
                if ret < zone.latest_call {
                    return Err(self.completed_like(next.index() as u32));
                }
                zone.latest_call = zone.latest_call.max(call);
                zone.earliest_ret = zone.earliest_ret.min(ret);
                return Ok(zone);
            }
        }
    }

    /// Completed operations that belong to no chain, since it is not known which token they found
    /// or which of several they established. Each is a zone of its own.
    fn singles(&self) -> impl Iterator<Item = Zone> {
        let is_known = |token: TokenId| {
            token != TokenId::NONE && self.clusters[token].producer != Producer::SEVERAL
        };
        self.operations
            .iter()
            .filter(|op| op.returns() && !op.is_negative())
            .filter(move |op| !is_known(op.requires) && !is_known(op.establishes))
            .map(|op| Zone { earliest_ret: op.ret, latest_call: op.call, root: TokenId::NONE })
    }

    /// An operation by whose return two zones are in each other's way for certain: both chains then
    /// have an operation that was called after the other one's earliest return, or one that
    /// returned before the other's call.
    fn culprit(&self, a: Zone, b: Zone) -> u32 {
        let proves = |zone: Zone, other: Zone| {
            let called_late = |op: &&Operation| {
                op.returns() && self.root_of(op) == zone.root && op.call > other.earliest_ret
            };
            self.operations.iter().filter(called_late).map(|op| op.ret).min()
        };
        let known = proves(a, b).max(proves(b, a)).unwrap_or(b.earliest_ret);
        self.returning_at(known.max(b.earliest_ret))
    }

    fn root_of(&self, operation: &Operation) -> TokenId {
        let root = |token: TokenId| {
            self.clusters.get(token.index()).map_or(TokenId::NONE, |cluster| cluster.root)
        };
        match root(operation.requires) {
            TokenId::NONE => root(operation.establishes),
            root => root,
        }
    }

    fn returning_at(&self, ret: Rank) -> u32 {
        self.operations.iter().position(|op| op.ret == ret).unwrap_or(0) as u32
    }
}

/// Where a chain is in time.
#[derive(Clone, Copy, Debug)]
struct Zone {
    earliest_ret: Rank,
    latest_call: Rank,
    /// The chain's first token; [`TokenId::NONE`] for an operation outside all chains.
    root: TokenId,
}

impl Zone {
    fn is_forward(self) -> bool {
        self.earliest_ret < self.latest_call
    }
}

/// The zones of all chains in the order of their earliest returns.
struct Zones<'a> {
    chains: Chains<'a>,
    zones: Vec<Zone>,
}

/// Where an operation stands in the order: at a rank or just behind it, then by chain, then along
/// the chain.
type Place = (Rank, bool, TokenId, u32);

/// Where an operation stands that is left out.
const NOWHERE: Place = (Rank::NEVER, true, TokenId::NONE, 0);

impl Zones<'_> {
    /// A linearization. A forward chain is squeezed into its zone, every operation as early as it
    /// can be; a backward one stands as a whole at the start of its zone, or behind the forward
    /// zone that is there.
    fn order(&self) -> Vec<u32> {
        let Chains { operations, clusters, .. } = &self.chains;
        let forward: Vec<Zone> =
            self.zones.iter().copied().filter(|zone| zone.is_forward()).collect();
        let mut places = vec![NOWHERE; operations.len()];
        // The earliest place of the operations that only require a token, and whether they may
        // stand later.
        let mut bases = vec![(NOWHERE, false); clusters.len()];
        for &zone in &self.zones {
            let fixed = (!zone.is_forward()).then(|| gap(&forward, zone));
            let (mut token, mut along, mut latest) = (zone.root, 0, zone.earliest_ret);
            loop {
                let Cluster { producer, next, latest_call, .. } = clusters[token];
                if producer != Producer::START {
                    latest = latest.max(operations[producer].call);
                }
                let (rank, behind) = fixed.unwrap_or((latest, false));
                if producer != Producer::START {
                    places[producer] = (rank, behind, zone.root, along);
                }
                bases[token] = ((rank, behind, zone.root, along + 1), fixed.is_none());
                latest = latest.max(latest_call);
                if next == Producer::MISSING {
                    break;
                }
                token = operations[next].establishes;
                along += 2;
            }
        }
        for (operation, place) in operations.iter().zip(&mut places) {
            if operation.establishes == TokenId::NONE && operation.requires != TokenId::NONE {
                let ((rank, behind, root, along), floats) = bases[operation.requires];
                let rank = if floats { rank.max(operation.call) } else { rank };
                *place = (rank, behind, root, along);
            }
        }
        let mut order: Vec<u32> =
            (0..places.len() as u32).filter(|&at| places[at as usize] != NOWHERE).collect();
        order.sort_unstable_by_key(|&at| places[at as usize]);
        order
    }
}

/// A rank inside the backward `zone`, or just behind that rank, where no forward zone is.
fn gap(forward: &[Zone], zone: Zone) -> (Rank, bool) {
    let start = zone.latest_call;
    let before = forward.partition_point(|zone| zone.earliest_ret <= start);
    match forward[..before].last() {
        Some(last) if last.latest_call >= start => (last.latest_call, true),
        _ => (start, false),
    }
}
