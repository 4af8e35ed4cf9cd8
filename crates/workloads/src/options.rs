//! What a check may be told: what the test that recorded the history knew.

use std::ops::RangeInclusive;

use histcheck_history::{History, Shape};

use crate::Check;

/// The options of all checks. Where one is not given, a check finds out as much as it can.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Options {
    /// The accounts of a `bank`, as texts without quotes; by default those of the first read.
    pub accounts: Option<Vec<String>>,
    /// The total of a `bank`; by default that of the first read.
    pub total: Option<i64>,
    /// Whether accounts of a `bank` may hold less than 0.
    pub negative_balances: bool,
    /// Whether `set-full` forbids stale elements, too.
    pub linearizable: bool,
    /// How many keys a group of `long-fork` has; by default as many as the first read returns.
    pub group_size: Option<usize>,
    /// Whether the values of `monotonic` grow over all processes, and not only for each of them.
    pub global: bool,
    /// Whether consumers of `kafka` subscribe to topics; by default, whether there is a
    /// `subscribe`.
    pub subscribes: Option<bool>,
    /// Whether the order of logs counts as an order of the transactions of `kafka`; by default,
    /// only where a circle of transactions is asked for by its name.
    pub write_order: Option<bool>,
    /// Whether values are tuples `[key value]`; by default, whether they look like it.
    pub independent: Option<bool>,
    /// The number of cases of each anomaly that are described; all are counted.
    pub max_examples: usize,
}

impl Default for Options {
    fn default() -> Options {
        Options {
            accounts: None,
            total: None,
            negative_balances: false,
            linearizable: false,
            group_size: None,
            global: true,
            subscribes: None,
            write_order: None,
            independent: None,
            max_examples: 20,
        }
    }
}

/// One option that can be given by its name.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct OptionName {
    /// Its name.
    pub name: &'static str,
    /// The check that it is for.
    pub check: Check,
    /// What it takes.
    pub takes: &'static str,
    /// What it says.
    pub meaning: &'static str,
}

impl Options {
    /// The options that can be given by their names.
    pub const NAMES: &'static [OptionName] = &[
        OptionName {
            name: "total",
            check: Check::Bank,
            takes: "a number",
            meaning: "the total of all balances; by default that of the first read",
        },
        OptionName {
            name: "accounts",
            check: Check::Bank,
            takes: "names, separated by commas",
            meaning: "the accounts, all of which every read returns; by default those of the first \
                      read",
        },
        OptionName {
            name: "negative-balances",
            check: Check::Bank,
            takes: "true or false",
            meaning: "whether balances may be below 0 (false)",
        },
        OptionName {
            name: "linearizable",
            check: Check::SetFull,
            takes: "true or false",
            meaning: "whether stale elements are violations, too (false)",
        },
        OptionName {
            name: "group-size",
            check: Check::LongFork,
            takes: "a number",
            meaning: "how many keys a group has; by default as many as the first read returns",
        },
        OptionName {
            name: "global",
            check: Check::Monotonic,
            takes: "true or false",
            meaning: "whether values grow over all processes, and not only for each (true)",
        },
        OptionName {
            name: "subscribe",
            check: Check::Kafka,
            takes: "true or false",
            meaning: "whether consumers subscribe to topics, so that skips between transactions \
                      are no violations; by default, whether there is a `subscribe`",
        },
        OptionName {
            name: "ww-deps",
            check: Check::Kafka,
            takes: "true or false",
            meaning: "whether the order of logs counts as an order of transactions; G1c is no \
                      violation then (by default only where it is asked for by its name)",
        },
    ];

    /// Sets the options that the metadata of a history tells, as fields of their names.
    ///
    /// # Errors
    /// What is wrong with one of them.
    pub fn set_by_metadata(&mut self, history: &History) -> Result<(), String> {
        let values = history.values();
        for option in Self::NAMES {
            let Some(value) = history.metadata_field(option.name) else { continue };
            let name =
                |value| values.as_name(value).map_or_else(|| values.to_json(value), str::to_owned);
            let text = match values.shape(value) {
                Shape::List(items) => {
                    items.iter().map(|&item| name(item)).collect::<Vec<_>>().join(",")
                }
                _ => name(value),
            };
            self.set(option.name, &text)?;
        }
        Ok(())
    }

    /// Sets the option called `name` to what `text` says.
    ///
    /// # Errors
    /// What is wrong with the name or the text.
    pub fn set(&mut self, name: &str, text: &str) -> Result<(), String> {
        let takes = || {
            let option = Self::NAMES.iter().find(|option| option.name == name);
            option.map_or("nothing", |option| option.takes)
        };
        let wrong = || format!("the option `{name}` takes {}, not `{text}`", takes());
        let truth = || text.parse::<bool>().map_err(|_| wrong());
        let number = |range: RangeInclusive<i64>| {
            let number = text.parse::<i64>().ok().filter(|number| range.contains(number));
            number.ok_or_else(wrong)
        };
        match name {
            "total" => self.total = Some(number(i64::MIN..=i64::MAX)?),
            "accounts" => self.accounts = Some(text.split(',').map(str::to_owned).collect()),
            "negative-balances" => self.negative_balances = truth()?,
            "linearizable" => self.linearizable = truth()?,
            "group-size" => self.group_size = Some(number(1..=1 << 30)? as usize),
            "global" => self.global = truth()?,
            "subscribe" => self.subscribes = Some(truth()?),
            "ww-deps" => self.write_order = Some(truth()?),
            _ => {
                let names: Vec<&str> = Self::NAMES.iter().map(|option| option.name).collect();
                let names = names.join(", ");
                return Err(format!("there is no option `{name}` of a check; there are {names}"));
            }
        }
        Ok(())
    }
}
