//! A long history on trial, beyond brute force: the deciders against the search alone, two threads
//! against one, and every certificate against the verifier. A disagreement is shown with as few
//! operations as still disagree.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use histcheck::check::{Deciders, Decision, Failure};
use histcheck::history::OpIndex;
use histcheck::history::Rank;
use histcheck::model::{self, Model};
use histcheck::proof::{Refutation, is_sound_projection, refute, verify_order};
use histcheck::{Budget, Options, Report, Verdict, check_with};

use crate::effort::Effort;
use crate::histories::Shape;
use crate::trial::{Campaign, Spelled, write};

/// A core of so many operations is refuted by trying every order,
const SMALL_CORE: usize = 40;

/// of which there may be so many.
const ORDERS: usize = 20_000;

/// How long an explanation may take.
const EXPLAIN: Duration = Duration::from_secs(4);

/// A check that took longer is compared with no other, since the clock may have cut its explanation
/// short: a fifth of [`EXPLAIN`] is for the core.
const TIMELY: Duration = Duration::from_millis(400);

/// What became of the histories.
#[derive(Default)]
pub struct Counts {
    verdicts: [u64; 2],
    /// Not decided by all deciders, and by the search alone.
    undecided: [u64; 2],
    /// Failures whose first impossible operation is known, and confirmed by the search.
    first: [u64; 2],
    /// Cores found, and refuted.
    cores: [u64; 2],
    /// Searches that went beyond the first share of the depth-first walk.
    hard: u64,
    deciders: BTreeMap<&'static str, [u64; 2]>,
    effort: Effort,
}

impl Counts {
    fn summary(&self) -> String {
        let [valid, invalid] = self.verdicts;
        let [unknown, skipped] = self.undecided;
        let [first, confirmed] = self.first;
        let [cores, refuted] = self.cores;
        let mut summary = format!(
            "{valid} valid, {invalid} invalid, {unknown} unknown; the search skipped {skipped}, \
             {} were hard; {first} first, {confirmed} confirmed; {cores} cores, {refuted} refuted",
            self.hard
        );
        for (decider, [valid, invalid]) in &self.deciders {
            summary.push_str(&format!("; {decider}: {valid}, {invalid}"));
        }
        summary
    }

    /// The outcome of the trial `name`, where nothing was wrong.
    pub fn outcome(&self, name: &str, campaign: &Campaign) -> Result<String, String> {
        campaign.effort.hold(name, self.effort)?;
        let [valid, invalid] = self.verdicts;
        let balanced = valid.min(invalid) * 50 > valid + invalid;
        let few = valid + invalid < 40;
        if balanced || few {
            Ok(self.summary())
        } else {
            Err(format!("one-sided: {}", self.summary()))
        }
    }
}

/// What is wrong with a verdict, and the few operations that show it.
pub struct Complaint {
    pub text: String,
    /// Which, and when they were called and returned.
    pub operations: Vec<(usize, String)>,
}

/// Tries one history.
///
/// # Errors
/// What is wrong, with as few operations as show it.
pub fn examine<M: Model>(
    spelled: &Spelled<M>,
    shape: &Shape,
    letters: &[usize],
    campaign: &Campaign,
    counts: &mut Counts,
) -> Result<(), Complaint> {
    if shape.is_empty() {
        return Ok(());
    }
    let try_part = |kept: &[usize], counts: &mut Counts| {
        let shape: Shape = kept.iter().map(|&at| shape[at]).collect();
        let letters: Vec<usize> = kept.iter().map(|&at| letters[at]).collect();
        Trial { spelled, shape: &shape, letters: &letters, campaign }.run(counts)
    };
    let mut kept: Vec<usize> = (0..shape.len()).collect();
    let Some(mut text) = try_part(&kept, counts) else { return Ok(()) };
    let mut chunk = kept.len() / 2;
    while chunk > 0 {
        let mut at = 0;
        let before = kept.len();
        while at < kept.len() && kept.len() > chunk {
            let mut fewer = kept.clone();
            fewer.drain(at..(at + chunk).min(kept.len()));
            match try_part(&fewer, &mut Counts::default()) {
                Some(complaint) => (kept, text) = (fewer, complaint),
                None => at += chunk,
            }
        }
        if chunk > 1 || kept.len() == before {
            chunk /= 2;
        }
    }
    let end = |ret: Option<u32>| ret.map_or("never".to_owned(), |ret| ret.to_string());
    let show = |&at: &usize| (at, format!("{}..{}", shape[at].0, end(shape[at].1)));
    Err(Complaint { text, operations: kept.iter().map(show).collect() })
}

