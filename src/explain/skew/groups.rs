//! Which operations share a clock.

use super::Grouping;
use crate::history::hash::Map;
use crate::history::{History, OpIndex, Value};

/// With more nodes than this no offsets are looked for: so many would explain almost anything, and
/// the cost grows with the fourth power.
const NODES: usize = 24;

/// The same for processes, of which a host mostly runs several by one clock.
pub(in crate::explain) const PROCESSES: usize = 12;

/// The operations of a history by their clocks.
pub(super) struct Groups {
    /// What has a clock of its own.
    pub(super) grouping: Grouping,
    /// The groups, in the order in which they appear.
    pub(super) names: Vec<Value>,
    /// The group of each operation, as a position among the names.
    pub(super) of: Vec<u16>,
}

/// How many groups a history can be divided into, and the ways of doing it.
pub(super) struct Ways {
    /// The ways that are worth a search, better ones first.
    pub(super) ways: Vec<Groups>,
    /// Whether there is another, with too many groups.
    pub(super) has_more: bool,
}

/// The ways of dividing `history`: by node, if all operations have one, and by process. O(n).
pub(super) fn ways(history: &History) -> Ways {
    let node = |index: OpIndex| history.extra_of(index, "node");
    let process = |index: OpIndex| Some(history.client(history[index].process));
    let by_node = divide(history, Grouping::Field("node"), node);
    let by_process = divide(history, Grouping::Process, process);
    let mut ways: Vec<Groups> = by_node.into_iter().chain(by_process).collect();
    ways.retain(|groups| groups.names.len() > 1);
    let all = ways.len();
    ways.retain(|groups| match groups.grouping {
        Grouping::Field(_) => groups.names.len() <= NODES,
        Grouping::Process => groups.names.len() <= PROCESSES,
    });
    Ways { has_more: ways.len() < all, ways }
}

fn divide(
    history: &History,
    grouping: Grouping,
    name: impl Fn(OpIndex) -> Option<Value>,
) -> Option<Groups> {
    let mut known: Map<Value, u16> = Map::default();
    let mut names = Vec::new();
    let mut of = Vec::with_capacity(history.operations().len());
    for index in history.indices() {
        let value = name(index)?;
        let next = u16::try_from(names.len()).ok()?;
        of.push(*known.entry(value).or_insert_with(|| {
            names.push(value);
            next
        }));
    }
    Some(Groups { grouping, names, of })
}
