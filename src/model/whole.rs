//! A history over several keys as one object: a copy of a model for each of its keys.
//!
//! Linearizability is local, so it makes no difference to the verdict whether keys are checked one
//! by one or together; only to the work.

use std::sync::Arc;

use super::{
    AnyModel, AnyOp, AnyState, Call, Establishes, Facts, Model, Part, Rejection, Successors, Token,
    View,
};
use crate::history::hash::Map;
use crate::history::{History, Value, ValueTable};

/// A model for each key of a history that was made [whole](History::whole).
#[derive(Clone, Debug)]
pub struct Whole {
    /// The number of each key.
    keys: Arc<Map<Value, u32>>,
    names: Arc<[Value]>,
    copies: Vec<AnyModel>,
}

impl Whole {
    /// The model `of` each key of `history`, whose values are pairs of a key and a value.
    pub(crate) fn new(history: &History, of: impl Fn(Value) -> AnyModel) -> Whole {
        let mut keys = Map::default();
        let mut names = Vec::new();
        for operation in history.operations() {
            if let Some((key, _)) = history.values().as_pair(operation.input) {
                keys.entry(key).or_insert_with(|| {
                    names.push(key);
                    names.len() as u32 - 1
                });
            }
        }
        let copies = names.iter().map(|&key| of(key)).collect();
        Whole { keys: Arc::new(keys), names: names.into(), copies }
    }

    /// The key's number, and the call as that key's.
    fn inner<'a>(&self, call: &Call<'a>) -> Result<(u32, Call<'a>), Rejection> {
        let pair = |view: View<'a>| view.as_pair().map(|(key, value)| (key, view.view(value)));
        let found = pair(call.input).and_then(|(key, input)| Some((*self.keys.get(&key)?, input)));
        let (key, input) = found.ok_or_else(|| Rejection::bad("this needs a pair [key value]"))?;
        let null = call.input.view(Value::NULL);
        let output = call.output.map(|output| pair(output).map_or(null, |(_, value)| value));
        Ok((key, Call { input, output, ..*call }))
    }
}

impl Model for Whole {
    /// What each key holds.
    type State = Vec<AnyState>;
    /// The number of a key, and what is done to it.
    type Op = (u32, Arc<AnyOp>);
    type Next = Successors<Vec<AnyState>>;

    fn initial(&self) -> Vec<AnyState> {
        self.copies.iter().map(Model::initial).collect()
    }

    fn operation(&self, call: &Call<'_>) -> Result<(u32, Arc<AnyOp>), Rejection> {
        let (key, call) = self.inner(call)?;
        Ok((key, Arc::new(self.copies[key as usize].operation(&call)?)))
    }

    fn failed(&self, call: &Call<'_>) -> Result<Option<(u32, Arc<AnyOp>)>, Rejection> {
        let (key, call) = self.inner(call)?;
        Ok(self.copies[key as usize].failed(&call)?.map(|op| (key, Arc::new(op))))
    }

    fn step(&self, state: &Vec<AnyState>, (key, op): &(u32, Arc<AnyOp>)) -> Self::Next {
        let at = *key as usize;
        let with = |held: AnyState| {
            let mut state = state.clone();
            state[at] = held;
            state
        };
        match self.copies[at].step(&state[at], op) {
            Successors::One(next) => Successors::One(next.map(with)),
            Successors::Many(nexts) => nexts.map(with).collect::<Vec<_>>().into(),
        }
    }

    fn describe(&self, state: &Vec<AnyState>, values: &ValueTable) -> Option<String> {
        let mut text = String::new();
        for ((copy, &key), held) in self.copies.iter().zip(self.names.iter()).zip(state) {
            let held = copy.describe(held, values)?;
            let separator = if text.is_empty() { "" } else { ", " };
            text.push_str(&format!("{separator}{}: {held}", values.to_text(key)));
        }
        Some(text)
    }

    fn facts(&self, (key, op): &(u32, Arc<AnyOp>)) -> Facts {
        let pure = self.copies[*key as usize].facts(op).pure;
        Facts {
            pure,
            establishes: if pure { Establishes::Same } else { Establishes::Unknown },
            part: Part::One(Token::from(*key)),
            ..Facts::default()
        }
    }

    fn touches(&self, (key, _): &(u32, Arc<AnyOp>), touch: &mut dyn FnMut(Token)) -> bool {
        touch(Token::from(*key));
        true
    }

    fn focus(&mut self, operations: &[(u32, Arc<AnyOp>)]) {
        for (key, copy) in self.copies.iter_mut().enumerate() {
            let own = operations.iter().filter(|(of, _)| *of as usize == key);
            let own: Vec<AnyOp> = own.map(|(_, op)| AnyOp::clone(op)).collect();
            copy.focus(&own);
        }
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use crate::history::{Event, EventType};
    use crate::{History, Options, Verdict, check};

    /// Two processes append to two keys; one reads `seen` of the first.
    fn history(seen: &str) -> History {
        let mut builder = History::builder();
        let mut event = |process: i64, kind, function, key: &str, value: Option<&str>| {
            let values = builder.values();
            let process = values.int(process);
            let key = Some(values.text(key));
            let value = value.map_or(crate::history::Value::NULL, |value| values.text(value));
            builder.event(&Event { process, kind, function, value, key, time: None }).unwrap();
        };
        event(0, EventType::Invoke, "append", "x", Some("a"));
        event(1, EventType::Invoke, "append", "y", Some("b"));
        event(0, EventType::Ok, "append", "x", Some("a"));
        event(0, EventType::Invoke, "get", "x", None);
        event(0, EventType::Ok, "get", "x", Some(seen));
        event(1, EventType::Ok, "append", "y", Some("b"));
        builder.build().unwrap()
    }

    #[test]
    fn keys_together_have_the_verdict_of_keys_by_themselves() {
        let options = Options { self_check: true, ..Options::default() };
        for (seen, verdict) in [("a", Verdict::Valid), ("b", Verdict::Invalid)] {
            let parts = check(&history(seen), &options).unwrap();
            let whole = check(&history(seen).whole(), &options).unwrap();
            assert_eq!((parts.verdict, whole.verdict), (verdict, verdict));
            assert_eq!((parts.keys.len(), whole.keys.len()), (2, 1));
            assert_eq!(whole.model, "kv");
        }
    }
}
