//! The same history, notes and errors with plans and without, for records of all layouts.
#![allow(clippy::unwrap_used, clippy::expect_used)]

use std::fmt::Write;

use proptest::prelude::*;

use super::batch::{Batch, Layout, Rules};
use super::merge::General;
use super::read_in_parts;
use super::tests::{contents, objects};
use crate::formats::json::Cell;
use crate::formats::json::parts::entries;
use crate::formats::mapping::Mapping;
use crate::formats::sink::Sink;
use crate::history::{Clients, HistoryBuilder, Record, Settings};

/// Records as programs write them, with the rules that they need: `#p` is a process, `#t` the next
/// time, `#w` the name of an operation, `#k` a key and `#v` a value.
const LAYOUTS: &[(&[&str], &[&str])] = &[
    (
        &[],
        &[
            r##"{"ClientId":#p,"Input":{"Op":"#w","Key":#k,"Value":#v},"Call":#t,"Output":{"Value":#v},"Return":#t}"##,
            r##"{"ClientId":#p,"Input":{"Op":"Get","Key":#k},"Call":#t,"Output":{"Value":#v,"Err":"OK"},"Return":#t}"##,
            r##"{"ClientId":#p,"Input":{"Op":"Put","Key":#k,"Value":#v,"ReqId":#v},"Call":#t,"Output":{"Err":"ErrTimeout"},"Return":#t}"##,
        ],
    ),
    (
        &[],
        &[
            r##"{"process":#p,"op":{"name":"cas","key":#k,"from":#v,"to":#v},"start_ms":#t,"end_ms":#t,"result":true}"##,
            r##"{"process":#p,"op":{"Write":{"key":#k,"value":#v}},"start_ms":#t,"end_ms":#t,"response":{"Ok":#v}}"##,
            r##"{"process":#p,"op":{"Read":{"key":#k}},"start_ms":#t,"end_ms":#t,"response":{"ReadOk":{"value":#v}},"index":#v}"##,
        ],
    ),
    (
        &[],
        &[
            r##"{"process":#p,"event":{"Invoke":{"op":"#w","value":#v}},"time":#t}"##,
            r##"{"process":#p,"kind":"invoke","request":{"f":"#w","value":#v},"node":#v,"time":#t}"##,
            r##"{"index":#v,"process":#p,"type":"invoke","op":{"f":"#w","key":#k,"value":#v},"at":#t,"ok":true}"##,
        ],
    ),
    (
        &[],
        &[
            r##"{"level":"INFO","fields":{"client":#p,"op":"#w","key":#k,"input":#v,"output":#v,"call":#t,"return":#t},"target":"x"}"##,
            r##"{"f":"#w","process":#p,"key":#k,"args":[#v,#v],"call":#t,"end":#t,"resp":#v,"extra":{"a":#v}}"##,
            r##"{"f":"#w","process":#p,"value":#v,"ok":true,"error":#v,"call":#t,"return":#t,"who":"#w"}"##,
        ],
    ),
    (
        &[
            "process=.who",
            "f=.what.o",
            "f:0=get",
            "f:1=put",
            "f:read=get",
            "key=.what.args[0]",
            "input=.what.args[1]",
            "output=.got",
            "call=.from",
            "return=.till",
            "ignore=.debug",
        ],
        &[
            r##"{"who":#p,"what":{"o":0,"args":[#k,#v]},"got":#v,"from":#t,"till":#t}"##,
            r##"{"who":#p,"what":{"o":1,"args":[#k,#v],"n":#v},"got":"","from":#t,"till":#t,"debug":#v}"##,
            r##"{"who":#p,"what":{"o":"#w","args":[#k,#v,#v]},"got":#v,"from":#t,"till":#t,"input":#v}"##,
        ],
    ),
    (
        &[
            "process=.a.b.p",
            "type=.t",
            "f=.a.f",
            "value=.v",
            "output:nil=null",
            "time=.at",
            "from=.a.x",
            "to=.a.y",
            "key=.k",
            "time-unit",
        ],
        &[
            r##"{"a":{"b":{"p":#p},"f":"cas","x":#v,"y":#v},"t":"invoke","k":#k,"at":#t}"##,
            r##"{"a":{"b":{"p":#p,"z":#v},"f":"#w"},"t":"invoke","v":#v,"k":#k,"at":#t,"value":#v}"##,
        ],
    ),
    (
        &[
            "clients",
            "f=.i[0]",
            "key=.i[1]",
            "input=.i[2]",
            "output=.o",
            "outcome=.how",
            "outcome:lost=info",
        ],
        &[
            r##"{"client":#p,"i":["#w",#k,#v],"o":#v,"how":"ok","start":#t,"end":#t}"##,
            r##"{"client":#p,"i":["#w",#k,#v],"o":null,"how":"lost","start":#t,"end":null}"##,
        ],
    ),
];

