//! What is to be run: a preset, perhaps with other settings, and a seed. And what the history says
//! of itself: which knobs made it, and how to make it again.

use std::sync::Arc;

use super::client;
use super::hub::Hub;
use super::knobs::Knobs;
use super::ledger::Truth;
use super::presets::{Preset, Transactional};
use super::recording::Records;
use super::transactions::{self, Dependencies};
use super::world::{self, World};
use histcheck_history::progress::{Phase, Progress};
use histcheck_history::{History, Value, ValueTable};

/// Whoever wants to know how far a run is learns it after so many operations.
const TELL_EVERY: u64 = 1024;

/// What is to be run.
///
/// ```
/// use histcheck_store::{Plan, Preset};
///
/// let preset = Preset::find("read-one-write-one").expect("a preset");
/// let mut plan = Plan::new(preset, 1);
/// plan.set("operations", "300")?;
/// let (history, truth) = plan.history_and_truth()?;
/// assert_eq!(history.operations().len(), 300);
/// assert!(truth.is_broken);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone)]
pub struct Plan {
    preset: &'static Preset,
    knobs: Knobs,
    seed: u64,
    bare: bool,
    more: Vec<(&'static str, Fact)>,
    progress: Option<Arc<Progress>>,
}

/// Something that a history's metadata says.
#[derive(Clone, Debug, PartialEq)]
pub enum Fact {
    /// In words.
    Text(String),
    /// As a number.
    Number(i64),
    /// Yes or no.
    Flag(bool),
}

impl Fact {
    fn value(&self, values: &mut ValueTable) -> Value {
        match self {
            Fact::Text(text) => values.text(text),
            Fact::Number(number) => values.int(*number),
            Fact::Flag(flag) => Value::bool(*flag),
        }
    }
}

impl Plan {
    /// A preset as it is, with a seed: the same seed gives the same history, on every machine.
    pub fn new(preset: &'static Preset, seed: u64) -> Plan {
        Plan { preset, knobs: preset.knobs(), seed, bare: false, more: Vec::new(), progress: None }
    }

    /// The example of a preset, as the suite of histories has it.
    pub fn example(preset: &'static Preset) -> Plan {
        let mut plan = Plan::new(preset, preset.example.seed);
        plan.knobs.set_all(preset.example.settings);
        plan
    }

    /// Sets a knob.
    ///
    /// # Errors
    /// If there is no such knob, or it cannot be set to that; the error says so in words.
    pub fn set(&mut self, name: &str, text: &str) -> Result<(), String> {
        self.knobs.set(name, text)
    }

    /// The settings.
    pub fn knobs(&self) -> &Knobs {
        &self.knobs
    }

    /// Leaves out what only this store's recorder knows of operations: their nodes, who answered,
    /// and the versions.
    pub fn bare(&mut self) {
        self.bare = true;
    }

    /// Adds something to what the history says of itself.
    pub fn tell(&mut self, name: &'static str, fact: Fact) {
        self.more.push((name, fact));
    }

    /// Has `progress` told how many operations were made while it runs.
    pub fn tell_progress(&mut self, progress: Option<Arc<Progress>>) {
        self.progress = progress;
    }

    /// Runs it. Takes about two microseconds an operation.
    ///
    /// # Errors
    /// If there is no system at this point of the space of knobs; the error says why, in words.
    pub fn history(&self) -> Result<History, String> {
        self.run(false).map(|run| run.0)
    }

    /// The same, with what really happened.
    ///
    /// # Errors
    /// As [`Plan::history`].
    pub fn history_and_truth(&self) -> Result<(History, Truth), String> {
        let (history, truth) = self.run(true)?;
        let nothing = || Truth { is_broken: false, is_stuck: false, mishaps: Vec::new() };
        Ok((history, truth.unwrap_or_else(nothing)))
    }

    fn run(&self, keeps_ledger: bool) -> Result<(History, Option<Truth>), String> {
        if self.knobs.is_interactive() {
            let (history, dependencies) = self.run_transactions(keeps_ledger)?;
            let truth = keeps_ledger.then(|| {
                let is_broken = dependencies.holds("strict-serializable") == Some(false);
                Truth { is_broken, is_stuck: false, mishaps: Vec::new() }
            });
            return Ok((history, truth));
        }
        self.knobs.check()?;
        let (records, hub) = self.simulate(keeps_ledger);
        let truth = keeps_ledger.then(|| hub.ledger.truth(&records));
        Ok((self.written(&records)?, truth))
    }

