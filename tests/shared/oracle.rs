//! Brute force: tries every order of at most 16 operations, without memory or insight. It shares
//! no code with the checker, not even how operations are read off a history: histories are built
//! here from the same small operations that the oracle orders.

use histcheck::model::Model;

/// An operation with its ends; `ret` is `None` if it crashed.
#[derive(Clone, Debug)]
pub struct Timed<Op> {
    pub op: Op,
    pub call: u32,
    pub ret: Option<u32>,
}

/// Whether the operations can be ordered.
pub fn is_linearizable<M: Model>(model: &M, ops: &[Timed<M::Op>]) -> bool {
    assert!(ops.len() <= 16);
    place(model, ops, 0, &model.initial())
}

fn place<M: Model>(model: &M, ops: &[Timed<M::Op>], placed: u16, state: &M::State) -> bool {
    let is_open = |at: usize| placed >> at & 1 == 0;
    if (0..ops.len()).all(|at| !is_open(at) || ops[at].ret.is_none()) {
        return true;
    }
    (0..ops.len()).filter(|&at| is_open(at)).any(|at| {
        let minimal = (0..ops.len())
            .all(|other| !is_open(other) || ops[other].ret.is_none_or(|ret| ret > ops[at].call));
        minimal
            && model
                .step(state, &ops[at].op)
                .into_iter()
                .any(|next| place(model, ops, placed | 1 << at, &next))
    })
}
