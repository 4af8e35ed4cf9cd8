//! The models of the keys of a history, which differ at most in what they start from.

use super::{Options, Report};
use crate::error::{Code, Error};
use crate::history::hash::{Map, Set};
use crate::history::{History, Partition, Shape, Value, ValueTable};
use crate::model::{self, AnyModel, CATALOGUE, Entry, Model, ModelOptions, Whole};
use crate::vocabulary::Words;

/// What the objects of a history hold before the first operation.
#[derive(Clone, Debug, Default)]
pub(crate) struct Start {
    /// Every one that has none of its own; `None` for what is usual for the model.
    pub(crate) usual: Option<Value>,
    /// Some of them, by their keys.
    pub(crate) own: Vec<(Value, Value)>,
    /// Whether it is not known, but for those that have one of their own.
    pub(crate) is_unknown: bool,
    /// Whether the caller gave `usual`, and not the history.
    is_given: bool,
    /// So many of `own` the caller gave: the first ones.
    given: usize,
}

impl Start {
    /// Returns what `options` say, or else the metadata of `history`, if that counts.
    ///
    /// # Errors
    /// If the metadata does not say it as it should.
    pub(crate) fn of(history: Option<&History>, options: &Options) -> Result<Start, Error> {
        let mut start = Start {
            usual: options.initial,
            own: options.initials.clone(),
            is_unknown: options.unknown_initial,
            is_given: options.initial.is_some(),
            given: options.initials.len(),
        };
        if let Some(history) = history
            && start.usual.is_none()
            && !start.is_unknown
        {
            start.take_metadata(history)?;
        }
        Ok(start)
    }

    fn take_metadata(&mut self, history: &History) -> Result<(), Error> {
        let values = history.values();
        self.usual = history.metadata_field("initial");
        if let Some(unknown) = history.metadata_field("unknown_initial") {
            let Shape::Bool(unknown) = values.shape(unknown) else {
                return Err(bad_metadata("`unknown_initial` is true or false"));
            };
            self.is_unknown = unknown;
        }
        if let Some(initials) = history.metadata_field("initials") {
            let Shape::Map(pairs) = values.shape(initials) else {
                return Err(bad_metadata("`initials` is a map from keys to values"));
            };
            self.own.extend(pairs.chunks_exact(2).map(|pair| (pair[0], pair[1])));
        }
        Ok(())
    }

    /// Returns what all objects start from, if that is known and the same.
    ///
    /// # Errors
    /// If not: only a whole history tells.
    pub(crate) fn of_all(&self) -> Result<Option<Value>, Error> {
        let what = match (self.is_unknown, &self.own[..]) {
            (false, []) => return Ok(self.usual),
            (true, _) => "what the object holds at the start is not known",
            (false, _) => "keys start from values of their own",
        };
        Err(Error::new(Code::BadInitial, format!("{what}, so that it cannot be followed"))
            .hint("say what all hold with --init, or check the history as a whole"))
    }
}

fn bad_metadata(what: &str) -> Error {
    Error::new(Code::BadInitial, format!("in the metadata, {what}"))
}

/// The model of each key.
#[derive(Clone, Debug)]
pub(crate) struct Models {
    usual: AnyModel,
    /// Those of keys that start from something else.
    own: Map<Option<Value>, AnyModel>,
    /// Whether it is not known what keys start from that are not among these.
    are_unknown: bool,
}

impl Models {
    /// Returns `model` for all keys.
    pub(crate) fn one(model: AnyModel) -> Models {
        Models { usual: model, own: Map::default(), are_unknown: false }
    }

    /// Returns the models of `history`, those of `entry` as `options` have it.
    ///
    /// # Errors
    /// If a model cannot start so, or `start` names a key that the history does not have.
    pub(crate) fn new(
        entry: &Entry,
        start: &Start,
        options: ModelOptions,
        history: &History,
    ) -> Result<Models, Error> {
        let meaning = ModelOptions { ignored_outputs: Words::NONE, ..options };
        let ignored = if history.is_whole() { Words::NONE } else { options.ignored_outputs };
        let build = |initial: Option<Value>, is_given: bool| {
            let model = AnyModel::by_name(entry.name, initial, meaning, history.values())?;
            let model = match model {
                AnyModel::MultiRegister(registers) => {
                    AnyModel::MultiRegister(registers.named_as_in(history, is_given)?)
                }
                model => model,
            };
            Ok::<AnyModel, Error>(model.ignoring(ignored))
        };
        let usual = build(start.usual.filter(|_| !start.is_unknown), start.is_given)?;
        let mut own: Map<Option<Value>, AnyModel> = Map::default();
        for (key, value) in named(start, history)? {
            own.entry(Some(key)).or_insert(build(Some(value), false)?);
        }
        // A bank finds out by itself.
        let are_unknown = start.is_unknown && entry.name != BANK;
        if are_unknown && !model::can_find_start(&usual) {
            return Err(cannot_find(entry));
        }
        let models = Models { usual, own, are_unknown };
        if !history.is_whole() {
            return Ok(models);
        }
        if are_unknown {
            return Err(Error::new(
                Code::BadInitial,
                "all keys together can only be checked if it is known what they start from",
            )
            .hint("leave out --no-partition: the verdict is the same"));
        }
        let whole = AnyModel::Whole(Whole::new(history, |key| models.of(Some(key)).clone()));
        Ok(Models::one(whole.ignoring(options.ignored_outputs)))
    }

