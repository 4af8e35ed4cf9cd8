//! Small histories that bytes choose: up to eight operations of an alphabet, which overlap, fail
//! and crash.

use histcheck::formats::{self, Format, json_value};
use histcheck::history::{Event, EventType, Independent, Outcome, Settings, Value, ValueTable};
use histcheck::model::{AnyModel, Call, Model, ModelOptions, View};
use histcheck::vocabulary::Word;
use histcheck::{History, HistoryBuilder, Options};

use super::choices::Choices;
use super::shared::alphabets::{Alphabet, alphabets};
use super::shared::oracle::Timed;

const OPERATIONS: usize = 8;
const PROCESSES: usize = 5;

/// A history with what the oracle needs to know of it.
pub struct Small {
    pub model: AnyModel,
    pub options: Options,
    pub history: History,
    letters: Vec<Letter>,
    planned: Vec<Planned>,
}

/// An operation of the alphabet, with its values in the history's table.
#[derive(Clone, Copy)]
struct Letter {
    function: &'static str,
    input: Value,
    output: Value,
}

/// One operation: which letter it is, whose, and when.
#[derive(Clone, Copy)]
struct Planned {
    letter: Option<usize>,
    process: i64,
    call: u32,
    /// The rank of its end, and how it ended.
    end: Option<(u32, Outcome)>,
}

impl Small {
    /// The history that `choices` make.
    pub fn chosen(choices: &mut Choices<'_>) -> Small {
        let all: Vec<&Alphabet> = alphabets().collect();
        let alphabet = choices.of(&all);
        let failed_cas_observes = choices.byte() & 1 == 1;
        let model_options = ModelOptions { failed_cas_observes, ..alphabet.options() };
        let mut builder = HistoryBuilder::default();
        let values = builder.values();
        let initial = alphabet.initial(values);
        let model = alphabet.model(model_options, values);
        let letters: Vec<Letter> = alphabet
            .spellings()
            .map(|&(function, input, output, _)| Letter {
                function,
                input: json_value(input, values).expect("JSON"),
                output: json_value(output, values).expect("JSON"),
            })
            .collect();
        let planned = Plan { letters: &letters, values, choices }.run(&model);
        let history = write(builder, &letters, &planned);
        let name = Some(alphabet.model.to_owned());
        let options =
            Options { model: name, initial, model_options, threads: 1, ..Options::default() };
        Small { model, options, history, letters, planned }
    }

    /// What the oracle orders: the history as known at `horizon`.
    pub fn timed<M: Model>(&self, model: &M, horizon: u32) -> Vec<Timed<M::Op>> {
        let known = self.planned.iter().filter(|planned| planned.call <= horizon);
        known.filter_map(|planned| self.operation(model, planned, horizon)).collect()
    }

    fn operation<M: Model>(
        &self,
        model: &M,
        planned: &Planned,
        horizon: u32,
    ) -> Option<Timed<M::Op>> {
        let letter = self.letters[planned.letter.expect("all are chosen")];
        let values = self.history.values();
        let end = planned.end.filter(|end| end.0 <= horizon);
        let call = planned.call;
        if planned.end.is_some_and(|end| end.1 == Outcome::Fail) {
            // It never happens, and may tell something once it has returned.
            let op = model.failed(&letter.call(planned.process, None, values)).expect("known")?;
            return end.map(|(ret, _)| Timed { op, call, ret: Some(ret) });
        }
        let ret = end.filter(|end| end.1 == Outcome::Ok).map(|end| end.0);
        let op = model.operation(&letter.call(planned.process, ret.map(|_| letter.output), values));
        Some(Timed { op: op.expect("known"), call, ret })
    }

    /// For people: the history as JSON Lines.
    pub fn shown(&self) -> String {
        let mut out = Vec::new();
        formats::write(&self.history, Format::JsonLines, &mut out).expect("there is room");
        let name = self.options.model.as_deref().unwrap_or_default();
        format!("{name}, {:?}\n{}", self.options.model_options, String::from_utf8_lossy(&out))
    }
}

