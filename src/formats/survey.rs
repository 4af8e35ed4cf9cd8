//! What the records of a text look like, and what their fields may be: guesses, with the reason for
//! each, for people to look over.

use std::collections::BTreeSet;

use super::content::Content;
use super::roles::{Role, is_of_no_consequence, role};
use crate::error::Error;
use crate::history::{EventType, ValueTable};
use crate::suggest::nearest;
use crate::vocabulary::{Verb, Word, plain};

/// So many records are looked at.
const RECORDS: usize = 1000;
/// So many fields,
const FIELDS: usize = 200;
/// so many values of each,
const VALUES: usize = 24;
/// so deep inside of others.
const DEPTH: usize = 4;
/// Names of operations are at most this long.
const WORD: usize = 40;

/// The fields of the first records of a text.
#[derive(Debug, Default)]
pub struct Survey {
    /// How many records were looked at.
    pub records: usize,
    /// Their fields, in the order in which they appear.
    pub fields: Vec<SurveyedField>,
    /// Whether they are spans of traces.
    pub(super) is_trace: bool,
}

/// One field of a survey.
#[derive(Debug, Default)]
pub struct SurveyedField {
    /// Where it is: its name, behind those of the fields around it.
    pub path: Vec<String>,
    /// In how many records it is there, and not null.
    pub count: usize,
    /// Its values as they are written, as long as they are few and short.
    pub values: BTreeSet<String>,
    /// Whether there are more values than that.
    pub has_more: bool,
    /// In how many records it is a number,
    pub numbers: usize,
    /// and in how many a list.
    pub lists: usize,
    /// How often it is less than in the record before.
    falls: usize,
    last: Option<f64>,
    /// The sum of the numbers, to compare two fields by.
    sum: f64,
    /// The records that have it, with what it holds there, if that is short.
    held: Vec<(usize, String)>,
}

/// A rule for a mapping, and why it is proposed.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Guess {
    /// What is mapped: the name of a field, or of a table of words.
    pub target: &'static str,
    /// Where it is.
    pub path: Vec<String>,
    /// Why.
    pub reason: String,
    /// What its words mean, where they are none that are known; empty where nothing tells.
    pub words: Vec<(String, String)>,
    /// Whether it is read so without a rule.
    pub is_known: bool,
}

impl Survey {
    /// Whether enough was looked at.
    pub(super) fn is_full(&self) -> bool {
        self.records >= RECORDS
    }

    /// Looks at the fields of a record.
    pub(super) fn add<'t, 'n, C: Content<'t>>(
        &mut self,
        fields: impl Iterator<Item = (&'n str, C)>,
        values: &mut ValueTable,
    ) -> Result<(), Error> {
        self.records += 1;
        let mut path = Vec::new();
        for (name, content) in fields {
            // The names of attributes stand behind what holds them.
            let held = name.split_once('.').filter(|_| self.is_trace);
            let (holder, name) = held.map_or((None, name), |(holder, name)| (Some(holder), name));
            path.extend(holder.map(str::to_owned));
            self.look(&mut path, name, content, values)?;
            path.clear();
        }
        Ok(())
    }

    fn look<'t, C: Content<'t>>(
        &mut self,
        path: &mut Vec<String>,
        name: &str,
        content: C,
        values: &mut ValueTable,
    ) -> Result<(), Error> {
        if content.is_null() {
            return Ok(());
        }
        path.push(name.to_owned());
        let mut inner = Vec::new();
        let is_map = content.is_map(values) && path.len() < DEPTH;
        if is_map && content.entries(values, &mut |name, part| inner.push((name, part)))? {
            for (name, part) in inner {
                self.look(path, &name, part, values)?;
            }
        } else if let record = self.records
            && let Some(field) = self.field(path)
        {
            field.count += 1;
            let mut items = 0;
            let is_list = !is_map && content.entries(values, &mut |_, _| items += 1)?;
            field.lists += usize::from(is_list);
            let literal = content.literal(values)?;
            if let Ok(number) = literal.parse::<f64>() {
                field.numbers += 1;
                field.falls += usize::from(field.last.is_some_and(|last| number < last));
                field.last = Some(number);
                field.sum += number;
            }
            let short =
                if literal.len() <= WORD { literal.clone().into_owned() } else { String::new() };
            field.held.push((record, short));
            if field.values.len() < VALUES && literal.len() <= 60 {
                field.values.insert(literal.into_owned());
            } else if !field.values.contains(&*literal) {
                field.has_more = true;
            }
        }
        path.pop();
        Ok(())
    }

