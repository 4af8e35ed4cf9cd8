//! The way in which the operations of each key can have happened, one after the other, with the
//! state after each: the linearization of a key that is valid, and of one that is not the longest
//! that was found, up to the return of the operation that cannot be placed.

use super::allowance::{Part, meter};
use super::steps::{Before, before, walk};
use crate::check::{Decision, Models, Options, Report};
use crate::error::Error;
use crate::history::hash::Map;
use crate::history::{History, OpIndex, Partition, ValueTable, sort};
use crate::model::{self, AnyModel, AnyOp, Pos, Reading};
use crate::progress::Phase;
use crate::words::shortened;

/// Of so many failing keys the way is looked for.
const FAILING: usize = 1_000;

/// So many bytes of states are written out at most, before they are cut: states can be as long as
/// the history, and there is one for every step.
const WRITTEN: usize = 256 << 20;

/// The linearizations of all keys that have one.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Linearizations {
    /// For each operation of the history its step within that of its key, from 1 on; 0 if it has
    /// none.
    pub steps: Vec<u32>,
    /// For each operation of the history, where in `texts` the state after it stands, from 1 on; 0
    /// if it is not known.
    pub states: Vec<u32>,
    /// States, each once.
    pub texts: Vec<String>,
}

/// Returns the linearizations behind `report`, which was made of `history` with `options`: those of
/// valid keys only if the options [keep](Options::keep_orders) them. States take about `room`
/// characters together, and none has more than 200. O(n) steps of the model.
///
/// # Errors
/// None, for the same model, history and options as the report's.
pub(crate) fn linearizations(
    models: &Models,
    history: &History,
    options: &Options,
    report: &Report,
    room: usize,
) -> Result<Linearizations, Error> {
    let partitions = history.partitions();
    let meter = meter(options, history, Part::Surroundings);
    let mut found = Collected::new(history, room);
    let mut failing = 0;
    options.enter(Phase::Surroundings, 0);
    for (at, key) in report.keys.iter().enumerate() {
        let Partition { key: of, operations } = partitions.get(at);
        let model = models.of(of);
        match &key.decision {
            Decision::Valid(certificate) if !certificate.order.is_empty() => {
                let readings = model::read(model, history, operations, None)?;
                let order = places(&readings, &certificate.order);
                found.add(model, &readings, &order);
            }
            Decision::Invalid(failure) if failing < FAILING => {
                failing += 1;
                let before = before(model, history, operations, failure, &meter)?;
                if let Some(Before { readings, order }) = before {
                    found.add(model, &readings, &order);
                }
            }
            _ => {}
        }
    }
    options.enter(Phase::Idle, 0);
    Ok(found.all)
}

/// Where the operations of `order` (indices into the history) stand among `readings`.
fn places<Op>(readings: &[Reading<Op>], order: &[OpIndex]) -> Vec<Pos> {
    let mut by_index: Vec<(OpIndex, Pos)> = readings
        .iter()
        .zip(Pos::below(readings.len()))
        .map(|(reading, at)| (reading.index, at))
        .collect();
    sort::by(&mut by_index, |&(index, _)| index);
    let place = |index: &OpIndex| {
        let at = by_index.binary_search_by_key(index, |entry| entry.0).ok()?;
        Some(by_index[at].1)
    };
    order.iter().filter_map(place).collect()
}

/// Linearizations as they are collected.
struct Collected<'h> {
    values: &'h ValueTable,
    all: Linearizations,
    known: Map<String, u32>,
    /// So many characters of a state are kept.
    cut: usize,
    written: usize,
}

impl<'h> Collected<'h> {
    fn new(history: &'h History, room: usize) -> Collected<'h> {
        let operations = history.operations().len();
        Collected {
            values: history.values(),
            all: Linearizations {
                steps: vec![0; operations],
                states: vec![0; operations],
                texts: Vec::new(),
            },
            known: Map::default(),
            cut: (room / operations.max(1)).clamp(8, 200),
            written: 0,
        }
    }

    fn add(&mut self, model: &AnyModel, readings: &[Reading<AnyOp>], order: &[Pos]) {
        let mut number = 0;
        walk(model, self.values, readings, order, |operation, describe| {
            number += 1;
            self.all.steps[operation] = number;
            if self.written > WRITTEN {
                return;
            }
            let Some(state) = describe() else { return };
            self.written += state.len();
            let text = shortened(&state, self.cut);
            let next = self.all.texts.len() as u32 + 1;
            let at = *self.known.entry(text).or_insert_with_key(|text| {
                self.all.texts.push(text.clone());
                next
            });
            self.all.states[operation] = at;
        });
    }
}
