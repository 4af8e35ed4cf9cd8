//! Models by their names, as they are chosen when the program runs.

use super::catalogue::{Entry, ModelOptions, Setup};
use super::table::{CATALOGUE, start};
use super::{AnyModel, Call, Model, Own, View, kv};
use crate::error::{Code, Error};
use crate::history::{Value, ValueTable};
use crate::suggest::nearest;

impl Entry {
    /// The built-in model that is called `name`.
    pub fn find(name: &str) -> Option<&'static Entry> {
        CATALOGUE.iter().find(|entry| entry.name == name)
    }
}

impl AnyModel {
    /// Returns a model of the caller's own as any model.
    pub fn own<M: Model>(model: &M) -> AnyModel {
        AnyModel::Own(Own::new(model.clone()))
    }

    /// Returns whether a call mostly returns nothing, though it may return what it found.
    pub(crate) fn may_find(&self, call: &Call<'_>) -> bool {
        matches!(self, AnyModel::Kv(_)) && kv::is_plain_update(call)
    }

    /// Returns the name of a model of the caller's own: that of its type.
    pub(crate) fn own_name<M: Model>() -> &'static str {
        std::any::type_name::<M>().rsplit("::").next().unwrap_or("custom")
    }

    /// The model called `name`, which starts from `initial`, a value of `values`, or from what is
    /// usual for it.
    ///
    /// ```
    /// use histcheck::history::ValueTable;
    /// use histcheck::model::{AnyModel, ModelOptions};
    ///
    /// let mut values = ValueTable::new();
    /// let three = values.int(3);
    /// let model = AnyModel::by_name("semaphore", Some(three), ModelOptions::default(), &values)?;
    /// assert!(matches!(model, AnyModel::Semaphore(semaphore) if semaphore.permits == 3));
    /// # Ok::<(), histcheck::Error>(())
    /// ```
    ///
    /// # Errors
    /// If there is no such model, or it cannot start from `initial`.
    pub fn by_name(
        name: &str,
        initial: Option<Value>,
        options: ModelOptions,
        values: &ValueTable,
    ) -> Result<AnyModel, Error> {
        let entry = Entry::find(name).ok_or_else(|| no_such_model(name))?;
        let initial = initial.map(|value| View { table: values, value });
        let model = start(entry, &Setup { initial, options });
        model
            .map(|model| model.ignoring(options.ignored_outputs))
            .ok_or_else(|| bad_initial(entry, initial))
    }
}

fn bad_initial(entry: &Entry, initial: Option<View<'_>>) -> Error {
    let given = initial.map_or_else(|| "null".to_owned(), |view| view.to_string());
    Error::new(Code::BadInitial, format!("a {} cannot start from {given}", entry.name))
        .hint(format!("it starts from: {}", entry.initial))
}

/// The error for a name that no model has.
pub(super) fn no_such_model(name: &str) -> Error {
    let error = Error::new(Code::NoModel, format!("there is no model `{name}`"));
    match meant(name) {
        Some(near) => error.hint(format!("did you mean `{near}`?")),
        None => {
            let names: Vec<&str> = CATALOGUE.iter().map(|entry| entry.name).collect();
            error.hint(format!("the models are: {}", names.join(", ")))
        }
    }
}

/// The model whose name is a few letters away from `name`, or is known under this one elsewhere.
fn meant(name: &str) -> Option<&'static str> {
    let name = name.to_ascii_lowercase().replace('_', "-");
    let namesake = CATALOGUE.iter().find(|entry| entry.elsewhere.contains(&name.as_str()));
    let near = || nearest(&name, CATALOGUE.iter().map(|entry| entry.name)).first().copied();
    namesake.map(|entry| entry.name).or_else(near)
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn operations_are_listed_by_name() {
        let entry = Entry::find("register").unwrap();
        assert_eq!(entry.function_names(), "`read`, `write`");
    }

    fn by_name(name: &str, initial: Option<Value>) -> Result<AnyModel, Error> {
        AnyModel::by_name(name, initial, ModelOptions::default(), &ValueTable::new())
    }

    #[test]
    fn every_entry_has_a_model() {
        for entry in CATALOGUE {
            assert!(by_name(entry.name, None).is_ok(), "{}", entry.name);
        }
    }

    #[test]
    fn a_misspelling_gets_a_suggestion() {
        let hint = |name| by_name(name, None).unwrap_err().hint.unwrap();
        assert_eq!(hint("fifo_queue"), "did you mean `fifo-queue`?");
        assert_eq!(hint("regster"), "did you mean `register`?");
        assert_eq!(hint("Lock"), "did you mean `mutex`?");
        assert!(hint("unheard-of").starts_with("the models are: register, "));
        assert_eq!(hint("bag"), "did you mean `unordered-queue`?");
    }

    #[test]
    fn an_initial_value_must_fit() {
        let bad = [
            ("counter", Value::TRUE),
            ("set", Value::TRUE),
            ("semaphore", ValueTable::small_int(0).unwrap()),
            ("mutex", Value::TRUE),
            ("log", ValueTable::small_int(3).unwrap()),
            ("bank", Value::TRUE),
        ];
        for (name, value) in bad {
            let error = by_name(name, Some(value)).unwrap_err();
            assert_eq!(error.code, Code::BadInitial, "{name}");
        }
    }
}