    fn field(&mut self, path: &[String]) -> Option<&mut SurveyedField> {
        let at = self.fields.iter().position(|field| field.path == path);
        let at = match at {
            Some(at) => at,
            None if self.fields.len() == FIELDS => return None,
            None => {
                let path = path.to_vec();
                self.fields.push(SurveyedField { path, ..SurveyedField::default() });
                self.fields.len() - 1
            }
        };
        self.fields.get_mut(at)
    }

    /// Returns what the fields may be, and those that are none of it.
    pub fn guesses(&self) -> (Vec<Guess>, Vec<&SurveyedField>) {
        let mut guessing = Guessing { survey: self, guesses: Vec::new(), taken: Vec::new() };
        guessing.by_attribute();
        guessing.by_names();
        guessing.by_contents();
        guessing.name_words();
        let Guessing { guesses, taken, .. } = guessing;
        let rest = self.fields.iter().enumerate().filter(|(at, field)| {
            let name = field.name();
            let is_idle = field.path.len() == 1 && is_of_no_consequence(name);
            !is_idle && !taken.contains(at)
        });
        (guesses, rest.map(|(_, field)| field).collect())
    }
}

impl SurveyedField {
    /// Its own name.
    fn name(&self) -> &str {
        self.path.last().map_or("", String::as_str)
    }

    /// Whether almost all of its values are known, and `is` says that they are such.
    fn all(&self, is: impl Fn(&str) -> bool) -> bool {
        !self.values.is_empty() && !self.has_more && self.values.iter().all(|value| is(value))
    }

    /// Whether loggers write it into every line.
    fn is_of_logger(&self) -> bool {
        const NAMES: [&str; 8] =
            ["level", "lvl", "severity", "loglevel", "msg", "message", "logger", "caller"];
        self.path.len() == 1 && NAMES.contains(&&*plain(self.name()))
    }

    /// How much its name is one of what was done (above 0), or of who or where (below).
    fn is_like_an_operation(&self) -> i32 {
        const DONE: [&str; 9] =
            ["op", "type", "kind", "what", "cmd", "action", "method", "msg", "event"];
        const WHO: [&str; 8] = ["id", "who", "user", "client", "thread", "worker", "node", "host"];
        let path: Vec<String> = self.path.iter().map(|name| plain(name)).collect();
        let has =
            |words: &[&str]| path.iter().any(|name| words.iter().any(|word| name.contains(word)));
        i32::from(has(&DONE)) - i32::from(has(&WHO))
    }

    /// Whether it grows as times do.
    fn is_time(&self) -> bool {
        let is_date = |value: &String| {
            super::time::written(value).is_some_and(|time| time.is_ok()) && value.len() >= 10
        };
        let many = self.has_more || self.values.len() > 2 * self.count / 3;
        let grows = self.numbers == self.count && self.falls * 4 <= self.count;
        // Of two records, the second is later.
        let is_later = self.count == 2 && self.falls == 0 && self.values.len() == 2;
        many && (self.count > 2 || is_later) && (grows || self.values.iter().all(is_date))
    }
}

struct Guessing<'s> {
    survey: &'s Survey,
    guesses: Vec<Guess>,
    taken: Vec<usize>,
}

/// What is looked for by name, and what is then mapped.
const TARGETS: [(Role, &str); 13] = [
    (Role::Process, "process"),
    (Role::Function, "f"),
    (Role::Key, "key"),
    (Role::Call, "call"),
    (Role::Return, "return"),
    (Role::Duration, "duration"),
    (Role::Outcome, "type"),
    (Role::Phase, "type"),
    (Role::Time, "time"),
    (Role::Value, "value"),
    (Role::Input, "input"),
    (Role::Output, "output"),
    (Role::Reply, "output"),
];