const USUAL: &[&str] = &["1", "2", "30", "\"a\"", "\"b\"", "\"long-text-é\"", "88888888888"];
const ODD: &[&str] = &[
    "null",
    "true",
    "false",
    "0",
    "\"\"",
    "-0",
    "0.0",
    "7.50",
    "-1",
    "1e3",
    "1e9999999999",
    "[]",
    "[1,[\"x\"]]",
    "{}",
    "{\"value\":1}",
    "{\"a\":1,\"a\":2}",
    "\"a\\\"b\"",
    "\"\\u0041\\n\"",
    "\"\\ud800\"",
    "[\"get\",1]",
    "123456789012345678901234567890",
    "9223372036854775807",
    "-9223372036854775808",
    "\"2024-01-01T00:00:00Z\"",
    "\"5ms\"",
    "\"ok\"",
    "\"fail\"",
    "\"ErrNoKey\"",
    "\"ErrTimeout\"",
    "\"nil\"",
    "\"get\"",
    "\"invoke\"",
    "\"nemesis\"",
    "{\"#edn\":\":k\"}",
    "1.5.2",
    "\"open",
];
const NAMES: &[&str] = &[
    "process",
    "type",
    "f",
    "value",
    "key",
    "time",
    "op",
    "Op",
    "Value",
    "input",
    "output",
    "Output",
    "result",
    "reply",
    "call",
    "return",
    "took",
    "ok",
    "err",
    "kind",
    "index",
    "id",
    "x",
    "a.b",
    "who",
    "from",
    "n\\u0061me",
    "histcheck",
];

/// A stream of numbers that look random.
struct Dice(u64);

impl Dice {
    fn below(&mut self, limit: usize) -> usize {
        self.0 =
            self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) as usize % limit
    }

    fn of<'a>(&mut self, choices: &[&'a str]) -> &'a str {
        choices[self.below(choices.len())]
    }

    fn content(&mut self) -> &'static str {
        let odd = self.below(8) == 0;
        self.of(if odd { ODD } else { USUAL })
    }
}

/// A record, to be changed.
enum Tree {
    Leaf(String),
    Parts(bool, Vec<(String, Tree)>),
}

impl Tree {
    fn of(text: &str) -> Tree {
        if !text.starts_with(['{', '[']) {
            return Tree::Leaf(text.to_owned());
        }
        let mut parts = Vec::new();
        let cell = Cell { text, offset: 0, plain: false };
        let found = entries(&cell, &mut |name, part| {
            parts.push((name.into_owned(), Tree::of(part.text)));
        });
        if found.is_err() {
            return Tree::Leaf(text.to_owned());
        }
        Tree::Parts(text.starts_with('{'), parts)
    }

    /// Changes something somewhere inside.
    fn change(&mut self, dice: &mut Dice) {
        let parts = match self {
            Tree::Parts(_, parts) if !parts.is_empty() => parts,
            other => return *other = Tree::Leaf(dice.of(ODD).to_owned()),
        };
        let at = dice.below(parts.len());
        let fresh = (dice.of(NAMES).to_owned(), Tree::Leaf(dice.content().to_owned()));
        match dice.below(12) {
            0 => drop(parts.remove(at)),
            1 => parts.insert(at, fresh),
            2 => parts[at].0 = fresh.0,
            3 => parts[at].1 = fresh.1,
            4 => {
                let other = dice.below(parts.len());
                parts.swap(at, other);
            }
            5 => {
                let inner = std::mem::replace(&mut parts[at].1, fresh.1);
                parts[at].1 = Tree::Parts(true, vec![(fresh.0, inner)]);
            }
            _ => parts[at].1.change(dice),
        }
    }

