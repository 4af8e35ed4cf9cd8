//! What is expected of a history: what its metadata says, or, in a format without metadata, its row
//! in the index.

use histcheck::History;
use histcheck::Verdict;
use histcheck::history::{Record, Shape, Value};

use crate::index;

/// What is expected of a history.
pub(crate) struct Expected {
    pub(crate) model: String,
    /// Whether the model also follows from the operations alone.
    pub(crate) is_inferred: bool,
    pub(crate) verdict: Verdict,
    /// The anomaly's name and the record of the operation that gives it away, if it is invalid.
    pub(crate) anomaly: Option<(String, Record)>,
    /// Whether operations are stuck.
    pub(crate) is_stuck: bool,
    /// Verdicts under other settings, each by a flag of the command line.
    pub(crate) also: Vec<(String, Verdict)>,
    pub(crate) story: String,
}

impl Expected {
    /// What is expected of `history`, which is in the file `name`.
    pub(crate) fn of(name: &str, history: &History) -> Result<Expected, String> {
        if history.metadata().is_none() {
            return index::expected(name);
        }
        let text = |field: &str| {
            let name = history.metadata_field(field).and_then(|v| history.values().as_name(v));
            name.map(str::to_owned)
        };
        let needed = |field: &str| text(field).ok_or(format!("the metadata lacks `{field}`"));
        let operation = history.metadata_field("operation").map(|v| history.values().as_int(v));
        let anomaly = match (text("anomaly"), operation) {
            (None, None) => None,
            (Some(anomaly), Some(Some(at))) => {
                Some((anomaly, usize::try_from(at).map(Record::new).map_err(|e| e.to_string())?))
            }
            _ => return Err("`anomaly` and `operation` (a record) belong together".to_owned()),
        };
        let inferred = history.metadata_field("inferred");
        Ok(Expected {
            model: needed("model")?,
            is_inferred: inferred != Some(Value::bool(false)),
            verdict: verdict(&needed("verdict")?)?,
            anomaly,
            is_stuck: history.metadata_field("stuck") == Some(Value::bool(true)),
            also: also(history)?,
            story: needed("story")?,
        })
    }

    /// Whether the expectation is complete and makes sense in itself.
    pub(crate) fn validate(&self) -> Result<(), String> {
        let invalid = self.verdict == Verdict::Invalid;
        if invalid != self.anomaly.is_some() {
            return Err("invalid histories, and no others, have an anomaly".to_owned());
        }
        let story = self.story.trim();
        if story.len() < 20 || !story.ends_with('.') || story.contains(['\n', '|']) {
            return Err(format!("the story is no sentence on a line of its own: {story:?}"));
        }
        Ok(())
    }
}

/// The verdict called `name`.
pub(crate) fn verdict(name: &str) -> Result<Verdict, String> {
    [Verdict::Valid, Verdict::Invalid]
        .into_iter()
        .find(|verdict| verdict.name() == name)
        .ok_or_else(|| format!("no history can be expected to be `{name}`"))
}

/// The verdicts under other settings.
fn also(history: &History) -> Result<Vec<(String, Verdict)>, String> {
    let Some(field) = history.metadata_field("also") else { return Ok(Vec::new()) };
    let values = history.values();
    let Shape::Map(flat) = values.shape(field) else { return Err("`also` is no map".to_owned()) };
    let pair = |pair: &[Value]| match (values.as_name(pair[0]), values.as_name(pair[1])) {
        (Some(flag), Some(name)) => Ok((flag.to_owned(), verdict(name)?)),
        _ => Err("`also` needs flags and verdicts".to_owned()),
    };
    flat.chunks_exact(2).map(pair).collect()
}
