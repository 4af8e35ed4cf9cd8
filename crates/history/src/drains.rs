//! Drains as the dequeues that they are: each of its items was taken at some moment between the
//! call and the return, and then the queue was found empty.

use super::times::Times;
use super::vocabulary::{Verb, Word};
use super::{Function, History, Operation, Outcome, Rank, Span, Value};
use crate::error::{Code, Error};
use crate::sort;

impl History {
    /// Replaces each drain by dequeues, one for each item that it returned, and one that found
    /// nothing if it is ok. Their records are those of the drain. As long as nothing else began or
    /// ended meanwhile, they come one after the other; else they overlap, so that the order of the
    /// items is no evidence. Does nothing to histories without drains, or that were made
    /// [whole](History::whole). O(n log n).
    ///
    /// ```
    /// use histcheck_history::History;
    /// let mut history = History::builder();
    /// history.invoke(0, "drain", ())?;
    /// history.ok(0, "drain", [1, 2])?;
    /// let mut history = history.build()?;
    /// history.expand_drains()?;
    /// assert_eq!(history.operations().len(), 3);
    /// # Ok::<(), histcheck_history::error::Error>(())
    /// ```
    ///
    /// # Errors
    /// If a drain returned something else than a list, or it is not known what it took.
    pub fn expand_drains(&mut self) -> Result<(), Error> {
        let is_drain = |word: &Option<Word>| word.is_some_and(|word| word.verb() == Verb::Drain);
        if self.is_whole || !self.words.iter().any(is_drain) {
            return Ok(());
        }
        let dequeue = self.dequeue()?;
        let mut parts: Vec<Vec<Operation>> = Vec::with_capacity(self.operations.len());
        for operation in &self.operations {
            let drains = is_drain(&self.words[operation.function.index()]);
            parts.push(if drains { self.taken(operation, dequeue)? } else { vec![*operation] });
        }
        let spans = self.spread(&parts);
        if let Some(times) = self.times.as_mut().map(Times::wide) {
            let repeated = times.iter().zip(&parts);
            *times = repeated.flat_map(|(time, part)| vec![*time; part.len()]).collect();
        }
        self.operations = parts.into_iter().flatten().collect();
        self.spans = Some(spans);
        // The other reading of equal times would order dequeues of one drain.
        self.ties = None;
        Ok(())
    }

    /// The function of dequeues.
    fn dequeue(&mut self) -> Result<Function, Error> {
        let name = "dequeue";
        let at = self.functions.iter().position(|function| function == name);
        let at = at.unwrap_or_else(|| {
            self.functions.push(name.to_owned());
            self.words.push(Word::named(name));
            self.functions.len() - 1
        });
        let index = u16::try_from(at);
        index.map(Function::of_index).map_err(|_| {
            Error::new(Code::TooMany, "a history may have up to 65,536 names of operations")
        })
    }

    /// The dequeues that a drain was.
    fn taken(&self, drain: &Operation, dequeue: Function) -> Result<Vec<Operation>, Error> {
        let wrong = |message: &str| {
            Error::new(Code::BadOperation, message)
                .hint("a drain returns the list of the items that it took, in its completion")
                .record(drain.invoked)
        };
        let took = |output: Value, outcome: Outcome| Operation {
            function: dequeue,
            input: Value::NULL,
            output,
            outcome,
            ..*drain
        };
        let items = match self.values.as_list(drain.output) {
            Some(items) => items,
            None if drain.outcome == Outcome::Fail => {
                return Ok(vec![took(Value::NULL, Outcome::Fail)]);
            }
            None if drain.outcome.is_indeterminate() => {
                return Err(wrong("it is not known what this drain took"));
            }
            None if drain.output.is_null() => &[],
            None => return Err(wrong("what this drain returned is no list")),
        };
        if items.contains(&Value::NULL) {
            return Err(wrong("null is no item that this drain can have taken"));
        }
        let mut parts: Vec<Operation> = match drain.outcome {
            Outcome::Fail if items.is_empty() => return Ok(vec![took(Value::NULL, Outcome::Fail)]),
            Outcome::Fail => return Err(wrong("a drain that took something did not fail")),
            _ => items.iter().map(|&item| took(item, Outcome::Ok)).collect(),
        };
        parts.push(match drain.outcome {
            Outcome::Ok => took(Value::NULL, Outcome::Ok),
            // It may have been about to take one more.
            outcome => took(Value::NULL, outcome),
        });
        Ok(parts)
    }

