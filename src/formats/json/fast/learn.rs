//! Makes a [`Plan`] from a record: the record is read as any other is, but by contents that note
//! what they are asked, and that become marks instead of values. The plan holds for all records of
//! which these questions have the same answers, and does with their contents what was done with the
//! marks. So no rule about what records mean is repeated here.

use std::borrow::Cow;
use std::cell::RefCell;
use std::ops::Range;

use super::plan::{Extra, Leaf, MOST_LEAVES, Plan, Source, Usage, kind};
use super::scan::Scanner;
use crate::error::Error;
use crate::formats::content::Content;
use crate::formats::fields::Fields;
use crate::formats::json::Cell;
use crate::formats::json::objects::fields_of;
use crate::formats::mapping::Mapping;
use crate::formats::sink::Sink;
use crate::formats::trace::{Became, Ends, Step, Trace};
use crate::history::{HistoryBuilder, Lacking, Shape, Time, Value, ValueTable};

/// A record of more bytes than this has no plan: many attempts at a plan cost no more than reading
/// the text once.
const LONGEST: usize = 1 << 16;
/// What stands for the process: which number it is makes no difference.
const PROCESS: i64 = 1_000_003;
/// What stands for the time in the first field. So few fields follow that no mark is another in a
/// different unit, nor a sum of two.
const TIME: i64 = 1 << 20;
/// The units that times may have, in nanoseconds.
const UNITS: [i64; 4] = [1, 1_000, 1_000_000, 1_000_000_000];

/// Returns the plan for records like that at byte `at` of `text`, if there can be one. The time for
/// it is that of reading some twenty records.
pub(super) fn learn(text: &str, at: usize, mapping: Option<&Mapping>) -> Option<Plan> {
    let text = &text[..text.floor_char_boundary(at.saturating_add(LONGEST))];
    let trace = Trace::default();
    let nodes = Nodes { nodes: RefCell::default(), trace: &trace };
    let mut fields = Fields::default();
    let end = fields_of(text, at, &mut |name, cell| fields.push(name, nodes.marked(cell))).ok()?;
    let mut builder = HistoryBuilder::default();
    let mut sink = Sink::new(&mut builder);
    (sink.mapping, sink.trace) = (mapping, Some(&trace));
    fields.put(&mut sink).ok()?;
    let (rules, is_no_request) = (sink.found_rules, sink.has_no_requests);
    drop(fields);
    let nodes = nodes.nodes.into_inner();
    let learned = Learned::of(trace.steps()?, builder.values(), &nodes)?;
    learned.plan(text, at..end, Plan { rules, is_no_request, ..Plan::default() })
}

/// A field of the record, or a part of one.
struct Node {
    start: usize,
    len: usize,
    /// The kind of its content, and the kinds of which all answers are the same.
    kind: u16,
    kinds: u16,
    /// Whether its parts are nodes, too.
    is_open: bool,
    /// Whether its text makes a difference.
    is_read: bool,
    /// Whether it was asked whether it is the record's position.
    may_be_index: bool,
    is_process: bool,
    is_time: bool,
    /// What stands for its value, once that was asked for.
    mark: Option<Value>,
}

impl Node {
    /// Notes that it makes a difference whether the kind is one of these.
    fn is(&mut self, kinds: u16) -> bool {
        let is = self.kind & kinds != 0;
        self.kinds &= if is { kinds } else { !kinds };
        is
    }
}

/// All nodes of the record.
struct Nodes<'n> {
    nodes: RefCell<Vec<Node>>,
    trace: &'n Trace,
}

impl<'n> Nodes<'n> {
    /// The content that notes what it is asked.
    fn marked<'t>(&'n self, cell: Cell<'t>) -> Marked<'t, 'n> {
        let mut nodes = self.nodes.borrow_mut();
        let known = nodes.iter().position(|node| node.start == cell.offset);
        let number = known.unwrap_or_else(|| {
            nodes.push(Node {
                start: cell.offset,
                len: cell.text.len(),
                kind: Scanner::new(cell.text, 0).kind_here().unwrap_or(kind::NUMBER),
                kinds: kind::ALL,
                is_open: false,
                is_read: false,
                may_be_index: false,
                is_process: false,
                is_time: false,
                mark: None,
            });
            nodes.len() - 1
        });
        Marked { cell, number, nodes: self }
    }
}

/// The content of a field that notes what it is asked.
#[derive(Clone, Copy)]
struct Marked<'t, 'n> {
    cell: Cell<'t>,
    number: usize,
    nodes: &'n Nodes<'n>,
}

