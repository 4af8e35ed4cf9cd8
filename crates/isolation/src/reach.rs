//! Reachability in acyclic graphs, for many questions at once: each of 64 lanes holds one.

use crate::graph::Graph;

/// A question: is some goal reached from some start? Starts and goals are positions in the
/// topological order.
pub(crate) struct Question {
    pub(crate) id: u32,
    pub(crate) starts: Vec<u32>,
    pub(crate) goals: Vec<u32>,
}

/// The answer to a list of questions.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Answer {
    /// None of them is answered by yes.
    None,
    /// The question with this number is.
    Reached(u32),
    /// The work was too much.
    TooMuch,
}

/// Returns a question whose goal is reached. `order` is a topological order of `graph`. So many
/// edges are looked at: those between the first start and the last goal of each 64 questions, which
/// are few where what is asked about is near.
pub(crate) fn first_reached(
    graph: &Graph,
    order: &[u32],
    positions: &[u32],
    mut questions: Vec<Question>,
    work: &mut u64,
) -> Answer {
    for question in &mut questions {
        let first = question.starts.iter().min().copied().unwrap_or(u32::MAX);
        question.goals.retain(|&goal| goal >= first);
        let last = question.goals.iter().max().copied().unwrap_or(0);
        question.starts.retain(|&start| start <= last);
    }
    questions.retain(|question| !question.goals.is_empty() && !question.starts.is_empty());
    questions.sort_by_key(|question| question.starts.iter().min().copied());
    let mut lanes = vec![0u64; order.len()];
    for block in questions.chunks(64) {
        let starts = block.iter().flat_map(|question| &question.starts);
        let goals = block.iter().flat_map(|question| &question.goals);
        let (from, to) = (starts.min().copied(), goals.max().copied());
        let (Some(from), Some(to)) = (from, to) else { continue };
        lanes[from as usize..=to as usize].fill(0);
        for (lane, question) in block.iter().enumerate() {
            for &start in &question.starts {
                lanes[start as usize] |= 1 << lane;
            }
        }
        for at in from..=to {
            let here = lanes[at as usize];
            if here == 0 {
                continue;
            }
            let next = graph.successors(order[at as usize]);
            *work = work.saturating_sub(next.len() as u64 + 1);
            for &vertex in next {
                let position = positions[vertex as usize];
                if position <= to {
                    lanes[position as usize] |= here;
                }
            }
        }
        if *work == 0 {
            return Answer::TooMuch;
        }
        for (lane, question) in block.iter().enumerate() {
            if question.goals.iter().any(|&goal| lanes[goal as usize] >> lane & 1 == 1) {
                return Answer::Reached(question.id);
            }
        }
    }
    Answer::None
}

/// Returns the position of each vertex in `order`.
pub(crate) fn positions(order: &[u32]) -> Vec<u32> {
    let mut positions = vec![0; order.len()];
    for (&vertex, at) in order.iter().zip(0..) {
        positions[vertex as usize] = at;
    }
    positions
}