    /// Returns the history of interactive transactions, and what they really depended on.
    ///
    /// # Errors
    /// As [`Plan::history`], and if the workload is neither list-append nor rw-register.
    pub fn history_and_dependencies(&self) -> Result<(History, Dependencies), String> {
        if !self.knobs.is_interactive() {
            return Err("workload: dependencies are known of list-append and rw-register".into());
        }
        self.run_transactions(true)
    }

    fn run_transactions(&self, keeps_ledger: bool) -> Result<(History, Dependencies), String> {
        self.knobs.check()?;
        let links = world::links(&self.knobs);
        let world = transactions::World::new(&self.knobs, links, self.seed, keeps_ledger);
        if let Some(progress) = &self.progress {
            progress.enter(Phase::Simulating, u64::from(self.knobs.operations));
        }
        let mut told = 0;
        let (records, dependencies) = world.run(|called| {
            if let Some(progress) = self.progress.as_ref().filter(|_| called >= told + TELL_EVERY) {
                told = called;
                progress.reach(told);
            }
        });
        if let Some(progress) = &self.progress {
            progress.enter(Phase::Idle, 0);
        }
        Ok((self.written(&records)?, dependencies))
    }

    /// The history that `records` make.
    fn written(&self, records: &Records) -> Result<History, String> {
        let metadata = |values: &mut ValueTable| self.metadata(values);
        let history = records.history(&self.knobs, metadata, self.bare);
        history.map_err(|error| error.to_string())
    }

    /// The run itself: the records, and what else is known at its end.
    fn simulate(&self, keeps_ledger: bool) -> (Records, Hub) {
        let world = World::new(&self.knobs, self.seed, keeps_ledger);
        let Some(progress) = &self.progress else { return world.run() };
        progress.enter(Phase::Simulating, u64::from(self.knobs.operations));
        let mut told = 0;
        let ran = world.run_watched(|world| {
            if world.called() >= told + TELL_EVERY {
                told = world.called();
                progress.reach(told);
            }
        });
        progress.enter(Phase::Idle, 0);
        ran
    }

    /// The command that makes this history again.
    pub fn replay(&self) -> String {
        let mut command = format!("histcheck generate {} --seed {}", self.preset.name, self.seed);
        for (name, text) in self.knobs.differences(&self.preset.knobs()) {
            command.push_str(&format!(" --{name} {text}"));
        }
        if self.bare {
            command.push_str(" --bare");
        }
        command
    }

    fn metadata(&self, values: &mut ValueTable) -> Value {
        let (model, initial) = client::model(&self.knobs);
        let mut pairs = vec![(values.text("model"), values.text(model))];
        pairs.extend(initial.map(|initial| (values.text("initial"), values.int(initial))));
        pairs.extend(self.more.iter().map(|(name, fact)| (values.text(name), fact.value(values))));
        pairs.push((values.text("story"), values.text(self.preset.story)));
        pairs.push((values.text("generated"), self.generated(values)));
        values.map(&pairs)
    }

    /// How the history was made.
    fn generated(&self, values: &mut ValueTable) -> Value {
        let text = |values: &mut ValueTable, name: &str, text: &str| {
            (values.text(name), values.text(text))
        };
        let preset = text(values, "preset", self.preset.name);
        let knobs = self.knobs.differences(&Knobs::default());
        let knobs: Vec<(Value, Value)> =
            knobs.iter().map(|(name, setting)| text(values, name, setting)).collect();
        let knobs = (values.text("knobs"), values.map(&knobs));
        let shows: Vec<Value> = self.preset.shows.iter().map(|name| values.text(name)).collect();
        let shows = (values.text("shows"), values.list(&shows));
        let replay = text(values, "replay", &self.replay());
        let mut pairs = vec![preset, knobs, shows, replay];
        if let Some(transactional) = Transactional::find(self.preset.name) {
            let levels = transactional.satisfies.iter().map(|name| values.text(name));
            let levels: Vec<Value> = levels.collect();
            pairs.insert(3, (values.text("satisfies"), values.list(&levels)));
        }
        values.map(&pairs)
    }
}
