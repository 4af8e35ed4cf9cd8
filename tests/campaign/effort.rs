//! How much work the default run's histories are. A decider that gives up too soon, or a reduction
//! of the search that reduces nothing, leaves all verdicts right: only this shows it.
//!
//! `effort.tsv` holds what each trial took. Less is welcome, more fails; `cargo bless campaign`
//! writes what it takes now.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::path::PathBuf;

use histcheck::Report;

use crate::kept::{is_blessing, keep, out_of_date};

/// The columns, after the trial's name.
const COLUMNS: [&str; 5] = [
    "left to the search",
    "configurations",
    "steps",
    "configurations, search alone",
    "steps, search alone",
];

/// What the histories of a trial took: the columns of the table.
#[derive(Clone, Copy, Default)]
pub struct Effort([u64; COLUMNS.len()]);

impl Effort {
    /// Adds what one history took with all deciders, and with the search alone; each report has one
    /// key.
    pub fn add(&mut self, report: &Report, alone: &Report) {
        let (key, alone) = (&report.keys[0], &alone.keys[0]);
        let took = [
            u64::from(key.decided_by == "search"),
            key.effort.configurations,
            key.effort.steps,
            alone.effort.configurations,
            alone.effort.steps,
        ];
        for (sum, took) in self.0.iter_mut().zip(took) {
            *sum += took;
        }
    }
}

/// What trials took, and what they may take.
pub struct Table {
    allowed: BTreeMap<String, Effort>,
    taken: RefCell<BTreeMap<String, Effort>>,
    /// Whether the histories are those that the table speaks of.
    pub applies: bool,
}

impl Table {
    /// Reads the table; all of it applies.
    pub fn read() -> Table {
        let text = std::fs::read_to_string(path()).unwrap_or_default();
        let row = |line: &str| {
            let mut cells = line.split('\t');
            let name = cells.next()?.to_owned();
            let mut effort = Effort::default();
            for sum in &mut effort.0 {
                *sum = cells.next()?.parse().ok()?;
            }
            Some((name, effort))
        };
        let allowed = text.lines().skip(1).map(|line| row(line).expect("a row")).collect();
        Table { allowed, taken: RefCell::default(), applies: true }
    }

    /// Takes note of what the trial `name` took.
    ///
    /// # Errors
    /// If that is more than it may take.
    pub fn hold(&self, name: &str, effort: Effort) -> Result<(), String> {
        self.taken.borrow_mut().insert(name.to_owned(), effort);
        if !self.applies || is_blessing() {
            return Ok(());
        }
        let complaint = |what: &str| out_of_date(&path(), "campaign", what);
        let allowed = self.allowed.get(name).ok_or_else(|| complaint("no row tells the effort"))?;
        for ((column, taken), allowed) in COLUMNS.iter().zip(effort.0).zip(allowed.0) {
            if taken > allowed {
                return Err(complaint(&format!("{column}: {taken}, which were {allowed}")));
            }
        }
        Ok(())
    }

    /// Writes what was taken, if that was asked for and the whole default run was made.
    pub fn update(&self, is_whole: bool) {
        if !is_blessing() || !self.applies || !is_whole {
            return;
        }
        let mut text = format!("trial\t{}\n", COLUMNS.join("\t"));
        for (name, effort) in self.taken.borrow().iter() {
            text.push_str(name);
            for sum in effort.0 {
                text.push_str(&format!("\t{sum}"));
            }
            text.push('\n');
        }
        keep(&path(), "campaign", &text).expect("the table can be written");
    }
}

fn path() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/campaign/effort.tsv")
}
