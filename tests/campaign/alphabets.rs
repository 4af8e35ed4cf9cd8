//! The alphabets: operations of every model over two or three values, with every kind of output.

use histcheck::history::ValueTable;
use histcheck::ingest::json_value;
use histcheck::model::{AnyModel, Call, Model, ModelOptions, ModelVisitor, Rejection, View};

use crate::long;
use crate::trial::{Campaign, Letter, Outcome};

/// Function, input and output as JSON, process.
pub type Spelling<'a> = (&'a str, &'a str, &'a str, i64);

/// A trial: its name, the model's, the initial value as JSON, and the operations.
struct Alphabet {
    name: &'static str,
    model: &'static str,
    initial: &'static str,
    letters: &'static [Spelling<'static>],
    /// More operations, for random histories only.
    more: &'static [Spelling<'static>],
}

const ALPHABETS: &[Alphabet] = &[
    Alphabet {
        name: "register",
        model: "register",
        initial: "null",
        letters: &[
            ("read", "null", "null", 0),
            ("read", "null", "1", 0),
            ("read", "null", "2", 0),
            ("write", "1", "1", 0),
            ("write", "2", "2", 0),
            ("write", "3", "3", 0),
        ],
        more: &[
            ("read", "null", "3", 0),
            ("read", "null", "4", 0),
            ("write", "4", "4", 0),
            ("write", "null", "null", 0),
        ],
    },
    Alphabet {
        name: "cas-register",
        model: "cas-register",
        initial: "null",
        letters: &[
            ("read", "null", "null", 0),
            ("read", "null", "1", 0),
            ("read", "null", "2", 0),
            ("write", "1", "1", 0),
            ("write", "2", "2", 0),
            ("write", "3", "3", 0),
            ("cas", "[null,1]", "[null,1]", 0),
            ("cas", "[1,2]", "[1,2]", 0),
            ("cas", "[2,1]", "true", 0),
            ("cas", "[1,1]", "true", 0),
        ],
        more: &[
            ("read", "null", "3", 0),
            ("read", "null", "4", 0),
            ("write", "null", "null", 0),
            ("cas", "[2,3]", "true", 0),
            ("cas", "[3,4]", "true", 0),
            ("cas", "[4,1]", "true", 0),
            ("cas", "[null,4]", "true", 0),
        ],
    },
    Alphabet {
        name: "cas-register-observed",
        model: "cas-register",
        initial: "null",
        letters: &[
            ("read", "null", "1", 0),
            ("read", "null", "2", 0),
            ("write", "1", "1", 0),
            ("write", "2", "2", 0),
            ("cas", "[1,2]", "true", 0),
            ("cas", "[1,2]", "false", 0),
            ("cas", "[2,1]", "false", 0),
        ],
        more: &[],
    },
    Alphabet {
        name: "multi-register",
        model: "multi-register",
        initial: "null",
        letters: &[
            ("txn", r#"[["r",1,null]]"#, r#"[["r",1,null]]"#, 0),
            ("txn", r#"[["r",1,null],["r",2,null]]"#, r#"[["r",1,1],["r",2,null]]"#, 0),
            ("txn", r#"[["r",1,null],["r",2,null]]"#, r#"[["r",1,1],["r",2,2]]"#, 0),
            ("txn", r#"[["w",1,1]]"#, r#"[["w",1,1]]"#, 0),
            ("txn", r#"[["w",2,2]]"#, r#"[["w",2,2]]"#, 0),
            ("txn", r#"[["w",1,2],["w",2,1]]"#, r#"[["w",1,2],["w",2,1]]"#, 0),
            ("txn", r#"[["r",2,null],["w",1,1]]"#, r#"[["r",2,2],["w",1,1]]"#, 0),
        ],
        more: &[],
    },
    Alphabet {
        name: "bank",
        model: "bank",
        initial: "2",
        letters: &[
            ("transfer", r#"{"from":0,"to":1,"amount":1}"#, "null", 0),
            ("transfer", r#"{"from":1,"to":0,"amount":3}"#, "null", 0),
            ("transfer", r#"{"from":0,"to":1,"amount":2}"#, "false", 0),
            ("read", "null", r#"{"0":2,"1":2}"#, 0),
            ("read", "null", "[1,3]", 0),
            ("balance", "0", "4", 0),
            ("withdraw", r#"{"account":1,"amount":1}"#, "null", 0),
        ],
        more: &[
            ("deposit", r#"{"account":0,"amount":1}"#, "null", 0),
            ("read", "null", "[4,0]", 0),
            ("read", "null", "[-1,5]", 0),
            ("balance", "1", "0", 0),
            ("balance", "1", "3", 0),
            ("transfer", r#"{"from":1,"to":1,"amount":3}"#, "null", 0),
            ("withdraw", r#"{"account":1,"amount":3}"#, "false", 0),
        ],
    },
    Alphabet {
        name: "bank-that-tells-its-start",
        model: "bank",
        initial: "null",
        letters: &[
            ("transfer", r#"{"from":0,"to":1,"amount":1}"#, "null", 0),
            ("transfer", r#"{"from":1,"to":0,"amount":2}"#, "null", 0),
            ("transfer", r#"{"from":0,"to":1,"amount":2}"#, "false", 0),
            ("read", "null", "[1,2]", 0),
            ("read", "null", "[0,3]", 0),
            ("balance", "0", "2", 0),
        ],
        more: &[
            ("read", "null", "[3,0]", 0),
            ("read", "null", "[2,2]", 0),
            ("read", "null", "[2,1]", 0),
            ("balance", "1", "0", 0),
            ("withdraw", r#"{"account":1,"amount":1}"#, "null", 0),
            ("deposit", r#"{"account":0,"amount":1}"#, "null", 0),
            ("transfer", r#"{"from":1,"to":0,"amount":1}"#, "false", 0),
        ],
    },
    Alphabet {
        name: "bank-overdrawn",
        model: "bank",
        initial: r#"{"0":1,"1":1,"negative-balances":true}"#,
        letters: &[
            ("transfer", r#"{"from":0,"to":1,"amount":2}"#, "null", 0),
            ("transfer", r#"{"from":1,"to":0,"amount":1}"#, "false", 0),
            ("read", "null", "[-1,3]", 0),
            ("balance", "0", "1", 0),
            ("withdraw", r#"{"account":0,"amount":1}"#, "null", 0),
        ],
        more: &[("read", "null", "[0,1]", 0), ("balance", "1", "2", 0)],
    },
    Alphabet {
        name: "kv",
        model: "kv",
        initial: "null",
        letters: &[
            ("get", "null", "null", 0),
            ("get", "null", r#""""#, 0),
            ("get", "null", r#""a""#, 0),
            ("get", "null", r#""ab""#, 0),
            ("get", "null", "1", 0),
            ("put", r#""a""#, "null", 0),
            ("put", r#""c""#, "null", 0),
            ("put", "1", "null", 0),
            ("append", r#""a""#, "null", 0),
            ("append", r#""b""#, "null", 0),
            ("delete", "null", "null", 0),
        ],
        more: &[],
    },
    Alphabet {
        name: "kv-appends",
        model: "kv",
        initial: "null",
        letters: &[
            ("get", "null", "null", 0),
            ("get", "null", r#""a""#, 0),
            ("get", "null", r#""ab""#, 0),
            ("append", r#""a""#, "null", 0),
            ("append", r#""b""#, "null", 0),
        ],
        more: &[
            ("get", "null", r#""""#, 0),
            ("append", r#""c""#, "null", 0),
            ("append", r#""d""#, "null", 0),
            ("get", "null", r#""abc""#, 0),
            ("get", "null", r#""abcd""#, 0),
            ("get", "null", r#""b""#, 0),
            ("get", "null", r#""bac""#, 0),
            ("get", "null", r#""bad""#, 0),
            ("get", "null", r#""e""#, 0),
        ],
    },
    Alphabet {
        name: "kv-chains",
        model: "kv",
        initial: "null",
        letters: &[
            ("get", "null", r#""p""#, 0),
            ("get", "null", r#""pa""#, 0),
            ("get", "null", r#""q""#, 0),
            ("put", r#""p""#, "null", 0),
            ("put", r#""q""#, "null", 0),
            ("append", r#""a""#, "null", 0),
        ],
        more: &[
            ("append", r#""b""#, "null", 0),
            ("append", r#""c""#, "null", 0),
            ("put", r#""r""#, "null", 0),
            ("get", "null", r#""""#, 0),
            ("get", "null", r#""pab""#, 0),
            ("get", "null", r#""qb""#, 0),
            ("get", "null", r#""qbc""#, 0),
            ("get", "null", r#""rc""#, 0),
            ("get", "null", r#""rca""#, 0),
            ("get", "null", r#""a""#, 0),
            ("get", "null", r#""ac""#, 0),
            ("get", "null", r#""r""#, 0),
            ("get", "null", "1", 0),
        ],
    },
    Alphabet {
        name: "counter",
        model: "counter",
        initial: "0",
        letters: &[
            ("read", "null", "0", 0),
            ("read", "null", "1", 0),
            ("read", "null", "2", 0),
            ("add", "1", "1", 0),
            ("add", "-1", "null", 0),
            ("add-and-get", "1", "1", 0),
            ("add-and-get", "2", "3", 0),
            ("get-and-add", "1", "1", 0),
        ],
        more: &[],
    },
    Alphabet {
        name: "counter-unit",
        model: "counter",
        initial: "3",
        letters: &[
            ("read", "null", "3", 0),
            ("read", "null", "5", 0),
            ("inc", "null", "null", 0),
            ("inc-and-get", "null", "4", 0),
        ],
        more: &[
            ("read", "null", "4", 0),
            ("read", "null", "6", 0),
            ("read", "null", "2", 0),
            ("add", "1", "null", 0),
            ("add", "0", "null", 0),
            ("get-and-inc", "null", "4", 0),
            ("get-and-inc", "null", "5", 0),
            ("inc-and-get", "null", "7", 0),
        ],
    },
    Alphabet {
        name: "counter-down",
        model: "counter",
        initial: "0",
        letters: &[
            ("read", "null", "0", 0),
            ("read", "null", "-4", 0),
            ("add", "-2", "null", 0),
            ("add-and-get", "-2", "-4", 0),
        ],
        more: &[
            ("read", "null", "-2", 0),
            ("read", "null", "-3", 0),
            ("read", "null", "-6", 0),
            ("get-and-add", "-2", "0", 0),
            ("get-and-add", "-2", "-4", 0),
        ],
    },
    Alphabet {
        name: "counter-up",
        model: "counter",
        initial: "0",
        letters: &[
            ("read", "null", "0", 0),
            ("read", "null", "3", 0),
            ("add", "1", "null", 0),
            ("add", "2", "null", 0),
            ("add-and-get", "2", "3", 0),
        ],
        more: &[
            ("read", "null", "1", 0),
            ("read", "null", "7", 0),
            ("read", "null", "8", 0),
            ("add", "4", "null", 0),
            ("add", "8", "null", 0),
            ("get-and-add", "4", "3", 0),
            ("add-and-get", "1", "1", 0),
            ("add-and-get", "2", "3", 0),
            ("add-and-get", "8", "15", 0),
        ],
    },
    Alphabet {
        name: "set",
        model: "set",
        initial: "null",
        letters: &[
            ("read", "null", "[]", 0),
            ("read", "null", "[1]", 0),
            ("read", "null", "[2,1]", 0),
            ("add", "1", "true", 0),
            ("add", "1", "null", 0),
            ("add", "2", "false", 0),
            ("remove", "1", "true", 0),
            ("remove", "2", "null", 0),
            ("contains", "1", "true", 0),
            ("contains", "2", "false", 0),
        ],
        more: &[
            ("add", "2", "true", 0),
            ("remove", "2", "true", 0),
            ("contains", "1", "false", 0),
            ("contains", "2", "true", 0),
            ("add", "3", "null", 0),
            ("remove", "3", "true", 0),
            ("contains", "3", "true", 0),
        ],
    },
    Alphabet {
        name: "set-without-reads",
        model: "set",
        initial: "[2]",
        letters: &[
            ("add", "1", "true", 0),
            ("add", "1", "false", 0),
            ("remove", "1", "true", 0),
            ("remove", "2", "true", 0),
            ("contains", "1", "false", 0),
            ("contains", "2", "true", 0),
        ],
        more: &[
            ("contains", "1", "true", 0),
            ("add", "2", "true", 0),
            ("remove", "1", "false", 0),
            ("add", "3", "null", 0),
            ("contains", "3", "true", 0),
            ("remove", "4", "null", 0),
            ("contains", "4", "false", 0),
        ],
    },
    Alphabet {
        name: "set-that-grows",
        model: "set",
        initial: "[4]",
        letters: &[
            ("read", "null", "[4]", 0),
            ("read", "null", "[4,1]", 0),
            ("read", "null", "[4,2,1]", 0),
            ("add", "1", "null", 0),
            ("add", "2", "true", 0),
            ("contains", "1", "false", 0),
        ],
        more: &[
            ("read", "null", "[4,2]", 0),
            ("read", "null", "[1,2,3,4]", 0),
            ("add", "1", "1", 0),
            ("add", "2", "2", 0),
            ("add", "2", "false", 0),
            ("add", "3", "3", 0),
            ("contains", "1", "true", 0),
            ("contains", "3", "false", 0),
            ("remove", "3", "false", 0),
        ],
    },
    Alphabet {
        name: "mutex",
        model: "mutex",
        initial: "null",
        letters: &[
            ("acquire", "null", "null", 0),
            ("release", "null", "null", 0),
            ("acquire", "null", "null", 1),
            ("release", "null", "null", 1),
            ("try-acquire", "null", "true", 0),
            ("try-acquire", "null", "false", 1),
        ],
        more: &[],
    },
    Alphabet {
        name: "mutex-owners",
        model: "mutex",
        initial: "null",
        letters: &[
            ("acquire", "null", "null", 0),
            ("release", "null", "null", 0),
            ("acquire", "null", "null", 1),
            ("release", "null", "null", 1),
            ("try-acquire", "null", "false", 2),
        ],
        more: &[
            ("acquire", "null", "null", 2),
            ("release", "null", "null", 2),
            ("acquire", "null", "null", 3),
            ("release", "null", "null", 3),
            ("acquire", "null", "null", 4),
            ("try-acquire", "null", "true", 3),
            ("try-acquire", "null", "true", 5),
            ("release", "null", "null", 5),
        ],
    },
    Alphabet {
        name: "mutex-any-owner",
        model: "mutex",
        initial: "null",
        letters: &[
            ("acquire", "null", "null", 0),
            ("release", "null", "null", 0),
            ("try-acquire", "null", "true", 0),
            ("try-acquire", "null", "false", 0),
        ],
        more: &[],
    },
    Alphabet {
        name: "semaphore",
        model: "semaphore",
        initial: "2",
        letters: &[
            ("acquire", "null", "null", 0),
            ("acquire", "2", "null", 0),
            ("release", "null", "null", 0),
            ("release", "2", "null", 0),
            ("try-acquire", "null", "false", 0),
            ("try-acquire", "2", "true", 0),
        ],
        more: &[],
    },
    Alphabet {
        name: "semaphore-unit",
        model: "semaphore",
        initial: "2",
        letters: &[
            ("acquire", "null", "null", 0),
            ("release", "null", "null", 0),
            ("try-acquire", "null", "true", 0),
            ("try-acquire", "null", "false", 0),
        ],
        more: &[("acquire", "null", "true", 0)],
    },
    Alphabet {
        name: "semaphore-pairs",
        model: "semaphore",
        initial: "3",
        letters: &[
            ("acquire", "2", "null", 0),
            ("release", "2", "null", 0),
            ("try-acquire", "2", "true", 0),
            ("try-acquire", "2", "false", 0),
        ],
        more: &[("try-acquire", "1", "false", 0), ("try-acquire", "3", "false", 0)],
    },
    Alphabet {
        name: "fifo-queue",
        model: "fifo-queue",
        initial: "null",
        letters: &[
            ("enqueue", "1", "1", 0),
            ("enqueue", "2", "2", 0),
            ("dequeue", "null", "1", 0),
            ("dequeue", "null", "2", 0),
            ("dequeue", "null", "null", 0),
            ("peek", "null", "1", 0),
        ],
        more: &[
            ("enqueue", "3", "3", 0),
            ("dequeue", "null", "3", 0),
            ("enqueue", "4", "4", 0),
            ("dequeue", "null", "4", 0),
            ("enqueue", "5", "5", 0),
            ("dequeue", "null", "5", 0),
            ("peek", "null", "2", 0),
            ("peek", "null", "3", 0),
            ("peek", "null", "null", 0),
        ],
    },
    Alphabet {
        name: "unordered-queue",
        model: "unordered-queue",
        initial: "null",
        letters: &[
            ("enqueue", "1", "1", 0),
            ("enqueue", "2", "2", 0),
            ("dequeue", "null", "1", 0),
            ("dequeue", "null", "2", 0),
            ("dequeue", "null", "null", 0),
            ("peek", "null", "2", 0),
        ],
        more: &[
            ("enqueue", "3", "3", 0),
            ("dequeue", "null", "3", 0),
            ("enqueue", "4", "4", 0),
            ("dequeue", "null", "4", 0),
            ("enqueue", "5", "5", 0),
            ("dequeue", "null", "5", 0),
            ("peek", "null", "1", 0),
            ("peek", "null", "3", 0),
            ("peek", "null", "null", 0),
        ],
    },
    Alphabet {
        name: "priority-queue",
        model: "priority-queue",
        initial: "null",
        letters: &[
            ("insert", "1", "1", 0),
            ("insert", "2", "2", 0),
            ("dequeue", "null", "1", 0),
            ("dequeue", "null", "2", 0),
            ("dequeue", "null", "null", 0),
            ("peek", "null", "1", 0),
            ("delete-max", "null", "2", 0),
        ],
        more: &[
            ("insert", "3", "3", 0),
            ("dequeue", "null", "3", 0),
            ("insert", "4", "4", 0),
            ("dequeue", "null", "4", 0),
            ("insert", r#"[2,"x"]"#, "null", 0),
            ("dequeue", "null", r#"[2,"x"]"#, 0),
            ("peek", "null", "2", 0),
            ("peek", "null", "3", 0),
            ("peek", "null", "null", 0),
        ],
    },
    Alphabet {
        name: "stack",
        model: "stack",
        initial: "null",
        letters: &[
            ("push", "1", "1", 0),
            ("push", "2", "2", 0),
            ("pop", "null", "1", 0),
            ("pop", "null", "2", 0),
            ("pop", "null", "null", 0),
            ("peek", "null", "1", 0),
        ],
        more: &[
            ("push", "3", "3", 0),
            ("pop", "null", "3", 0),
            ("push", "4", "4", 0),
            ("pop", "null", "4", 0),
            ("push", "5", "5", 0),
            ("pop", "null", "5", 0),
            ("peek", "null", "2", 0),
            ("peek", "null", "3", 0),
            ("peek", "null", "null", 0),
        ],
    },
    Alphabet {
        name: "log",
        model: "log",
        initial: "null",
        letters: &[
            ("append", "1", "null", 0),
            ("append", "2", "null", 0),
            ("append", "1", "1", 0),
            ("read", "null", "[]", 0),
            ("read", "null", "[1]", 0),
            ("read", "null", "[1,2]", 0),
            ("read-prefix", "null", "[1]", 0),
            ("read-from", "1", "[2]", 0),
            ("read", "0", "2", 0),
            ("read", "1", "null", 0),
        ],
        more: &[],
    },
    Alphabet {
        name: "log-distinct",
        model: "log",
        initial: "[9]",
        letters: &[
            ("append", "1", "null", 0),
            ("append", "2", "null", 0),
            ("read", "null", "[9]", 0),
            ("read", "null", "[9,1]", 0),
            ("read", "null", "[9,1,2]", 0),
            ("append", "2", "1", 0),
        ],
        more: &[
            ("append", "3", "null", 0),
            ("append", "4", "null", 0),
            ("append", "3", "3", 0),
            ("append", "4", "2", 0),
            ("read", "null", "[9,2]", 0),
            ("read", "null", "[9,1,2,3]", 0),
            ("read", "null", "[9,2,1,4]", 0),
            ("read-prefix", "null", "[9,1]", 0),
            ("read-prefix", "null", "[9,2,1]", 0),
            ("read-from", "2", "[3]", 0),
            ("read-from", "2", "[]", 0),
            ("read-from", "1", "[1,3]", 0),
            ("read", "3", "4", 0),
            ("read", "1", "2", 0),
            ("read", "2", "null", 0),
            ("read", "null", "[]", 0),
        ],
    },
];

/// Runs the campaign for every alphabet.
pub fn all(done: &mut dyn FnMut(Outcome), campaign: &Campaign) {
    for alphabet in ALPHABETS {
        if campaign.wants(alphabet.name) {
            let mut values = ValueTable::new();
            let initial = json_value(alphabet.initial, &mut values).expect("JSON");
            let initial = Some(initial).filter(|value| !value.is_null());
            let check_owner = alphabet.name != "mutex-any-owner";
            let options = ModelOptions { check_owner, ..ModelOptions::default() };
            let model = AnyModel::by_name(alphabet.model, initial, options, &values);
            let outcomes = model.expect("a model").visit(Run { campaign, alphabet, values });
            outcomes.into_iter().for_each(&mut *done);
        }
    }
}

struct Run<'a> {
    campaign: &'a Campaign,
    alphabet: &'a Alphabet,
    values: ValueTable,
}

impl ModelVisitor for Run<'_> {
    type Output = Vec<Outcome>;

    fn visit<M: Model>(self, model: &M) -> Vec<Outcome> {
        let Run { campaign, alphabet, mut values } = self;
        let spellings = alphabet.letters.iter().chain(alphabet.more);
        let letters: Vec<Letter<M::Op>> = spellings
            .map(|spelling| letter(model, spelling, &mut values).expect("known"))
            .collect();
        let mut outcomes = Vec::new();
        if campaign.random + campaign.exhaustive as u64 > 0 {
            let basic = alphabet.letters.len();
            outcomes.push(campaign.run(alphabet.name, model.clone(), letters.clone(), basic));
        }
        if campaign.long > 0 {
            outcomes.push(long::letters(campaign, alphabet.name, model.clone(), letters));
        }
        outcomes
    }
}

/// The operation as completed, and as known when it crashed.
///
/// # Errors
/// If the model refuses it.
pub fn letter<M: Model>(
    model: &M,
    &(function, input, output, process): &Spelling<'_>,
    values: &mut ValueTable,
) -> Result<Letter<M::Op>, Rejection> {
    let input = json_value(input, values).expect("JSON");
    let output = json_value(output, values).expect("JSON");
    let process = values.int(process);
    let view = |value| View { table: values, value };
    let call = Call { function, input: view(input), output: None, process: view(process) };
    let completed = Call { output: Some(view(output)), ..call };
    Ok((model.operation(&completed)?, model.operation(&call)?))
}
