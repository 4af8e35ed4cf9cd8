//! The settings of a check, as the arguments of every command that checks give them.

use std::time::Instant;

use histcheck::check::Deciders;
use histcheck::formats::{ReadOptions, json_value};
use histcheck::history::{Value, ValueTable};
use histcheck::model::{AnyModel, ModelOptions};
use histcheck::{Budget, Code, Error, History, Options};

use super::args::{BudgetArgs, Decider, FailedCas, LimitArgs, ModelArgs};

/// Refuses a model or an initial value that would fit no history.
pub(super) fn validate(args: &ModelArgs) -> Result<(), Error> {
    let mut values = ValueTable::new();
    let initial = initial(args, &mut values)?;
    for name in &args.ignore_outputs {
        ModelOptions::default().ignore_outputs_of(name)?;
    }
    if let Some(name) = &args.model {
        for value in initial.own.iter().map(|&(_, value)| Some(value)).chain([initial.usual]) {
            AnyModel::by_name(name, value, model_options(args), &values)?;
        }
    }
    Ok(())
}

/// What the arguments say that objects hold at the start.
#[derive(Default)]
pub(super) struct Initial {
    /// Most of them.
    usual: Option<Value>,
    /// Some of them, by their keys.
    own: Vec<(Value, Value)>,
    /// Whether it is not known.
    is_unknown: bool,
}

impl Initial {
    /// Takes values for one that differ only in type.
    fn loosen(&mut self, values: &mut ValueTable) {
        let mut loosened = |value: Value| values.loosened(value);
        self.usual = self.usual.map(&mut loosened);
        for (key, value) in &mut self.own {
            (*key, *value) = (loosened(*key), loosened(*value));
        }
    }
}

/// What the arguments say that objects hold at the start, in `values`.
pub(super) fn initial(args: &ModelArgs, values: &mut ValueTable) -> Result<Initial, Error> {
    let mut initial = Initial::default();
    match args.init.as_deref() {
        None => {}
        Some(UNKNOWN) => initial.is_unknown = true,
        Some(text) => initial.usual = Some(start_value(text, "--init", values)?),
    }
    for text in &args.init_key {
        let (key, value) = key_and_value(text, values)?;
        initial.own.push((key, start_value(value, "--init-key", values)?));
    }
    Ok(initial)
}

/// Says that the first reads tell. A string is in quotes.
pub(super) const UNKNOWN: &str = "unknown";

fn start_value(text: &str, option: &str, values: &mut ValueTable) -> Result<Value, Error> {
    let quoted = match option {
        "--init" => "--init '\"a\"'",
        _ => "--init-key 'k=\"a\"'",
    };
    json_value(text, values).map_err(|error| {
        Error::new(Code::BadInitial, format!("{option} is no JSON: {}", error.message))
            .hint(format!("strings need quotes of their own: {quoted}"))
    })
}

/// Takes `KEY=JSON` apart: at the first `=` behind a key that is JSON, or else at the first one,
/// behind a key that is a string.
fn key_and_value<'t>(text: &'t str, values: &mut ValueTable) -> Result<(Value, &'t str), Error> {
    for (at, _) in text.match_indices('=') {
        if let Ok(key) = json_value(&text[..at], values) {
            return Ok((key, &text[at + 1..]));
        }
    }
    let (key, value) = text.split_once('=').ok_or_else(|| {
        Error::new(Code::BadInitial, format!("--init-key needs KEY=JSON, not `{text}`"))
            .hint("such as --init-key 'x=0', or --init-key 'x=\"a\"' for a string")
    })?;
    Ok((values.text(key), value))
}

/// What the arguments say that operations mean.
pub(super) fn model_options(args: &ModelArgs) -> ModelOptions {
    let mut options = ModelOptions {
        failed_cas_observes: args.failed_cas == FailedCas::Observes,
        check_owner: !args.any_owner,
        largest_first: args.largest_first,
        ..ModelOptions::default()
    };
    for name in &args.ignore_outputs {
        // Those that cannot be ignored were refused.
        let _ = options.ignore_outputs_of(name);
    }
    options
}

/// How to check a history, as the command line says: without self-check and witnesses.
pub(super) fn options(
    model: &ModelArgs,
    limits: &LimitArgs,
    start: Instant,
    history: &mut History,
) -> Result<Options, Error> {
    let mut initial = initial(model, history.values_mut())?;
    if model.loose_values {
        initial.loosen(history.values_mut());
    }
    Ok(options_with(model, limits, start, initial))
}

