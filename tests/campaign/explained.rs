//! What is said of small histories that are not linearizable: each violation is named and proved,
//! or shown by few operations; and names and words stay as they are.
//!
//! `explained.tsv` holds what was said of the default run's histories, by trials.
//! `cargo bless campaign` writes what is said now.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::path::PathBuf;
use std::time::Duration;

use histcheck::formats::json_value;
use histcheck::history::{Event, EventType, Independent, Settings, ValueTable};
use histcheck::model::{AnyModel, ModelOptions};
use histcheck::report::{SHOWN_FAILURES, Subject};
use histcheck::{History, HistoryBuilder, Options, Session, Verdict};
use rand::seq::IndexedRandom;
use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;

use crate::alphabets::letter;
use crate::histories::{Shape, long_shape};
use crate::kept::{is_blessing, keep, out_of_date};
use crate::long::{Run, processes, run};
use crate::objects::{KINDS, Object, Spelling, changed};
use crate::shared::alphabets::{Alphabet, alphabets};
use crate::trial::{Campaign, Outcome, Spelled, random_history};
use crate::{said, skew, verify_explained};

/// Tries objects of every kind, and the letters of every alphabet.
pub fn all(done: &mut dyn FnMut(Outcome), campaign: &Campaign) {
    for &kind in KINDS.iter().filter(|kind| campaign.wants(kind)) {
        let trial = Trial::new(format!("explained::{kind}"), campaign);
        done(trial.run(|rng| operated(kind, rng).history()));
    }
    for alphabet in alphabets().filter(|alphabet| campaign.wants(alphabet.name)) {
        let trial = Trial::new(format!("explained::letters::{}", alphabet.name), campaign);
        let mut values = ValueTable::new();
        let model = alphabet.model(alphabet.options(), &mut values);
        done(Letters { alphabet, values, trial }.run(&model));
    }
    if campaign.wants("skew") {
        done(Trial::new("explained::skew".to_owned(), campaign).run(skew::small));
    }
    campaign.said.update(campaign.model.is_none());
}

/// A history that is told as its operations are spelled.
struct Told {
    model: &'static str,
    initial: String,
    options: ModelOptions,
    shape: Shape,
    operations: Vec<Spelling>,
    processes: Vec<i64>,
}

/// What was done with an object of some kind, but for one or two operations.
fn operated(kind: &'static str, rng: &mut ChaCha8Rng) -> Told {
    let values = *[0, 0, 2, 3, 5].choose(rng).expect("not empty");
    let object = Object::random(kind, values, rng);
    let (model, options) = (object.model(), object.options());
    let initial = object.start().to_owned();
    let crashes = *[0.0, 0.0, 0.05, 0.2].choose(rng).expect("not empty");
    let (count, width) = (rng.random_range(4..=30), rng.random_range(1..=6));
    let shape = long_shape(rng, count, width, crashes, 0.5);
    let Run { shape, mut operations, processes, .. } = run(object, shape, rng);
    for _ in 0..rng.random_range(1..=2) {
        if !operations.is_empty() {
            let at = rng.random_range(0..operations.len());
            operations[at] = changed(&operations, at, rng);
        }
    }
    Told { model, initial, options, shape, operations, processes }
}

/// Histories of the letters of an alphabet.
struct Letters<'a> {
    alphabet: &'static Alphabet,
    values: ValueTable,
    trial: Trial<'a>,
}

impl Letters<'_> {
    fn run(self, model: &AnyModel) -> Outcome {
        let Letters { alphabet, mut values, trial } = self;
        let spellings: Vec<_> = alphabet.spellings().collect();
        let letters =
            spellings.iter().map(|it| letter(model, it, &mut values).expect("known")).collect();
        let spelled = Spelled { model: model.clone(), alphabet: letters, basic: 0 };
        trial.run(|rng| {
            let (shape, letters) = random_history(&spelled, rng);
            let spelling = |&letter: &usize| {
                let &(function, input, output, process) = spellings[letter];
                Spelling { function, input: input.into(), output: output.into(), process }
            };
            Told {
                model: alphabet.model,
                initial: alphabet.initial.to_owned(),
                options: alphabet.options(),
                operations: letters.iter().map(spelling).collect(),
                processes: processes(&shape),
                shape,
            }
            .history()
        })
    }
}

impl Told {
    /// The history, and how it is to be read.
    fn history(&self) -> (History, Options) {
        let mut builder = HistoryBuilder::default();
        let mut records: Vec<(u32, usize, EventType)> = Vec::new();
        for (at, &(call, ret)) in self.shape.iter().enumerate() {
            records.push((call, at, EventType::Invoke));
            records.extend(ret.map(|ret| (ret, at, EventType::Ok)));
        }
        records.sort_unstable_by_key(|record| record.0);
        for (_, at, kind) in records {
            let Spelling { function, input, output, .. } = &self.operations[at];
            let values = builder.values();
            let text = if kind == EventType::Ok { output } else { input };
            let value = json_value(text, values).expect("JSON");
            let process = values.int(self.processes[at]);
            let event = Event { process, kind, function, value, key: None, time: None };
            builder.event(&event).expect("an event");
        }
        let initial = json_value(&self.initial, builder.values()).expect("JSON");
        let settings = Settings { independent: Independent::No, ..Settings::default() };
        let options = Options {
            model: Some(self.model.to_owned()),
            initial: Some(initial).filter(|value| !value.is_null()),
            model_options: self.options,
            threads: 1,
            ..Options::default()
        };
        (builder.finish(settings).expect("a history"), options)
    }
}