    fn write(&self, spaces: bool, out: &mut String) {
        match self {
            Tree::Leaf(text) => out.push_str(text),
            Tree::Parts(is_map, parts) => {
                out.push(if *is_map { '{' } else { '[' });
                for (at, (name, part)) in parts.iter().enumerate() {
                    let space = if spaces { " " } else { "" };
                    out.push_str(if at == 0 { "" } else { "," });
                    out.push_str(if at == 0 { "" } else { space });
                    if *is_map {
                        let _ = write!(out, "\"{name}\":{space}");
                    }
                    part.write(spaces, out);
                }
                out.push(if *is_map { '}' } else { ']' });
            }
        }
    }
}

/// The contents of a record that has none.
fn filled(layout: &str, number: &mut usize, dice: &mut Dice) -> String {
    let mut out = String::new();
    let mut pieces = layout.split('#');
    out.push_str(pieces.next().unwrap());
    for piece in pieces {
        *number += 1;
        let content = match &piece[..1] {
            "p" if dice.below(60) == 0 => dice.of(ODD).to_owned(),
            "p" if dice.below(9) == 0 => format!("{number}00000000"),
            "p" => number.to_string(),
            "t" if dice.below(60) == 0 => dice.of(ODD).to_owned(),
            "t" if dice.below(40) == 0 => format!("{number}.5"),
            "t" => format!("{number}00"),
            "w" => dice.of(&["get", "put", "read", "write", "append", "Get"]).to_owned(),
            _ => dice.content().to_owned(),
        };
        out.push_str(&content);
        out.push_str(&piece[1..]);
    }
    out
}

/// Records, some of which are changed, with the rules to read them.
fn records(seed: u64) -> (Vec<String>, Layout, Option<Mapping>) {
    let mut dice = Dice(seed);
    let (rules, layouts) = LAYOUTS[dice.below(LAYOUTS.len())];
    let mapping = (!rules.is_empty() || dice.below(6) == 0).then(|| mapping(rules));
    let spaces = dice.below(4) == 0;
    let rate = [200, 30, 8][dice.below(3)];
    // What some program writes, and another.
    let mut kept: Vec<String> = layouts.iter().map(|layout| (*layout).to_owned()).collect();
    for layout in &mut kept {
        if dice.below(3) == 0 {
            let marked = ["p", "t", "w", "k", "v"].iter().fold(layout.clone(), |text, mark| {
                text.replace(&format!("#{mark}"), &format!("7777{mark}"))
            });
            let mut tree = Tree::of(&marked.replace("\"7777w\"", "\"w\""));
            tree.change(&mut dice);
            let mut out = String::new();
            tree.write(false, &mut out);
            *layout = out.replace("7777", "#");
        }
    }
    let mut number = 0;
    let mut records = Vec::new();
    for _ in 0..1 + dice.below(40) {
        let layout = &kept[dice.below(kept.len())];
        let mut record = filled(layout, &mut number, &mut dice);
        if spaces || dice.below(rate) == 0 {
            let mut tree = Tree::of(&record);
            if dice.below(rate) < 2 {
                tree.change(&mut dice);
            }
            record.clear();
            tree.write(spaces, &mut record);
        }
        records.push(record);
    }
    let layout = if dice.below(5) == 0 { Layout::Array } else { Layout::Lines };
    (records, layout, mapping)
}

fn mapping(rules: &[&str]) -> Mapping {
    let mut mapping = Mapping::default();
    for rule in rules {
        match *rule {
            "clients" => {
                mapping.set_clients(Clients { never: vec!["1*".into()], ..Clients::default() })
            }
            "time-unit" => mapping.set_time_unit(1_000_000),
            rule => mapping.add(rule).unwrap(),
        }
    }
    mapping
}