/// The same, with what objects hold at the start.
pub(super) fn options_with(
    model: &ModelArgs,
    limits: &LimitArgs,
    start: Instant,
    initial: Initial,
) -> Options {
    Options {
        model: model.model.clone(),
        initial: initial.usual,
        initials: initial.own,
        unknown_initial: initial.is_unknown,
        model_options: model_options(model),
        deciders: match limits.decider {
            Decider::Auto => Deciders::Auto,
            Decider::Search => Deciders::Search,
        },
        budget: budget(limits, start),
        threads: limits.threads,
        explain_timeout: limits.explain_timeout,
        keep_orders: false,
        ..Options::default()
    }
}

/// What reading and checking may use together, from `start` on.
pub(super) fn budget(limits: &LimitArgs, start: Instant) -> Budget {
    Budget { configurations: limits.max_configs, ..reading_budget(&limits.budget, start) }
}

/// What reading may use, from `start` on.
pub(super) fn reading_budget(args: &BudgetArgs, start: Instant) -> Budget {
    let BudgetArgs { timeout, max_memory: memory } = *args;
    Budget { timeout, memory, start: Some(start), configurations: None }
}

/// How to read an input within the same budget as it is checked.
pub(super) fn reading(limits: &LimitArgs, start: Instant) -> ReadOptions {
    let (budget, threads) = (budget(limits, start), limits.threads);
    ReadOptions { budget, threads, ..ReadOptions::default() }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use clap::Parser;

    use super::*;

    #[derive(Parser)]
    struct Line {
        #[command(flatten)]
        model: ModelArgs,
        #[command(flatten)]
        limits: LimitArgs,
    }

    fn line(arguments: &[&str]) -> Line {
        Line::try_parse_from([&["histcheck"], arguments].concat()).unwrap()
    }

    #[test]
    fn what_would_fit_no_history_is_refused_before_one_is_read() {
        let refusal = |arguments: &[&str]| validate(&line(arguments).model).err().map(|e| e.code);
        assert_eq!(refusal(&["--model", "register", "--init", "1"]), None);
        assert_eq!(refusal(&["--model", "registre"]), Some(Code::NoModel));
        assert_eq!(refusal(&["--init", "a"]), Some(Code::BadInitial));
        assert_eq!(refusal(&["--init-key", "a"]), Some(Code::BadInitial));
        assert_eq!(refusal(&["--init-key", "a=b"]), Some(Code::BadInitial));
        let counter = ["--model", "counter", "--init-key", "a=[]"];
        assert_eq!(refusal(&counter), Some(Code::BadInitial));
        assert_eq!(refusal(&["--model", "counter", "--init", "[]"]), Some(Code::BadInitial));
    }

    #[test]
    fn keys_are_json_or_else_strings() {
        let mut values = ValueTable::new();
        let mut taken = |text: &str| {
            let arguments = line(&["--init-key", text]);
            let own = initial(&arguments.model, &mut values).unwrap().own;
            (values.to_json(own[0].0), values.to_json(own[0].1))
        };
        let told = |key: &str, value: &str| (key.to_owned(), value.to_owned());
        assert_eq!(taken("k1=\"old\""), told("\"k1\"", "\"old\""));
        assert_eq!(taken("7=null"), told("7", "null"));
        assert_eq!(taken("\"7\"=1"), told("\"7\"", "1"));
        assert_eq!(taken("\"a=b\"=1"), told("\"a=b\"", "1"));
        assert_eq!(taken("a={\"b\":\"c=d\"}"), told("\"a\"", "{\"b\":\"c=d\"}"));
    }

    #[test]
    fn a_start_is_unknown_by_the_bare_word() {
        let mut values = ValueTable::new();
        let mut taken = |text: &str| {
            let Initial { usual, is_unknown, .. } =
                initial(&line(&["--init", text]).model, &mut values).unwrap();
            (usual.map(|usual| values.to_json(usual)), is_unknown)
        };
        assert_eq!(taken("unknown"), (None, true));
        assert_eq!(taken("\"unknown\""), (Some("\"unknown\"".to_owned()), false));
    }

    #[test]
    fn arguments_become_options() {
        let Line { model, limits } =
            line(&["--any-owner", "--decider", "search", "--max-configs", "7", "--timeout", "2s"]);
        let options = options_with(&model, &limits, Instant::now(), Initial::default());
        assert!(!options.model_options.check_owner && !options.model_options.largest_first);
        assert_eq!(options.deciders, Deciders::Search);
        assert_eq!(options.budget.configurations, Some(7));
        assert_eq!(options.budget.timeout.map(|timeout| timeout.as_secs()), Some(2));
    }
}