/// What took more configurations to decide takes more than an explanation may take, so that it may
/// have neither a name nor a core. One in some thousands does.
const HARD: u64 = 100_000;

/// What is said of a history; `None` if there is nothing to explain, or its model cannot read it.
fn explained(history: &History, options: Options) -> Result<Option<String>, String> {
    // However slow the machine is, the same is found.
    let options = Options { explain_timeout: Some(Duration::from_secs(3600)), ..options };
    let Ok(session) = Session::new(history, &options) else { return Ok(None) };
    let Ok(report) = session.check() else { return Ok(None) };
    if report.verdict != Verdict::Invalid {
        return Ok(None);
    }
    let explanation = session.explain(&report, 100).map_err(|error| error.to_string())?;
    let contexts = session.contexts(&report, SHOWN_FAILURES).map_err(|error| error.to_string())?;
    let subject = Subject::new(history, &report).explained(explanation, contexts);
    if report.keys.iter().all(|key| key.effort.configurations <= HARD) {
        verify_explained::verify(&report, &subject.explanation, usize::MAX)?;
    }
    Ok(Some(said::said(&subject)))
}

/// Histories of one kind.
struct Trial<'a> {
    name: String,
    campaign: &'a Campaign,
}

impl Trial<'_> {
    fn new(name: String, campaign: &Campaign) -> Trial<'_> {
        Trial { name, campaign }
    }

    /// Tries as many invalid histories as the campaign wants of those that `make` makes.
    fn run(self, make: impl Fn(&mut ChaCha8Rng) -> (History, Options)) -> Outcome {
        let Trial { name, campaign } = self;
        let wanted = campaign.explained;
        let mut said = Vec::new();
        for number in 0..wanted * 20 {
            if said.len() as u64 == wanted {
                break;
            }
            let mut rng = ChaCha8Rng::seed_from_u64(campaign.seed.wrapping_add(number));
            let (history, options) = make(&mut rng);
            match explained(&history, options) {
                Ok(explained) => said.extend(explained.map(|words| format!("{number}\t{words}"))),
                Err(error) => return (name, Err(format!("{number}: {error}"))),
            }
        }
        let summary = format!("{} histories", said.len());
        let outcome = match said.is_empty() && wanted > 0 {
            true => Err("there is no invalid one among them".to_owned()),
            false => campaign.said.hold(&name, said),
        };
        (name, outcome.map(|()| summary))
    }
}

/// What was said before, and what is said now: by trials, a line for each history.
#[derive(Default)]
pub struct Table {
    kept: BTreeMap<String, Vec<String>>,
    now: RefCell<BTreeMap<String, Vec<String>>>,
    /// Whether the histories are those that the table speaks of.
    pub applies: bool,
}

impl Table {
    /// Reads the table; all of it applies.
    pub fn read() -> Table {
        let text = std::fs::read_to_string(path()).unwrap_or_default();
        let mut table = Table { applies: true, ..Table::default() };
        for line in text.lines().skip(1) {
            let (name, said) = line.split_once('\t').expect("a row");
            table.kept.entry(name.to_owned()).or_default().push(said.to_owned());
        }
        table
    }

    /// # Errors
    /// If something else was said before of the histories of the trial `name`.
    fn hold(&self, name: &str, said: Vec<String>) -> Result<(), String> {
        let kept = self.kept.get(name).map_or(&[][..], Vec::as_slice);
        let is_same = !self.applies || is_blessing() || kept == said;
        let differs = kept.iter().zip(&said).find(|(before, now)| before != now);
        let complaint = match differs {
            Some((before, now)) => format!("said now: {now}, before: {before}"),
            None => format!("{} histories, before {}", said.len(), kept.len()),
        };
        self.now.borrow_mut().insert(name.to_owned(), said);
        if is_same { Ok(()) } else { Err(out_of_date(&path(), "campaign", &complaint)) }
    }

    /// Writes what is said now, if that was asked for and the whole default run was made.
    fn update(&self, is_whole: bool) {
        if !is_blessing() || !self.applies || !is_whole {
            return;
        }
        let mut text = String::from("trial\thistory\tanomalies\tdigest of the reports\n");
        for (name, said) in self.now.borrow().iter() {
            said.iter().for_each(|words| text += &format!("{name}\t{words}\n"));
        }
        keep(&path(), "campaign", &text).expect("the table can be written");
    }
}

fn path() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/campaign/explained.tsv")
}
