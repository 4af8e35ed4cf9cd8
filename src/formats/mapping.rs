//! What a user says of records that other programs wrote: which field is what, which words mean
//! what, where the records are, and what unit times have.

use std::borrow::Cow;

use super::content::missing;
use super::roles::Role;
use crate::error::{Code, Error};
use crate::history::{Clients, HistoryBuilder};

/// How records are read whose fields histcheck does not know by their names: rules such as
/// `process=.ClientId`, `f:0=get` and `ignore=.Debug`.
///
/// ```
/// use std::sync::Arc;
/// use histcheck::formats::{Input, Mapping, ReadOptions};
/// use histcheck::history::Settings;
/// let text = r#"{"who": 0, "what": {"o": 1, "v": 5}, "from": 1, "till": 2}"#;
/// let mut mapping = Mapping::default();
/// for rule in ["process=.who", "f=.what.o", "f:1=write", "input=.what.v", "call=.from"] {
///     mapping.add(rule)?;
/// }
/// mapping.add("return=.till")?;
/// let options = ReadOptions { mapping: Some(Arc::new(mapping)), ..ReadOptions::default() };
/// let history = Input::from_bytes(text.into(), options)?.history(Settings::default())?;
/// let [write] = history.operations() else { panic!() };
/// assert_eq!(history.function(write.function), "write");
/// assert_eq!(history.values().to_json(write.input), "5");
/// # Ok::<(), histcheck::Error>(())
/// ```
#[derive(Clone, Debug, Default)]
pub struct Mapping {
    fields: Vec<FieldRule>,
    words: Vec<WordRule>,
    records: Vec<Path>,
    time_unit: Option<i64>,
    clients: Clients,
    file: Option<String>,
}

/// A rule that says where something stands.
#[derive(Clone, Debug)]
pub(super) struct FieldRule {
    pub(super) target: Target,
    pub(super) path: Path,
}

/// A rule that says what a word or a value means where this is told.
#[derive(Clone, Debug)]
struct WordRule {
    target: Target,
    word: String,
    meaning: String,
}

/// What a rule is about.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Target {
    Process,
    Type,
    Function,
    Value,
    Key,
    Time,
    Input,
    Output,
    Call,
    Return,
    Duration,
    Outcome,
    /// What a compare-and-set expects,
    From,
    /// and what it writes.
    To,
    /// Nothing: the field is known, and not to be used.
    Ignore,
}

impl Target {
    const ALL: [Target; 15] = [
        Target::Process,
        Target::Type,
        Target::Function,
        Target::Value,
        Target::Key,
        Target::Time,
        Target::Input,
        Target::Output,
        Target::Call,
        Target::Return,
        Target::Duration,
        Target::Outcome,
        Target::From,
        Target::To,
        Target::Ignore,
    ];

    /// Returns the name of the field that records have for it.
    pub(super) fn name(self) -> &'static str {
        match self {
            Target::Process => "process",
            Target::Type => "type",
            Target::Function => "f",
            Target::Value => "value",
            Target::Key => "key",
            Target::Time => "time",
            Target::Input => "input",
            Target::Output => "output",
            Target::Call => "call",
            Target::Return => "return",
            Target::Duration => "duration",
            Target::Outcome => "outcome",
            Target::From => "from",
            Target::To => "to",
            Target::Ignore => "ignore",
        }
    }

    /// Tells whether null is one of the things that may stand there.
    pub(super) fn keeps_null(self) -> bool {
        use Target::{From, Input, Output, To, Value};
        matches!(self, From | Input | Output | To | Value)
    }

    /// Returns what plays this role where no rule says so.
    fn role(self) -> Role {
        match self {
            Target::Process => Role::Process,
            Target::Type | Target::Outcome => Role::Outcome,
            Target::Function => Role::Function,
            Target::Value => Role::Value,
            Target::Key => Role::Key,
            Target::Time => Role::Time,
            Target::Input => Role::Input,
            Target::Output => Role::Output,
            Target::Call => Role::Call,
            Target::Return => Role::Return,
            Target::Duration => Role::Duration,
            Target::From | Target::To | Target::Ignore => Role::Other,
        }
    }
}