impl Letter {
    fn call<'a>(&self, process: i64, output: Option<Value>, table: &'a ValueTable) -> Call<'a> {
        let view = |value| View { table, value };
        let process = ValueTable::small_int(process).expect("a small number");
        Call {
            function: self.function,
            word: Word::named(self.function),
            input: view(self.input),
            output: output.map(view),
            process: view(process),
            turn: None,
        }
    }
}

/// Plans a history. Operations mostly fit the state of an object that is operated on meanwhile, so
/// that histories are often linearizable, or nearly so.
struct Plan<'a, 'b> {
    letters: &'a [Letter],
    values: &'a ValueTable,
    choices: &'a mut Choices<'b>,
}

impl Plan<'_, '_> {
    fn run(mut self, model: &AnyModel) -> Vec<Planned> {
        let count = 1 + self.choices.below(OPERATIONS);
        let mut state = model.initial();
        let mut planned: Vec<Planned> = Vec::new();
        let mut running: Vec<usize> = Vec::new();
        let mut free: Vec<i64> = (0..PROCESSES as i64).collect();
        let mut rank = 0;
        loop {
            let choice = self.choices.byte();
            let more = planned.len() < count && !free.is_empty();
            if more && (running.is_empty() || choice & 1 == 1) {
                let process = free.swap_remove(usize::from(choice >> 1 & 7) % free.len());
                running.push(planned.len());
                let letter =
                    (choice >> 4 & 3 == 0).then(|| self.letter(model, &mut state, process));
                planned.push(Planned { letter, process, call: rank, end: None });
            } else if running.is_empty() {
                return planned;
            } else {
                let at = running.swap_remove(usize::from(choice >> 1 & 3) % running.len());
                let one = &mut planned[at];
                if one.letter.is_none() {
                    one.letter = Some(self.letter(model, &mut state, one.process));
                }
                // One that stays open for ever keeps its process, and has no record here.
                let end = match choice >> 4 {
                    0 => Outcome::Fail,
                    1 => Outcome::Info,
                    2 => continue,
                    _ => Outcome::Ok,
                };
                one.end = Some((rank, end));
                free.push(one.process);
            }
            rank += 1;
        }
    }
}

impl Plan<'_, '_> {
    /// The next letter, mostly one that fits `state`, which it changes.
    fn letter<M: Model>(&mut self, model: &M, state: &mut M::State, process: i64) -> usize {
        let choice = usize::from(self.choices.byte());
        let (count, is_free) = (self.letters.len(), choice >= 200);
        for at in 0..count {
            let at = (at + choice) % count;
            let letter = self.letters[at];
            let call = letter.call(process, Some(letter.output), self.values);
            let op = model.operation(&call).expect("known");
            match model.step(state, &op).into_iter().next() {
                Some(next) => *state = next,
                None if is_free => {}
                None => continue,
            }
            return at;
        }
        choice % count
    }
}

/// The history as planned, each record at its rank.
fn write(mut builder: HistoryBuilder, letters: &[Letter], planned: &[Planned]) -> History {
    let mut records: Vec<(u32, EventType, &Planned)> = Vec::new();
    for one in planned {
        records.push((one.call, EventType::Invoke, one));
        records.extend(one.end.map(|(rank, outcome)| {
            let kind = match outcome {
                Outcome::Ok => EventType::Ok,
                Outcome::Fail => EventType::Fail,
                Outcome::Info | Outcome::Open => EventType::Info,
            };
            (rank, kind, one)
        }));
    }
    records.sort_unstable_by_key(|record| record.0);
    for (rank, (at, kind, one)) in (0..).zip(records) {
        assert_eq!(at, rank, "records count as ranks");
        let letter = letters[one.letter.expect("all are chosen")];
        let value = if kind == EventType::Ok { letter.output } else { letter.input };
        let process = builder.values().int(one.process);
        let function = letter.function;
        let event = Event { process, kind, function, value, key: None, time: None };
        builder.event(&event).expect("an event");
    }
    let settings = Settings { independent: Independent::No, ..Settings::default() };
    builder.finish(settings).expect("a history")
}