impl Marked<'_, '_> {
    fn with<T>(&self, use_node: impl FnOnce(&mut Node) -> T) -> T {
        use_node(&mut self.nodes.nodes.borrow_mut()[self.number])
    }

    fn is(&self, kinds: u16) -> bool {
        self.with(|node| node.is(kinds))
    }

    fn give_up(&self) {
        self.nodes.trace.give_up();
    }

    /// Notes that its value was asked for.
    fn used(&self) {
        self.nodes.trace.add(Step::Uses(self.number));
    }

    /// What stands for its value.
    fn mark(&self, values: &mut ValueTable) -> Value {
        if self.is(kind::MAP) {
            self.give_up();
        }
        self.used();
        // No text has such a symbol.
        let mark = values.symbol(&format!("\0{}", self.number));
        self.with(|node| node.mark = Some(mark));
        mark
    }
}

impl<'t> Content<'t> for Marked<'t, '_> {
    fn offset(&self) -> usize {
        self.cell.offset()
    }

    fn is_null(&self) -> bool {
        self.is(kind::NULL)
    }

    fn is_int(&self, _: usize) -> bool {
        self.with(|node| node.may_be_index = true);
        false
    }

    fn value(&self, values: &mut ValueTable) -> Result<Value, Error> {
        for (kind, value) in
            [(kind::NULL, Value::NULL), (kind::FALSE, Value::FALSE), (kind::TRUE, Value::TRUE)]
        {
            if self.is(kind) {
                return Ok(value);
            }
        }
        Ok(self.mark(values))
    }

    fn kept(&self, values: &mut ValueTable) -> Result<Value, Error> {
        Ok(self.mark(values))
    }

    fn looked_into(&self, values: &mut ValueTable) -> Result<Value, Error> {
        self.with(|node| node.is_read = true);
        self.cell.looked_into(values)
    }

    fn word(&self, field: &str, values: &ValueTable) -> Result<Cow<'t, str>, Error> {
        self.with(|node| node.is_read = true);
        self.cell.word(field, values)
    }

    fn process(&self, values: &mut ValueTable) -> Result<Value, Error> {
        if !self.is(kind::ZERO | kind::NUMBER) {
            self.give_up();
        }
        self.used();
        self.with(|node| node.is_process = true);
        self.cell.process(values).map(|_| values.int(PROCESS))
    }

    fn time(&self, field: &str, values: &ValueTable) -> Result<Time, Error> {
        let number = self.is_number();
        let time = self.cell.time(field, values);
        if time.is_err() || !number && !self.is(kind::TEXT) {
            self.give_up();
        }
        self.with(|node| node.is_time = true);
        time.map(|_| Time::Whole(TIME + self.number as i64))
    }

    fn shown(&self, values: &ValueTable) -> String {
        self.with(|node| node.is_read = true);
        self.cell.shown(values)
    }

    fn is_map(&self, _: &ValueTable) -> bool {
        self.is(kind::MAP)
    }

    fn is_zero(&self) -> bool {
        self.is(kind::NULL | kind::FALSE | kind::EMPTY | kind::ZERO)
    }

    fn literal(&self, values: &ValueTable) -> Result<Cow<'t, str>, Error> {
        self.with(|node| node.is_read = true);
        self.cell.literal(values)
    }

    fn is_number(&self) -> bool {
        self.is(kind::ZERO | kind::NUMBER)
    }

    fn is_bare(&self, values: &ValueTable) -> bool {
        // A number of any kind is one without a unit.
        self.is_number() || self.literal(values).is_ok_and(|literal| literal.parse::<f64>().is_ok())
    }

    fn entries(
        &self,
        values: &mut ValueTable,
        take: &mut dyn FnMut(Cow<'t, str>, Self),
    ) -> Result<bool, Error> {
        if self.is(kind::LIST | kind::MAP) {
            self.with(|node| node.is_open = true);
        }
        self.cell.entries(values, &mut |name, cell| take(name, self.nodes.marked(cell)))
    }
}

/// What a trace tells.
struct Learned<'n> {
    nodes: &'n [Node],
    became: Became,
    function: String,
    values: &'n ValueTable,
    /// The nodes whose values were asked for, in this order.
    uses: Vec<usize>,
    extras: Vec<(String, usize)>,
    takes: Vec<(&'static str, String)>,
    lacks: Option<Lacking>,
}

