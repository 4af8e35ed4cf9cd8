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
        AnyModel::by_name(name, initial, model_options(args), &values)?;
    }
    Ok(())
}

/// The initial value that the arguments give, in `values`.
pub(super) fn initial(args: &ModelArgs, values: &mut ValueTable) -> Result<Option<Value>, Error> {
    let Some(text) = &args.init else { return Ok(None) };
    json_value(text, values).map(Some).map_err(|error| {
        Error::new(Code::BadInitial, format!("--init is no JSON: {}", error.message))
            .hint("strings need quotes of their own: --init '\"a\"'")
    })
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
    let initial = initial(model, history.values_mut())?;
    Ok(options_with(model, limits, start, initial))
}

/// The same, with the initial value that is given.
pub(super) fn options_with(
    model: &ModelArgs,
    limits: &LimitArgs,
    start: Instant,
    initial: Option<Value>,
) -> Options {
    Options {
        model: model.model.clone(),
        initial,
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
        assert_eq!(refusal(&["--model", "counter", "--init", "[]"]), Some(Code::BadInitial));
    }

    #[test]
    fn arguments_become_options() {
        let Line { model, limits } =
            line(&["--any-owner", "--decider", "search", "--max-configs", "7", "--timeout", "2s"]);
        let options = options_with(&model, &limits, Instant::now(), None);
        assert!(!options.model_options.check_owner && !options.model_options.largest_first);
        assert_eq!(options.deciders, Deciders::Search);
        assert_eq!(options.budget.configurations, Some(7));
        assert_eq!(options.budget.timeout.map(|timeout| timeout.as_secs()), Some(2));
    }
}