/// Where in a record something stands: the names of the fields, from the outermost on.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) struct Path(pub(super) Vec<String>);

impl Path {
    /// Reads `.Input.Op`, `."a field".x`, `.attributes["a.b"]` or `.args[0]`.
    fn parse(text: &str) -> Option<Path> {
        let mut names = Vec::new();
        let mut rest = text;
        while !rest.is_empty() {
            if let Some(inside) = rest.strip_prefix("[\"") {
                let (name, behind) = inside.split_once("\"]")?;
                if name.is_empty() {
                    return None;
                }
                names.push(name.to_owned());
                rest = behind;
                continue;
            }
            if let Some(inside) = rest.strip_prefix('[') {
                let (index, behind) = inside.split_once(']')?;
                index.parse::<u32>().ok()?;
                names.push(index.to_owned());
                rest = behind;
                continue;
            }
            rest = rest.strip_prefix('.')?;
            let (name, behind) = match rest.strip_prefix('"') {
                Some(inside) => inside.split_once('"')?,
                None => rest.split_at(rest.find(['.', '[']).unwrap_or(rest.len())),
            };
            if name.is_empty() {
                return None;
            }
            names.push(name.to_owned());
            rest = behind;
        }
        (!names.is_empty()).then_some(Path(names))
    }

    /// Returns it as a rule has it: `.Input.Op`, `."a field".x`.
    pub(super) fn rule(&self) -> String {
        let is_plain = |name: &String| name.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_');
        let part = |name: &String| match is_plain(name) {
            true => format!(".{name}"),
            false => format!(".\"{name}\""),
        };
        self.0.iter().map(part).collect()
    }

    /// Returns it as a report names it: `Input.Op`.
    pub(super) fn dotted(&self) -> String {
        self.0.join(".")
    }
}

/// Returns the option that maps `target` to the field that a report calls `name`, as a shell takes
/// it: `--map input=.Input.Ttl`.
pub(crate) fn map_option(target: &str, name: &str) -> String {
    // What a rule took the place of has a point in front.
    let path = match name.starts_with('.') {
        true => name.to_owned(),
        false => format!(".{name}"),
    };
    let path = match Path::parse(&path) {
        Some(_) => path,
        None => format!(".\"{name}\""),
    };
    let is_plain = |c: char| c.is_alphanumeric() || matches!(c, '.' | '_' | '-');
    match path.chars().all(is_plain) {
        true => format!("--map {target}={path}"),
        false => format!("--map '{target}={path}'"),
    }
}

/// So many rules tell where something stands; which of them matched is a set of bits.
pub(super) const MOST: usize = 64;

impl Mapping {
    /// Adds a rule: `NAME=.PATH` says where something stands, `NAME:WORD=MEANING` what a word or
    /// value there means. Of several paths for one name, the first that a record has counts. The
    /// names are those of fields: process, type, f, value, key, time, input, output, call, return,
    /// duration, outcome; `from` and `to` for the two values of a compare-and-set, `ignore` for
    /// what is not to be used, and `records` for where a list of records is.
    ///
    /// # Errors
    /// If the rule is no such rule.
    pub fn add(&mut self, rule: &str) -> Result<(), Error> {
        let Some((left, right)) = split_rule(rule) else {
            return Err(bad(rule, "has no `=`"));
        };
        let (name, word) = match left.split_once(':') {
            Some((name, word)) => (name.trim(), Some(word)),
            None => (left.trim(), None),
        };
        if name == "records" && word.is_none() {
            self.records.push(Path::parse(right.trim()).ok_or_else(|| no_path(rule, right))?);
            return Ok(());
        }
        let Some(target) = Target::ALL.into_iter().find(|target| target.name() == name) else {
            let names = Target::ALL.map(Target::name).join(", ");
            return Err(bad(rule, &format!("maps `{name}`, which is none of {names}, records")));
        };
        match word {
            None => {
                let path = Path::parse(right.trim()).ok_or_else(|| no_path(rule, right))?;
                if self.fields.len() == MOST {
                    return Err(bad(rule, "is one too many: a mapping may have 64 paths"));
                }
                self.fields.push(FieldRule { target, path });
            }
            Some(_) if matches!(target, Target::Ignore | Target::From | Target::To) => {
                return Err(bad(rule, &format!("gives words to `{name}`, which takes a path")));
            }
            Some(word) => self.words.push(WordRule {
                target,
                word: unquoted(word).into_owned(),
                meaning: right.to_owned(),
            }),
        }
        Ok(())
    }

