//! The alphabets: a few operations of every model, with every kind of output.

use histcheck::history::{Value, ValueTable};
use histcheck::model::{Register, register};

use crate::trial::{Campaign, Outcome};

/// Runs the campaign for every model.
pub fn all(done: &mut dyn FnMut(Outcome), campaign: &Campaign) {
    let wanted = |name: &str| campaign.model.as_deref().is_none_or(|model| model == name);
    for (name, has_cas, observes) in [
        ("register", false, false),
        ("cas-register", true, false),
        ("cas-register-observed", true, true),
    ] {
        if wanted(name) {
            done(campaign.run(name, registers(has_cas), register_letters(has_cas, observes)));
        }
    }
}

fn registers(has_cas: bool) -> Register {
    Register { initial: Value::NULL, has_cas, failed_cas_observes: false }
}

fn register_letters(has_cas: bool, observes: bool) -> Vec<(register::Op, register::Op)> {
    use register::Op::{Cas, CasMismatch, Read, Write};
    let mut values = ValueTable::new();
    let some = [values.int(1), values.int(2)];
    let mut letters = vec![(Read(Some(Value::NULL)), Read(None))];
    for a in some {
        letters.push((Read(Some(a)), Read(None)));
        letters.push((Write(a), Write(a)));
        if has_cas {
            letters.push((Cas(Value::NULL, a), Cas(Value::NULL, a)));
            letters.extend(some.map(|b| (Cas(a, b), Cas(a, b))));
        }
        if observes {
            letters.push((CasMismatch(a), Cas(a, some[0])));
        }
    }
    letters
}