/// One history on trial.
struct Trial<'a, M: Model> {
    spelled: &'a Spelled<M>,
    shape: &'a Shape,
    letters: &'a [usize],
    campaign: &'a Campaign,
}

impl<M: Model> Trial<'_, M> {
    /// What is wrong with what is found.
    fn run(&self, counts: &mut Counts) -> Option<String> {
        let start = Instant::now();
        let report = match self.check(self.shape, Deciders::Auto, 1) {
            Ok(report) => report,
            Err(error) => return Some(error),
        };
        let is_timely = start.elapsed() < TIMELY;
        let alone = match self.check(self.shape, Deciders::Search, 1) {
            Ok(report) => report,
            Err(error) => return Some(error),
        };
        self.count(&report, &alone, counts);
        let known = |verdict| verdict != Verdict::Unknown;
        if known(report.verdict) && known(alone.verdict) && report.verdict != alone.verdict {
            return Some(format!(
                "{} says {}, the search alone {}; trying every order: {}",
                report.keys[0].decided_by,
                report.verdict,
                alone.verdict,
                self.refuted(self.shape)
            ));
        }
        [&report, &alone]
            .into_iter()
            .find_map(|report| self.check_order(report))
            .or_else(|| self.check_failure(&report, counts))
            .or_else(|| self.check_threads(&report, Deciders::Auto, is_timely))
            .or_else(|| self.check_threads(&alone, Deciders::Search, true))
    }

    fn check(&self, shape: &Shape, deciders: Deciders, threads: usize) -> Result<Report, String> {
        let budget =
            Budget { configurations: Some(self.campaign.configurations), ..Budget::default() };
        // Explanations ask all deciders anyway.
        let explain = deciders == Deciders::Auto;
        let explain_timeout = Some(if explain { EXPLAIN } else { Duration::ZERO });
        let options = Options { deciders, budget, threads, explain_timeout, ..Options::default() };
        let history = write(shape, &self.letters[..shape.len()]);
        check_with(self.spelled, &history, &options).map_err(|error| error.to_string())
    }

    fn count(&self, report: &Report, alone: &Report, counts: &mut Counts) {
        match report.verdict {
            Verdict::Unknown => counts.undecided[0] += 1,
            verdict => {
                let invalid = usize::from(verdict == Verdict::Invalid);
                counts.verdicts[invalid] += 1;
                counts.deciders.entry(report.keys[0].decided_by).or_default()[invalid] += 1;
            }
        }
        counts.effort.add(report, alone);
        counts.undecided[1] += u64::from(alone.verdict == Verdict::Unknown);
        counts.hard += u64::from(is_hard(alone));
    }

    fn check_order(&self, report: &Report) -> Option<String> {
        let Decision::Valid(certificate) = &report.keys[0].decision else { return None };
        let readings = self.readings(None);
        let error = verify_order(&self.spelled.model, &readings, &certificate.order).err()?;
        Some(format!("{}: the certificate is wrong: {error}", report.keys[0].decided_by))
    }

    fn check_failure(&self, report: &Report, counts: &mut Counts) -> Option<String> {
        let Decision::Invalid(failure) = &report.keys[0].decision else { return None };
        if !failure.is_first() {
            return None;
        }
        let Failure { operation, .. } = *failure;
        let horizon = failure.horizon.index() as u32;
        let by = report.keys[0].decided_by;
        counts.first[0] += 1;
        if self.shape[operation].1 != Some(horizon) {
            return Some(format!("{by}: operation {operation} does not return at {horizon}"));
        }
        let verdict = |horizon| {
            self.check(&self.known(horizon), Deciders::Search, 1).map(|report| report.verdict)
        };
        let (then, before) = match (verdict(horizon), verdict(horizon - 1)) {
            (Ok(then), Ok(before)) => (then, before),
            (Err(error), _) | (_, Err(error)) => return Some(error),
        };
        if then == Verdict::Valid || before == Verdict::Invalid {
            return Some(format!(
                "{by}: known at {horizon}, the search says {then}, and {before} before it; trying \
                 every order: {} and {} before it",
                self.refuted(&self.known(horizon)),
                self.refuted(&self.known(horizon - 1))
            ));
        }
        counts.first[1] += u64::from(then == Verdict::Invalid && before == Verdict::Valid);
        self.check_core(horizon, &failure.core, counts)
    }

    fn check_core(&self, horizon: u32, core: &[OpIndex], counts: &mut Counts) -> Option<String> {
        if core.is_empty() {
            return None;
        }
        counts.cores[0] += 1;
        let readings = self.readings(Some(horizon));
        if !is_sound_projection(self.spelled, &readings, core) {
            return Some(format!("{core:?} proves nothing about the whole"));
        }
        if core.len() > SMALL_CORE {
            return None;
        }
        let is_kept = |reading: &&model::Reading<M::Op>| core.contains(&reading.index);
        let part: Vec<_> = readings.iter().filter(is_kept).cloned().collect();
        match refute(self.spelled, &part, ORDERS) {
            Refutation::Confirmed => counts.cores[1] += 1,
            Refutation::TooLarge => {}
            Refutation::Wrong => return Some(format!("{core:?} is no refutation")),
        }
        None
    }

    /// Two threads must find what one found. They find it in the same way where the search is not
    /// needed for long, so that few of these are tried.
    fn check_threads(
        &self,
        report: &Report,
        deciders: Deciders,
        explained: bool,
    ) -> Option<String> {
        let seldom = self.shape.len().is_multiple_of(16);
        if !is_hard(report) && !seldom {
            return None;
        }
        let start = Instant::now();
        let other = match self.check(self.shape, deciders, 2) {
            Ok(other) => other,
            Err(error) => return Some(error),
        };
        let explained = explained && start.elapsed() < TIMELY;
        let (one, two) = (&report.keys[0], &other.keys[0]);
        let same = match (&one.decision, &two.decision) {
            (Decision::Invalid(_), Decision::Invalid(_)) if !explained => true,
            (one, two) => one == two,
        };
        (!same || one.decided_by != two.decided_by).then(|| {
            format!(
                "one thread: {} by {}, {:?}; two: {} by {}, {:?}",
                report.verdict,
                one.decided_by,
                one.decision,
                other.verdict,
                two.decided_by,
                two.decision
            )
        })
    }

    /// What trying every order makes of the operations of `shape`.
    fn refuted(&self, shape: &Shape) -> String {
        let history = write(shape, &self.letters[..shape.len()]);
        let indices: Vec<_> = history.indices().collect();
        let readings = model::read(self.spelled, &history, &indices, None).expect("letters");
        match refute(self.spelled, &readings, 500_000) {
            Refutation::Confirmed => "invalid".to_owned(),
            Refutation::Wrong => "valid".to_owned(),
            Refutation::TooLarge => "too many".to_owned(),
        }
    }

    /// The history as known at a horizon.
    fn known(&self, horizon: u32) -> Shape {
        let called = self.shape.iter().filter(|ends| ends.0 <= horizon);
        called.map(|&(call, ret)| (call, ret.filter(|&ret| ret <= horizon))).collect()
    }

    fn readings(&self, horizon: Option<u32>) -> Vec<model::Reading<M::Op>> {
        let history = write(self.shape, self.letters);
        let indices: Vec<_> = history.indices().collect();
        model::read(self.spelled, &history, &indices, horizon.map(|at| Rank::new(at as usize)))
            .expect("letters")
    }
}

/// Whether the search needed more than its first walk.
fn is_hard(report: &Report) -> bool {
    report.keys[0].effort.configurations > 1 << 12
}