impl Guessing<'_> {
    fn has(&self, target: &str) -> bool {
        self.guesses.iter().any(|guess| guess.target == target)
    }

    fn take(&mut self, target: &'static str, at: usize, reason: String) {
        let path = self.survey.fields[at].path.clone();
        let is_known = path.len() == 1 && {
            let own = role(&path[0]).0;
            TARGETS.iter().any(|&(role, name)| role == own && name == target)
        };
        self.taken.push(at);
        self.guesses.push(Guess { target, path, reason, words: Vec::new(), is_known });
    }

    /// Of spans, the attribute whose words are operations: most names of spans are something else.
    fn by_attribute(&mut self) {
        if self.survey.is_trace {
            let is_known = |word: &str| Word::meant(word).is_some();
            let most = self.survey.records / 2;
            let found = self
                .free(|field| field.path.len() == 2 && field.count > most && field.all(is_known));
            self.take_first("f", &found, "its words are operations");
        }
    }

    /// The fields whose names tell what they are: of several, the outermost with the usual name.
    fn by_names(&mut self) {
        for (wanted, target) in TARGETS {
            let fields = self.survey.fields.iter().enumerate();
            let named = fields.filter(|(at, field)| {
                let around = field.path.iter().rev().nth(1).map(|name| role(name).0);
                let own = role(field.name()).0;
                let is_inside_of = |of: &[Role]| around.is_some_and(|role| of.contains(&role));
                let in_call = is_inside_of(&[Role::Input, Role::Function]);
                let in_reply = is_inside_of(&[Role::Output, Role::Reply]);
                let is_wanted = match (wanted, own) {
                    // What is called a value inside of what was returned is that.
                    (Role::Output, Role::Value) => in_reply,
                    (Role::Input, Role::Value) => in_call,
                    (Role::Value, Role::Value) => !in_call && !in_reply,
                    (Role::Input, Role::Input) => !in_reply,
                    _ => own == wanted,
                };
                let is_type =
                    target != "type" || field.all(|word| EventType::meant(word).is_some());
                is_wanted && is_type && !self.taken.contains(at)
            });
            // The name of a span comes behind those of attributes.
            let is_weak = |field: &SurveyedField| self.survey.is_trace && field.name() == "name";
            let best = named
                .min_by_key(|(_, field)| (is_weak(field), field.path.len(), role(field.name()).1));
            if let Some((at, field)) = best
                && !self.has(target)
            {
                self.take(target, at, format!("`{}` is a usual name for it", field.name()));
            }
        }
    }

    /// The fields that nothing was made of so far, and of which `is` says that they are wanted.
    fn free(&self, is: impl Fn(&SurveyedField) -> bool) -> Vec<usize> {
        let fields = self.survey.fields.iter().enumerate();
        let free = fields.filter(|(at, field)| !self.taken.contains(at) && is(field));
        free.map(|(at, _)| at).collect()
    }

    /// The fields whose contents tell what they are.
    fn by_contents(&mut self) {
        let records = self.survey.records;
        if !self.has("f") {
            let is_known = |word: &str| Word::meant(word).is_some();
            // Lines of a log may be about something else.
            let found = self.free(|field| field.count * 2 > records && field.all(is_known));
            self.take_first("f", &found, "its words are operations");
        }
        if !self.has("type") {
            let found = self.free(|field| {
                !field.is_of_logger() && field.all(|word| EventType::meant(word).is_some())
            });
            self.take_first("type", &found, "its words say how operations end");
        }
        self.times();
        let is_small =
            |field: &SurveyedField| field.count == records && field.lists == 0 && !field.has_more;
        if !self.has("f") {
            let mut few =
                self.free(|field| is_small(field) && (2..=12).contains(&field.values.len()));
            few.sort_by_key(|&at| {
                let field = &self.survey.fields[at];
                (-field.is_like_an_operation(), field.values.len())
            });
            self.take_first("f", &few, "a guess: it has few values, which come again and again");
        }
        if !self.has("process") && !self.survey.is_trace {
            let is_few = |field: &SurveyedField| field.values.len() * 2 <= field.count.max(2);
            let is_who = |field: &SurveyedField| !field.is_of_logger() && is_small(field);
            let mut found = self.free(|field| is_who(field) && is_few(field));
            if found.is_empty() {
                found = self.free(|field| is_who(field) && field.is_like_an_operation() < 0);
            }
            found.sort_by_key(|&at| self.survey.fields[at].is_like_an_operation());
            self.take_first("process", &found, "a guess: it has few values, which come again");
        }
        self.inputs_and_outputs();
        if self.has("call") && !self.has("output") && !self.has("value") {
            let found = self.free(|field| {
                let is_whole = field.path.len() == 1 && !is_of_no_consequence(field.name());
                is_whole && field.count < records
            });
            if let [only] = found[..] {
                self.take("output", only, "only some records have it".to_owned());
            }
        }
    }

    /// The fields that only operations have which take something, or return something.
    fn inputs_and_outputs(&mut self) {
        let Some(named) = self.guesses.iter().find(|guess| guess.target == "f") else { return };
        let Some(named) = self.survey.fields.iter().find(|field| field.path == named.path) else {
            return;
        };
        let mut verbs = vec![None; self.survey.records + 1];
        for (record, word) in &named.held {
            verbs[*record] = Word::meant(word).map(Word::verb);
        }
        for (target, what, is_of) in [
            ("input", "take a value", Verb::takes_something as fn(Verb) -> bool),
            ("output", "return one", Verb::answers),
        ] {
            if self.has(target) || self.has("value") {
                continue;
            }
            let found = self.free(|field| {
                let has_only = field.held.iter().all(|&(at, _)| verbs[at].is_some_and(is_of));
                let is_idle = field.path.len() == 1 && is_of_no_consequence(field.name());
                !is_idle && !field.held.is_empty() && has_only
            });
            if let [only] = found[..] {
                let reason = format!("a guess: only operations that {what} have it");
                self.take(target, only, reason);
            }
        }
    }

    fn take_first(&mut self, target: &'static str, found: &[usize], reason: &str) {
        if let Some(&at) = found.first() {
            self.take(target, at, reason.to_owned());
        }
    }

    /// The fields that grow as times do.
    fn times(&mut self) {
        let (records, grows) = (self.survey.records, "it grows from record to record");
        if !self.has("call") && !self.has("time") {
            let mut times = self.free(|field| field.is_time() && field.count * 4 > records * 3);
            times.sort_by(|&a, &b| self.survey.fields[a].sum.total_cmp(&self.survey.fields[b].sum));
            let sum = |at: usize| self.survey.fields[at].sum;
            // The two ends of an operation are closest to each other.
            let pairs =
                times.array_windows().map(|&[call, ret]| (sum(ret) - sum(call), [call, ret]));
            let ends = pairs.min_by(|one, other| one.0.total_cmp(&other.0)).map(|(_, ends)| ends);
            match (ends, &times[..]) {
                (Some([call, ret]), _) => {
                    self.take("call", call, format!("a guess: {grows}"));
                    self.take("return", ret, format!("a guess: {grows}, after `call`"));
                }
                (None, &[only]) if self.survey.records > 2 => {
                    self.take("time", only, format!("a guess: {grows}"));
                }
                _ => {}
            }
        }
        if self.has("call") && !self.has("return") && !self.has("duration") {
            let times = self.free(|field| field.is_time() && field.count * 4 > records);
            self.take_first("return", &times, &format!("a guess: {grows}"));
        }
    }

    /// Says what words mean that are not known.
    fn name_words(&mut self) {
        for guess in &mut self.guesses {
            let Some(field) = self.survey.fields.iter().find(|field| field.path == guess.path)
            else {
                continue;
            };
            let unknown = |is: &dyn Fn(&str) -> bool| {
                field.values.iter().filter(|word| !is(word)).cloned().collect::<Vec<String>>()
            };
            guess.words = match guess.target {
                "f" => unknown(&|word| Word::meant(word).is_some())
                    .into_iter()
                    .map(|word| (near_operation(&word), word))
                    .map(|(meaning, word)| (word, meaning))
                    .collect(),
                "type" => unknown(&|word| EventType::meant(word).is_some())
                    .into_iter()
                    .map(|word| (word, String::new()))
                    .collect(),
                _ => Vec::new(),
            };
        }
    }
}

/// The operation that `word` may be: one that it contains, or is nearly.
fn near_operation(word: &str) -> String {
    const USUAL: [&str; 16] = [
        "read", "write", "get", "put", "cas", "append", "delete", "enqueue", "dequeue", "acquire",
        "release", "add", "remove", "inc", "dec", "transfer",
    ];
    let own = plain(word);
    let inside = USUAL.iter().find(|usual| own.contains(**usual));
    let near = || nearest(&own, USUAL.iter().copied()).first().copied().map(str::to_owned);
    inside.map(|usual| (*usual).to_owned()).or_else(near).unwrap_or_default()
}
