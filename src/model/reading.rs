//! Reads the operations of one key off a history, as a model understands them.

use super::{Call, Model, Rejection};
use crate::error::{Code, Error};
use crate::formats::map_option;
use crate::history::{History, OpIndex, Operation, Outcome, Rank, Shape, Span, position};

position! {
    /// The position of a reading among those of one object.
    pub(crate) struct Pos;
}

/// One operation as a model understands it, with its place in real time.
#[derive(Clone, Debug)]
pub struct Reading<Op> {
    /// Its index in [`History::operations`].
    pub index: OpIndex,
    /// What it does.
    pub op: Op,
    /// Its ends. An operation whose `ret` is [`Rank::NEVER`] may take effect at any time after its
    /// call, or never.
    pub span: Span,
}

/// Reads `operations` (indices into the history, in the order of their calls) for `model`.
///
/// With `horizon`, the history is read as it was known at that rank: later invocations are not
/// there, and what returns later has not returned. Failed operations are left out, unless the
/// model says that they tell something.
///
/// # Errors
/// If the model does not know an operation, or its values have the wrong shape.
pub fn read<M: Model>(
    model: &M,
    history: &History,
    operations: &[OpIndex],
    horizon: Option<Rank>,
) -> Result<Vec<Reading<M::Op>>, Error> {
    let mut readings = Vec::with_capacity(operations.len());
    read_each(model, history, operations, horizon, |_, reading| {
        readings.extend(reading);
        true
    })?;
    Ok(readings)
}

/// So many operations are fetched before they are read. Those of one key lie far apart in a long
/// history: a processor fetches many at a time as long as it has nothing else to do in between.
const FETCHED: usize = 32;

/// Reads `operations` as [`read`] does, and hands each with its position among these to `take`:
/// `None` for one that is left out. Returns false once `take` does, which gets no more then.
///
/// # Errors
/// If the model refuses an operation.
#[inline]
pub(crate) fn read_each<M: Model>(
    model: &M,
    history: &History,
    operations: &[OpIndex],
    horizon: Option<Rank>,
    mut take: impl FnMut(Pos, Option<Reading<M::Op>>) -> bool,
) -> Result<bool, Error> {
    let mut fetched = Vec::with_capacity(FETCHED);
    let mut positions = Pos::below(operations.len());
    for indices in operations.chunks(FETCHED) {
        fetched.clear();
        fetched.extend(indices.iter().map(|&index| (index, history[index], history.span(index))));
        for ((index, operation, span), at) in fetched.iter().zip(&mut positions) {
            if horizon.is_some_and(|horizon| span.call > horizon) {
                return Ok(true);
            }
            let reading = read_at(model, history, (*index, operation, *span), horizon)?;
            if !take(at, reading) {
                return Ok(false);
            }
        }
    }
    Ok(true)
}

/// Reads an operation, which is called at the horizon or before, as [`read`] does; `None` if it is
/// left out.
///
/// # Errors
/// If the model refuses it.
#[inline]
fn read_at<M: Model>(
    model: &M,
    history: &History,
    (index, operation, mut span): (OpIndex, &Operation, Span),
    horizon: Option<Rank>,
) -> Result<Option<Reading<M::Op>>, Error> {
    let open = !span.has_returned() || horizon.is_some_and(|horizon| span.ret > horizon);
    let known_to_fail = operation.outcome == Outcome::Fail && !open;
    let output = (!open && !known_to_fail).then_some(operation.output);
    let call = Call::of(history, operation, output);
    let op = if operation.outcome == Outcome::Fail {
        // Whatever the horizon: an operation that fails in the end never happens.
        model.failed(&call).map(|op| op.filter(|_| known_to_fail))
    } else {
        model.operation(&call).map(Some)
    };
    if open {
        span.ret = Rank::NEVER;
    }
    let op = op.map_err(|rejection| rejected(rejection, history, operation))?;
    Ok(op.map(|op| Reading { index, op, span }))
}

/// Reads one operation, given as it is known; `None` if it tells nothing, or the model refuses it.
pub(crate) fn read_one<M: Model>(
    model: &M,
    history: &History,
    index: OpIndex,
    operation: &Operation,
) -> Option<Reading<M::Op>> {
    let span = Span::of_records(operation);
    let output = (operation.outcome == Outcome::Ok).then_some(operation.output);
    let call = Call::of(history, operation, output);
    let op = match operation.outcome {
        Outcome::Fail => model.failed(&call).ok()?,
        Outcome::Ok | Outcome::Info | Outcome::Open => model.operation(&call).ok(),
    };
    Some(Reading { index, op: op?, span })
}

/// The error about an operation that a model refuses.
pub(crate) fn rejected(rejection: Rejection, history: &History, operation: &Operation) -> Error {
    let function = history.function(operation.function);
    let hint = match rejection {
        Rejection::UnclearOutput(_) => unclear_output(history, operation),
        _ => "`histcheck models` lists the models with the values of their operations".to_owned(),
    };
    match rejection {
        Rejection::UnknownFunction => {
            Error::new(Code::UnknownOperation, format!("the model has no operation `{function}`"))
                .hint("`histcheck models` lists the models with their operations")
                .record(operation.invoked)
        }
        Rejection::BadValue(needed) | Rejection::UnclearOutput(needed) => {
            let values = history.values();
            let shown = |value| shorten(values.to_json(value));
            let output = if operation.completed.is_none() {
                String::new()
            } else {
                format!(", output {}", shown(operation.output))
            };
            Error::new(
                Code::BadOperation,
                format!("{needed}; this `{function}` has input {}{output}", shown(operation.input)),
            )
            .hint(hint)
            .record(operation.invoked)
        }
    }
}

/// How to say what an output means that the model does not know: that the operation was done, or
/// that it was not.
pub(crate) fn unclear_output(history: &History, operation: &Operation) -> String {
    let function = history.function(operation.function);
    let word = match history.values().shape(operation.output) {
        Shape::Bool(word) => word.to_string(),
        Shape::Text(word) if !word.contains(['\'', '"', '=']) && word.len() <= 50 => {
            word.to_owned()
        }
        _ => {
            return format!(
                "if every `{function}` that returned took effect, --ignore-outputs {function} \
                 checks the history without looking at what it returned; one that was refused is \
                 recorded as `fail`"
            );
        }
    };
    let mut taken = history.taken_fields().iter();
    let field = taken.find(|(role, _)| *role == "output").map_or("output", |(_, name)| &**name);
    let (role, outcome) = match history.has_whole_operations() {
        true => {
            let field = map_option("outcome", field);
            ("output", format!("{field} --map 'outcome:{word}=fail'"))
        }
        false => ("value", "record it as `fail`".to_owned()),
    };
    format!(
        "say what it means: --map '{role}:{word}=null' if this `{function}` took effect; if it did \
         not, {outcome} (and `info` if that is not known)"
    )
}

/// At most some fifty characters of `text`.
fn shorten(text: String) -> String {
    match text.char_indices().nth(50) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text,
    }
}