impl<'n> Learned<'n> {
    /// `None` if there were other steps than a plan can have.
    fn of(steps: Vec<Step>, values: &'n ValueTable, nodes: &'n [Node]) -> Option<Self> {
        let (mut uses, mut extras, mut takes) = (Vec::new(), Vec::new(), Vec::new());
        let (mut lacks, mut became) = (None, None);
        let mut last = None;
        for step in steps {
            if became.is_some() {
                return None;
            }
            match step {
                Step::Uses(number) => {
                    last = Some(number);
                    uses.push(number);
                }
                // Its value is the one that was asked for last, so that the order is known.
                Step::Extra(name, value) => {
                    let number = last.take().filter(|&at: &usize| nodes[at].mark == Some(value))?;
                    extras.push((name, number));
                }
                Step::Takes(role, path) => takes.push((role, path)),
                Step::Lacks(lacking) if lacks.is_none() => lacks = Some(lacking),
                Step::Lacks(_) => return None,
                Step::Becomes(record, function) => became = Some((record, function)),
            }
        }
        let (became, function) = became?;
        Some(Learned { nodes, became, function, values, uses, extras, takes, lacks })
    }

    /// The numbers of the nodes whose marks `value` consists of; none if it is the same always.
    fn marked(&self, value: Value) -> Option<Vec<usize>> {
        let number = |value| self.nodes.iter().position(|node| node.mark == Some(value));
        match self.values.shape(value) {
            _ if !value.is_stored() => Some(Vec::new()),
            Shape::List(&[one, other]) => Some(vec![number(one)?, number(other)?]),
            _ => Some(vec![number(value)?]),
        }
    }

    /// The node whose mark `time` is, with the unit that it was given.
    fn moment(&self, time: Time) -> Option<(usize, Option<i64>)> {
        let at = |mark: i64| {
            let number = usize::try_from(mark.checked_sub(TIME)?).ok()?;
            self.nodes.get(number).filter(|node| node.is_time).map(|_| number)
        };
        match time {
            Time::Whole(mark) => Some((at(mark)?, None)),
            Time::Seconds(_) => None,
            Time::Exact(mark) => UNITS.into_iter().find_map(|unit| {
                let number = (mark % unit == 0).then(|| at(mark / unit))??;
                Some((number, Some(unit)))
            }),
        }
    }

    fn origins(&self) -> Option<Origins> {
        let Became { process, input, output, key, .. } = self.became;
        let processes = (0..self.nodes.len()).filter(|&number| self.nodes[number].is_process);
        let key = key.map_or(Some(Vec::new()), |key| self.marked(key).filter(|of| of.len() == 1));
        Some(Origins {
            process: process.map_or_else(Vec::new, |_| processes.collect()),
            input: self.marked(input)?,
            output: self.marked(output)?,
            key: key?,
            extras: self.extras.iter().map(|(_, number)| *number).collect(),
        })
    }

    /// What each node is used for. `None` if that is not all that it was asked for.
    fn usages(&self, of: &Origins) -> Option<Vec<Usage>> {
        let mut usages = vec![Usage::Nothing; self.nodes.len()];
        let mut set = |number: usize, usage: Usage| {
            let slot = &mut usages[number];
            let is_free = *slot == Usage::Nothing || *slot == usage && usage == Usage::Value;
            *slot = usage;
            is_free.then_some(())
        };
        for &number in &of.process {
            set(number, Usage::Process)?;
        }
        if let Some(call) = self.became.call {
            let (number, unit) = self.moment(call)?;
            set(number, Usage::Call(unit))?;
        }
        if let Some(time) = self.became.time {
            let (number, unit) = self.moment(time)?;
            set(number, Usage::Time(unit))?;
        }
        for &number in [&of.input, &of.output, &of.key, &of.extras].into_iter().flatten() {
            set(number, Usage::Value)?;
        }
        // What was taken for a process or a time has to be one.
        let is_as_asked = |(node, usage): (&Node, &Usage)| match usage {
            Usage::Process => node.is_process && !node.is_time,
            Usage::Call(_) | Usage::Time(_) => node.is_time && !node.is_process,
            _ => node.is_read || !(node.is_process || node.is_time),
        };
        let is_sound = self.nodes.iter().zip(&usages).all(is_as_asked) && of.process.len() < 2;
        // Nothing else became a value.
        let marks = self.nodes.iter().filter(|node| node.mark.is_some()).count();
        let pairs = [&of.input, &of.output].into_iter().filter(|of| of.len() == 2).count();
        let stored = self.values.len() - ValueTable::default().len();
        (is_sound && marks + pairs == stored).then_some(usages)
    }

