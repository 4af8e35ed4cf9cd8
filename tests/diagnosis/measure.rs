//! Runs one preset under many seeds, and compares.

use std::collections::BTreeMap;
use std::time::Duration;

use histcheck::explain::AnomalyKind;
use histcheck::store::{Plan, Preset};
use histcheck::{Options, Session, Verdict};
use rayon::prelude::*;

use crate::certificate;

/// So many anomalies are asked for, as many as the command line does.
const LIMIT: usize = 20;

/// Which seeds are tried.
pub struct Seeds {
    pub from: u64,
    /// How many of a preset with a fault,
    pub faulty: u64,
    /// and of one without.
    pub correct: u64,
    /// Settings for all presets.
    pub knobs: Vec<(String, String)>,
}

/// What came of one preset.
pub struct Row {
    pub preset: &'static Preset,
    pub runs: u64,
    /// In how many runs the fault manifested, by the store's own log.
    pub broken: u64,
    /// How many of those histcheck found,
    pub found: u64,
    /// and how many are in order for clients all the same, as a linearization shows.
    pub hidden: u64,
    pub undecided: u64,
    /// How often an anomaly was named first that is the fault.
    pub right: u64,
    /// How often each anomaly was named first.
    pub names: BTreeMap<&'static str, u64>,
    /// What must not be.
    pub wrong: Vec<String>,
}

/// What came of one run.
#[derive(Default)]
struct Outcome {
    broken: bool,
    verdict: Option<Verdict>,
    name: Option<&'static str>,
    wrong: Option<String>,
}

/// Runs `preset`.
pub fn row(preset: &'static Preset, seeds: &Seeds) -> Row {
    let runs = if preset.is_correct() { seeds.correct } else { seeds.faulty };
    let outcomes: Vec<Outcome> = (seeds.from..seeds.from + runs)
        .into_par_iter()
        .map(|seed| {
            let mut plan = Plan::new(preset, seed);
            for (name, setting) in &seeds.knobs {
                plan.set(name, setting).expect("a setting");
            }
            outcome(preset, &plan)
        })
        .collect();
    let mut row = Row {
        preset,
        runs,
        broken: 0,
        found: 0,
        hidden: 0,
        undecided: 0,
        right: 0,
        names: BTreeMap::new(),
        wrong: Vec::new(),
    };
    for outcome in outcomes {
        row.broken += u64::from(outcome.broken);
        let is_found = outcome.name.is_some();
        row.found += u64::from(is_found);
        row.hidden +=
            u64::from(outcome.broken && outcome.verdict == Some(Verdict::Valid) && !is_found);
        row.undecided += u64::from(outcome.verdict == Some(Verdict::Unknown));
        if let Some(name) = outcome.name {
            *row.names.entry(name).or_default() += 1;
            row.right += u64::from(preset.shows.contains(&name));
        }
        row.wrong.extend(outcome.wrong);
    }
    row
}

fn outcome(preset: &Preset, plan: &Plan) -> Outcome {
    let (history, truth) = plan.history_and_truth().expect("a system");
    let mut options = Options { threads: 1, ..Options::default() };
    options.budget.timeout = Some(Duration::from_secs(20));
    let report = histcheck::check(&history, &options).expect("a history");
    let verdict = Some(report.verdict);
    let broken = truth.is_broken;
    let located = |what: &str| Some(format!("{}: {what}", plan.replay()));
    let wrong = match report.verdict {
        _ if (broken || truth.is_stuck) && preset.is_correct() => {
            located(&format!("breaks: {:?}", truth.mishaps))
        }
        Verdict::Invalid if !broken => located("called invalid, and the store knows an order"),
        Verdict::Unknown => None,
        _ => match certificate::verify(&history, &options, &report) {
            Ok(()) => None,
            Err(why) => located(&format!("the proof does not hold: {why}")),
        },
    };
    let name = (!preset.is_correct()).then(|| {
        let explanation = Session::new(&history, &options)
            .unwrap()
            .explain(&report, LIMIT)
            .expect("an explanation");
        let first = explanation.anomalies.first().map(|anomaly| anomaly.kind);
        let is_found =
            report.verdict == Verdict::Invalid || first == Some(AnomalyKind::StuckOperations);
        first.filter(|_| is_found).map(AnomalyKind::name)
    });
    Outcome { broken: broken || truth.is_stuck, verdict, name: name.flatten(), wrong }
}