    /// Where the ends of the parts of each operation are among all.
    fn spread(&self, parts: &[Vec<Operation>]) -> Vec<Span> {
        // The ends of whole operations, with the number of the operation.
        let mut ends: Vec<(Rank, usize, bool)> = Vec::with_capacity(2 * parts.len());
        let mut first = 0;
        let mut starts = Vec::with_capacity(parts.len());
        for (index, part) in self.indices().zip(parts) {
            let span = self.span(index);
            ends.push((span.call, starts.len(), false));
            // What crashed has told what it took in its completion.
            let told = part.first().is_some_and(|part| part.outcome == Outcome::Ok);
            let by_record = told && !span.has_returned() && self.spans.is_none();
            let record = self[index].completed.filter(|_| by_record);
            let ret = record.map_or(span.ret, |record| Rank::new(record.index()));
            if ret != Rank::NEVER {
                ends.push((ret, starts.len(), true));
            }
            starts.push(first);
            first += part.len();
        }
        sort::by(&mut ends, |end| end.0);
        let mut spans = vec![Span { call: Rank::NEVER, ret: Rank::NEVER }; first];
        let mut next = 0;
        let mut rank = || {
            next += 1;
            Rank::new(next - 1)
        };
        let mut at_end = 0;
        while let Some(&(_, at, is_return)) = ends.get(at_end) {
            let places = starts[at]..starts[at] + parts[at].len();
            let is_alone = !is_return && ends.get(at_end + 1).is_some_and(|end| end.1 == at);
            at_end += if is_alone { 2 } else { 1 };
            for (place, part) in places.zip(&parts[at]) {
                let returns = !part.outcome.is_indeterminate();
                if !is_return {
                    spans[place].call = rank();
                }
                if (is_return || is_alone) && returns {
                    spans[place].ret = rank();
                }
            }
        }
        spans
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    fn spans(build: impl FnOnce(&mut super::super::HistoryBuilder)) -> Vec<[usize; 2]> {
        let mut builder = History::builder();
        build(&mut builder);
        let mut history = builder.build().unwrap();
        history.expand_drains().unwrap();
        let ends = |index| [history.span(index).call, history.span(index).ret];
        history.indices().map(|index| ends(index).map(Rank::index)).collect()
    }

    #[test]
    fn an_undisturbed_drain_is_one_dequeue_after_the_other() {
        let spans = spans(|history| {
            history.invoke(0, "drain", ()).unwrap();
            history.ok(0, "drain", [7, 8]).unwrap();
            history.invoke(0, "dequeue", ()).unwrap();
            history.ok(0, "dequeue", ()).unwrap();
        });
        assert_eq!(spans, [[0, 1], [2, 3], [4, 5], [6, 7]]);
    }

    #[test]
    fn the_dequeues_of_drains_that_overlap_others_overlap() {
        let spans = spans(|history| {
            history.invoke(0, "drain", ()).unwrap();
            history.invoke(1, "enqueue", 7).unwrap();
            history.ok(0, "drain", [7]).unwrap();
            history.ok(1, "enqueue", 7).unwrap();
        });
        assert_eq!(spans, [[0, 3], [1, 4], [2, 5]]);
    }

    #[test]
    fn what_a_drain_took_has_to_be_known() {
        let refused = |output: Option<&str>| {
            let mut builder = History::builder();
            builder.invoke(0, "drain", ()).unwrap();
            if let Some(output) = output {
                builder.ok(0, "drain", output).unwrap();
            }
            builder.build().unwrap().expand_drains().unwrap_err().code
        };
        assert_eq!([refused(None), refused(Some("x"))], [Code::BadOperation; 2]);
    }
}
