//! Random EDN, read by this reader and by another one: both must see the same structure.

use clojure_reader::edn::Edn;
use proptest::prelude::*;

use super::parse_value;
use crate::history::{Value, ValueTable};

/// The value that the other reader's tree stands for. `None` where it knows less.
fn translate(edn: &Edn<'_>, values: &mut ValueTable) -> Option<Value> {
    let mut all = |items: &mut dyn Iterator<Item = &Edn<'_>>| {
        items.map(|item| translate(item, values)).collect::<Option<Vec<Value>>>()
    };
    Some(match edn {
        Edn::Vector(items) | Edn::List(items) => {
            let items = all(&mut items.iter())?;
            values.list(&items)
        }
        Edn::Set(items) => {
            let items = all(&mut items.iter())?;
            values.set(&items)
        }
        Edn::Map(pairs) => {
            let keys = all(&mut pairs.keys())?;
            let items = all(&mut pairs.values())?;
            let pairs: Vec<_> = keys.into_iter().zip(items).collect();
            values.map(&pairs)
        }
        Edn::Key(name) => values.keyword(name),
        Edn::Symbol(name) => values.symbol(name),
        Edn::Str(text) => values.text(text),
        Edn::Int(n) => values.int(*n),
        Edn::Tagged(tag, inner) => {
            let inner = translate(inner, values)?;
            values.tagged(tag, inner)
        }
        Edn::Double(double) => values.decimal(&format!("{:?}", double.0))?,
        Edn::Rational((top, bottom)) => values.ratio(&format!("{top}/{bottom}"))?,
        Edn::Char(c) => values.char(*c),
        Edn::Bool(b) => Value::bool(*b),
        Edn::Nil => Value::NULL,
        _ => return None,
    })
}

fn atom() -> impl Strategy<Value = String> {
    prop_oneof![
        Just("nil".to_owned()),
        Just("true".to_owned()),
        any::<i64>().prop_map(|n| n.to_string()),
        (-9i64..9).prop_map(|n| n.to_string()),
        (-1_000_000i64..1_000_000, 1u32..9).prop_map(|(n, d)| format!("{n}.{d}")),
        (1i64..50, 0usize..4).prop_map(|(n, at)| format!("{n}/{}", [53, 59, 61, 67][at])),
        "[a-z][a-z0-9.*+!?-]{0,6}(/[a-z]{1,3})?".prop_filter("a constant", |name| {
            !matches!(name.as_str(), "nil" | "true" | "false")
        }),
        ":[a-z][a-z0-9.-]{0,6}(/[a-z]{1,3})?",
        "\"([ a-zäß€,;()\\[\\]{}#:]|\\\\[nrt\\\\\"]){0,8}\"",
        Just("\\a".to_owned()),
        Just("\\newline".to_owned()),
        Just("\\(".to_owned()),
    ]
}

fn form() -> impl Strategy<Value = String> {
    let gap = prop_oneof![
        Just(" ".to_owned()),
        Just(", ".to_owned()),
        Just("\n".to_owned()),
        Just(" ; note ]\n".to_owned()),
        Just(" #_ {:a [1]} ".to_owned()),
    ];
    atom().prop_recursive(4, 32, 5, move |inner| {
        let items = prop::collection::vec(inner.clone(), 0..5);
        let items = (items, gap.clone()).prop_map(|(items, gap)| items.join(&gap));
        prop_oneof![
            items.clone().prop_map(|items| format!("[{items}]")),
            // A list and a vector of the same items are equal for us, but not for the other.
            items.clone().prop_map(|items| format!("(list {items} )")),
            items.prop_map(|items| format!("#{{{items}}}")),
            prop::collection::vec((inner.clone(), inner.clone()), 0..4).prop_map(|pairs| {
                let pairs: Vec<_> = pairs.iter().map(|(k, v)| format!("{k} {v}")).collect();
                format!("{{{}}}", pairs.join(", "))
            }),
            ("[a-z]{1,5}(\\.[A-Z]{1,3})?", inner).prop_map(|(tag, item)| format!("#{tag} {item}")),
        ]
    })
}

proptest! {
    #[test]
    fn both_readers_see_the_same(text in form()) {
        let mut values = ValueTable::new();
        let ours = parse_value(&text, &mut values);
        let theirs = clojure_reader::edn::read_string(&text);
        match (ours, theirs) {
            (Ok(ours), Ok(theirs)) => {
                if let Some(theirs) = translate(&theirs, &mut values) {
                    prop_assert_eq!(values.to_edn(ours), values.to_edn(theirs));
                }
                // And what is written is read back as the same.
                let written = values.to_edn(ours);
                prop_assert_eq!(parse_value(&written, &mut values).ok(), Some(ours));
            }
            (Err(_), Err(_)) => {}
            (ours, theirs) => prop_assert!(
                false,
                "one reads it, the other does not: {:?} {:?}",
                ours.map(|value| values.to_edn(value)),
                theirs.map(|edn| format!("{edn}"))
            ),
        }
    }

    #[test]
    fn no_text_makes_it_panic(text in "[\\[\\]{}()#:;\"\\\\^_ 0-9a-zä\\n,/.+-]{0,40}") {
        let _ = parse_value(&text, &mut ValueTable::new());
        let _ = super::history(&text);
    }

    #[test]
    fn a_cut_record_is_never_read(at in 0usize..110) {
        let text = "{:process 0, :type :invoke, :f :write, :value [\"a\\n\" #{:b 1.5} \
                    {c (1 2)}], :time 12, :error #x \\newline}";
        let at = at.min(text.len() - 1);
        prop_assert!(super::history(&text[..at]).is_err());
    }
}