    /// Whether the input becomes a value before all others. `None` if values are stored in an order
    /// that no plan has.
    fn input_first(&self, of: &Origins) -> Option<bool> {
        let is_order = |parts: [&[usize]; 5]| {
            let mut wanted = parts.concat();
            let mut uses = self.uses.clone();
            leave_first(&mut wanted);
            leave_first(&mut uses);
            wanted == uses
        };
        let Origins { process, input, output, key, extras } = of;
        let usual = match self.became.ends {
            Ends::Event(_) => [process, input, key, output, extras],
            Ends::Whole(_) => [process, key, input, output, extras],
        };
        if is_order(usual.map(|part| &part[..])) {
            return Some(false);
        }
        let input_first = [input, process, key, output, extras];
        is_order(input_first.map(|part| &part[..])).then_some(true)
    }

    /// Completes `plan` for records like that in `range` of `text`.
    fn plan(self, text: &str, range: Range<usize>, plan: Plan) -> Option<Plan> {
        let of = self.origins()?;
        let usages = self.usages(&of)?;
        let input_first = self.input_first(&of)?;
        let (parts, tail, leaves) = parts(text, range, self.nodes, &usages)?;
        let source = |value: Value, numbers: &[usize]| match numbers {
            [] => Some(Source::Fixed(value)),
            [at] => Some(Source::Leaf(leaves[*at]?)),
            [one, other] => Some(Source::Pair(leaves[*one]?, leaves[*other]?)),
            _ => None,
        };
        let extra = |(name, number): &(String, usize)| {
            let may_be_index = self.nodes[*number].may_be_index;
            Some(Extra { name: name.clone(), leaf: leaves[*number]?, may_be_index })
        };
        Some(Plan {
            parts,
            tail,
            ends: self.became.ends,
            process: source(Value::NULL, &of.process)?,
            input: source(self.became.input, &of.input)?,
            output: source(self.became.output, &of.output)?,
            key: source(Value::NULL, &of.key)?,
            input_first,
            extras: self.extras.iter().map(extra).collect::<Option<_>>()?,
            function: self.function,
            takes: self.takes,
            lacks: self.lacks,
            ..plan
        })
    }
}

/// The numbers of the nodes that parts of a record come from: two make a list, and what comes from
/// none is always the same.
struct Origins {
    process: Vec<usize>,
    input: Vec<usize>,
    output: Vec<usize>,
    key: Vec<usize>,
    extras: Vec<usize>,
}

/// Leaves the first of each number.
fn leave_first(numbers: &mut Vec<usize>) {
    let mut seen = Vec::new();
    numbers.retain(|number| {
        let is_first = !seen.contains(number);
        seen.push(*number);
        is_first
    });
}

/// The text of a record, cut into contents that may differ and what is always the same.
type Parts = (Vec<(Box<[u8]>, Leaf)>, Box<[u8]>, Vec<Option<u8>>);

/// Cuts the record in `range` of `text`; with the number of the leaf that each node is.
fn parts(text: &str, range: Range<usize>, nodes: &[Node], usages: &[Usage]) -> Option<Parts> {
    let mut sorted: Vec<usize> = (0..nodes.len()).collect();
    sorted.sort_unstable_by_key(|&number| nodes[number].start);
    let mut parts = Vec::new();
    let mut leaves = vec![None; nodes.len()];
    let mut at = range.start;
    for number in sorted {
        let (node, usage) = (&nodes[number], usages[number]);
        if node.is_open {
            if usage != Usage::Nothing {
                return None;
            }
            continue;
        }
        // Of these kinds there is one text each.
        let one_text = [kind::NULL, kind::FALSE, kind::TRUE, kind::EMPTY, kind::ZERO];
        let is_fixed = node.is_read || one_text.contains(&node.kinds);
        if is_fixed && usage == Usage::Nothing {
            continue;
        }
        let end = node.start + node.len;
        let exact = node.is_read.then(|| text[node.start..end].into());
        let literal = text.as_bytes()[at..node.start].into();
        leaves[number] = Some(parts.len() as u8);
        parts.push((literal, Leaf { kinds: node.kinds, text: exact, usage }));
        at = end;
    }
    let tail = text.as_bytes()[at..range.end].into();
    (parts.len() <= MOST_LEAVES).then_some((parts, tail, leaves))
}