/// What reading comes to, and where the error is: `part` is the size of the parts, or `None` for
/// no plans.
fn read(
    text: &str,
    layout: Layout,
    mapping: Option<&Mapping>,
    part: Option<usize>,
) -> (String, Option<usize>) {
    let mut builder = HistoryBuilder::default();
    if let Some(mapping) = mapping {
        builder.set_clients(mapping.clients().clone());
    }
    let mut sink = Sink::new(&mut builder);
    sink.mapping = mapping;
    let objects = objects(text, layout);
    let read = objects.and_then(|mut objects| match part {
        Some(part) => read_in_parts(text, objects, layout, part, 1 + part % 2, &mut sink),
        None => objects.read_until(usize::MAX, &mut sink).map(|_| ()),
    });
    let place = read.as_ref().err().and_then(|error| error.place).map(|place| place.offset);
    let mut out = format!("{:b} {}", sink.found_rules, sink.has_no_requests && read.is_ok());
    let read = read.and_then(|()| builder.finish(Settings::default()));
    if let Ok(history) = &read {
        let mut taken = history.taken_fields().to_vec();
        if mapping.is_none() {
            // What is taken in usual records is noted behind all others of a part.
            taken.sort_unstable();
        }
        let _ = writeln!(out, "{taken:?}");
        for record in (0..history.records()).map(Record::new) {
            let _ = write!(out, "{:?}", history.lacking(record));
        }
    }
    (out + &contents(read), place)
}

/// Compares both readers, for these records and then without those that are refused.
fn check(seed: u64) {
    let (mut records, layout, mapping) = records(seed);
    let (start, between, end) = match layout {
        Layout::Array => ("[", ", ", "]"),
        Layout::Lines => ("", "\n", "\n"),
    };
    for _ in 0..8 {
        let text = format!("{start}{}{end}", records.join(between));
        let (expected, place) = read(&text, layout, mapping.as_ref(), None);
        for part in [64, 1001, 100_000] {
            let (planned, _) = read(&text, layout, mapping.as_ref(), Some(part));
            assert_eq!(planned, expected, "{seed} {part}\n{text}");
        }
        let Some(place) = place else { break };
        let ends = records.iter().scan(start.len(), |end, record| {
            *end += record.len() + between.len();
            Some(*end)
        });
        let refused = ends.take_while(|&end| end <= place).count();
        if refused < records.len() {
            records.remove(refused);
        }
    }
}

proptest! {
    #[test]
    fn plans_agree_with_the_reader_of_all_records(seed: u64) {
        check(seed);
    }
}

/// A layout needs few plans, whatever the contents are.
#[test]
fn layouts_have_plans() {
    for (rules, layouts) in LAYOUTS {
        let mapping = (!rules.is_empty()).then(|| mapping(rules));
        for layout in *layouts {
            let mut number = 1000;
            let usual = layout.replace("#w", "put").replace("\"error\":#v", "\"error\":null");
            let record = |_| {
                usual.split('#').fold(String::new(), |out, piece| {
                    number += 1;
                    match piece.as_bytes()[0] {
                        _ if out.is_empty() => piece.to_owned(),
                        b'k' | b'v' => format!("{out}\"{number}\"{}", &piece[1..]),
                        _ => format!("{out}{number}{}", &piece[1..]),
                    }
                })
            };
            let text: Vec<String> = (0..10).map(record).collect();
            let text = text.join("\n");
            let mut batch = Batch::default();
            let rules = Rules { layout: Layout::Lines, mapping: mapping.as_ref() };
            batch.read(&text, 0, text.len(), rules);
            let (planned, others) = batch.counts();
            let out = format!("{planned} {others} {}", batch.plans.len());
            // A map is left to the reader of all records, and a word that says much to itself.
            let expected = match *layout {
                layout if layout.contains("\"extra\":{") => "0 10 0",
                layout if layout.contains("\"Ok\":") => "9 1 9",
                _ => "9 1 1",
            };
            assert_eq!(out, expected, "{layout}");
        }
    }
}