    /// Returns the model of most keys.
    pub(crate) fn usual(&self) -> &AnyModel {
        &self.usual
    }

    /// Returns the model of `key`. Where it is not known what that starts from, it is one of those
    /// that the model can [start](Model::starts) as.
    pub(crate) fn of(&self, key: Option<Value>) -> &AnyModel {
        self.own.get(&key).unwrap_or(&self.usual)
    }

    /// Returns whether it is not known what some keys start from.
    pub(crate) fn are_unknown(&self) -> bool {
        self.are_unknown
    }

    /// Returns whether it is not known what `key` starts from.
    pub(crate) fn is_unknown(&self, key: Option<Value>) -> bool {
        self.are_unknown && !self.own.contains_key(&key)
    }

    /// Returns the models of which `report` speaks, which was made with these: it is known of each
    /// key that it decides what that starts from.
    ///
    /// # Errors
    /// None, after a check without one.
    pub(crate) fn settled(&self, history: &History, report: &Report) -> Result<Models, Error> {
        let mut settled = Models { are_unknown: false, ..self.clone() };
        if !self.are_unknown {
            return Ok(settled);
        }
        let partitions = history.partitions();
        for (at, key) in report.keys.iter().enumerate() {
            if self.is_unknown(key.key) {
                let model = self.start(history, partitions.get(at), key.start)?;
                settled.own.extend(model.map(|model| (key.key, model)));
            }
        }
        Ok(settled)
    }

    /// Returns the model of a key that starts as the `nth` of those that it may start as.
    fn start(
        &self,
        history: &History,
        partition: Partition<'_>,
        nth: usize,
    ) -> Result<Option<AnyModel>, Error> {
        let readings = model::read(&self.usual, history, partition.operations, None)?;
        let starts = self.usual.starts(&readings);
        Ok(starts.and_then(|starts| starts.into_iter().nth(nth)))
    }
}

fn cannot_find(entry: &Entry) -> Error {
    let finds = |entry: &&Entry| {
        let options = ModelOptions::default();
        let model = AnyModel::by_name(entry.name, None, options, &ValueTable::new());
        entry.name == BANK || model.is_ok_and(|model| model::can_find_start(&model))
    };
    let names: Vec<&str> = CATALOGUE.iter().filter(finds).map(|entry| entry.name).collect();
    let message = format!("a {} cannot start from what is not known", entry.name);
    Error::new(Code::BadInitial, message).hint(format!(
        "these can: {}; this one starts from: {}",
        names.join(", "),
        entry.initial
    ))
}

/// The model that finds out what it starts from as it goes on.
const BANK: &str = "bank";

/// Keys are named to people, so many of them.
const NAMED: usize = 8;

/// Returns the keys of `history` that have a start of their own, with that: by what they are, or
/// else by what they are called, as the keys of JSON are strings.
///
/// # Errors
/// If there is no key that one may mean, though it was given for this history, or there are
/// several.
fn named(start: &Start, history: &History) -> Result<Vec<(Value, Value)>, Error> {
    if start.own.is_empty() {
        return Ok(Vec::new());
    }
    let values = history.values();
    let keys = keys(history);
    let exact: Set<Value> = keys.iter().copied().collect();
    let mut by_name: Map<String, Vec<Value>> = Map::default();
    for &key in &keys {
        by_name.entry(model::name(values, key)).or_default().push(key);
    }
    let wrong = |key: Value, what: &str| {
        let names: Vec<String> = keys.iter().take(NAMED).map(|&key| values.to_text(key)).collect();
        let hint = match &names[..] {
            [] => "its operations have no keys: give what all hold with --init".to_owned(),
            names => format!("operations have the keys {}", names.join(", ")),
        };
        let message = format!("a value is given for the key {}, {what}", values.to_text(key));
        Error::new(Code::BadInitial, message).hint(hint)
    };
    let mut found = Vec::new();
    for (nth, &(key, value)) in start.own.iter().enumerate() {
        if exact.contains(&key) {
            found.push((key, value));
            continue;
        }
        match by_name.get(&model::name(values, key)).map_or(&[][..], |meant| meant) {
            [meant] => found.push((*meant, value)),
            [] if nth < start.given => return Err(wrong(key, "which no operation has")),
            // A test may have keys that nobody came to use.
            [] => {}
            _ => return Err(wrong(key, "which may be one or another")),
        }
    }
    Ok(found)
}

/// The keys of the operations of a history.
fn keys(history: &History) -> Vec<Value> {
    let mut seen: Set<Value> = Set::default();
    let key = |operation: &crate::history::Operation| match operation.key {
        None if history.is_whole() => history.values().as_pair(operation.input).map(|pair| pair.0),
        key => key,
    };
    history.operations().iter().filter_map(key).filter(|&key| seen.insert(key)).collect()
}