    /// Lets bare numbers that are times count `nanoseconds` each.
    pub fn set_time_unit(&mut self, nanoseconds: i64) {
        self.time_unit = Some(nanoseconds);
    }

    /// Lets only processes of these names or numbers be clients, and none of those in `never`. A
    /// name may end in `*` for whatever follows.
    pub fn set_clients(&mut self, clients: Clients) {
        self.clients = clients;
    }

    /// Lets reports name the file that some of the rules are from.
    pub fn set_file(&mut self, name: String) {
        self.file = Some(name);
    }

    /// Tells `builder` what it has to know of the rules.
    pub(super) fn introduce(&self, builder: &mut HistoryBuilder) {
        builder.set_clients(self.clients.clone());
        if let Some(file) = &self.file {
            builder.takes("rules", file);
        }
    }

    pub(super) fn clients(&self) -> &Clients {
        &self.clients
    }

    pub(super) fn time_unit(&self) -> Option<i64> {
        self.time_unit
    }

    pub(super) fn fields(&self) -> &[FieldRule] {
        &self.fields
    }

    pub(super) fn records(&self) -> &[Path] {
        &self.records
    }

    /// Tells whether what is at `path`, or what holds it, is not to be used.
    pub(super) fn ignores(&self, path: &[String]) -> bool {
        let mut rules = self.fields.iter().filter(|rule| rule.target == Target::Ignore);
        rules.any(|rule| path.starts_with(&rule.path.0))
    }

    /// Tells whether words or values of `target` have meanings.
    pub(super) fn has_words(&self, target: Target) -> bool {
        self.words.iter().any(|rule| rule.target == target)
    }

    /// Returns what `word` means where `target` is told.
    pub(super) fn meaning(&self, target: Target, word: &str) -> Option<&str> {
        let is_rule = |rule: &&WordRule| rule.target == target && rule.word == word;
        self.words.iter().find(is_rule).map(|rule| &*rule.meaning)
    }

    /// Tells whether a rule says where what plays `role` stands.
    pub(super) fn places(&self, role: Role) -> bool {
        role != Role::Other && self.fields.iter().any(|rule| rule.target.role() == role)
    }

    /// Returns `error`; if that is about a field that a rule says where to find, in terms of the
    /// rule.
    pub(super) fn explain(&self, error: Error) -> Error {
        let mapped = self.fields.iter().find(|rule| {
            error.code == Code::MissingField && error.message == missing(rule.target.name()).message
        });
        let Some(FieldRule { target, path, .. }) = mapped else { return error };
        let (name, path) = (target.name(), path.dotted());
        let message = format!("the record has no field `.{path}` that `{name}` is mapped to");
        Error { message, ..error }
            .hint("`histcheck init FILE` shows the fields of the first records")
    }

    /// Returns the error about a rule that matched no record, if there is one; `found` has a bit
    /// for each that did.
    pub(super) fn check_found(&self, found: u64) -> Result<(), Error> {
        let is_found = |at: usize| found >> at & 1 == 1;
        for (at, rule) in self.fields.iter().enumerate() {
            let has_other = || {
                let mut others = self.fields.iter().enumerate();
                others.any(|(other, with)| with.target == rule.target && is_found(other))
            };
            if rule.target != Target::Ignore && !is_found(at) && !has_other() {
                let (name, path) = (rule.target.name(), rule.path.dotted());
                return Err(Error::new(
                    Code::BadMapping,
                    format!("no record has the field `.{path}` that `{name}` is mapped to"),
                )
                .hint("`histcheck init FILE` shows the fields of the first records"));
            }
        }
        Ok(())
    }
}

/// The two sides of a rule; a word in quotes may hold an `=`.
fn split_rule(rule: &str) -> Option<(&str, &str)> {
    let from = match rule.find(":\"") {
        Some(at) if rule.find('=').is_some_and(|equals| at < equals) => {
            at + 2 + rule[at + 2..].find('"')? + 1
        }
        _ => 0,
    };
    let at = from + rule[from..].find('=')?;
    Some((&rule[..at], &rule[at + 1..]))
}

/// A word without the double quotes around it.
fn unquoted(word: &str) -> Cow<'_, str> {
    let inside = word.strip_prefix('"').and_then(|word| word.strip_suffix('"'));
    Cow::Borrowed(inside.unwrap_or(word))
}

fn bad(rule: &str, what: &str) -> Error {
    let rule = super::content::quoted(rule);
    Error::new(Code::BadMapping, format!("the mapping {rule} {what}"))
        .hint("a mapping is NAME=.PATH, as in f=.Input.Op, or NAME:WORD=MEANING, as in f:0=get")
}

fn no_path(rule: &str, path: &str) -> Error {
    bad(rule, &format!("names no field: {} is no path", super::content::quoted(path)))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn paths_name_fields_and_items() {
        let path = |text| Path::parse(text).map(|path| path.0);
        assert_eq!(path(".a"), Some(vec!["a".to_owned()]));
        assert_eq!(path(".Input.Op").unwrap(), ["Input", "Op"]);
        assert_eq!(path(".args[0].x").unwrap(), ["args", "0", "x"]);
        assert_eq!(path(".\"a.b c\".d").unwrap(), ["a.b c", "d"]);
        assert_eq!(path(".a[\"b.c\"].d").unwrap(), ["a", "b.c", "d"]);
        for bad in ["", "a", ".", ".a.", "..a", ".a[", ".a[x]", ".\"a", ".a[\"\"]", ".a[\"b]"] {
            assert_eq!(path(bad), None, "{bad}");
        }
    }

    #[test]
    fn rules_are_paths_or_words() {
        let mut mapping = Mapping::default();
        for rule in ["f = .op", "f:0=get", "type:\"a=b\"=ok", "output:=null", "records=.x.y"] {
            mapping.add(rule).unwrap();
        }
        assert_eq!(mapping.fields()[0].path.dotted(), "op");
        assert_eq!(mapping.meaning(Target::Function, "0"), Some("get"));
        assert_eq!(mapping.meaning(Target::Type, "a=b"), Some("ok"));
        assert_eq!(mapping.meaning(Target::Output, ""), Some("null"));
        assert!(mapping.places(Role::Function) && !mapping.places(Role::Key));
        for rule in ["f", "g=.x", "f=x", "f=", "ignore:x=y", "records:x=.y"] {
            let error = mapping.add(rule).unwrap_err();
            assert!(error.code == Code::BadMapping && error.hint.is_some(), "{rule}");
        }
    }

    #[test]
    fn what_no_record_has_is_told() {
        let mut mapping = Mapping::default();
        for rule in ["f=.a", "f=.b", "key=.c", "ignore=.d"] {
            mapping.add(rule).unwrap();
        }
        assert!(mapping.check_found(0b0110).is_ok());
        assert!(mapping.check_found(0b0101).is_ok());
        assert!(mapping.check_found(0b0011).unwrap_err().message.contains("`.c`"));
        assert!(mapping.check_found(0b0100).unwrap_err().message.contains("`.a`"));
    }
}
