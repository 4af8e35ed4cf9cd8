//! Directed graphs in compressed rows: topological order, strongly connected components, paths.
//! Nothing is recursive, since a component may have as many vertices as there are transactions.

use crate::numbers::NONE;

/// A graph: the successors of each vertex.
pub(crate) struct Graph {
    starts: Vec<u32>,
    targets: Vec<u32>,
}

impl Graph {
    /// Returns the graph with `vertices` vertices and the edges that `edges` passes on. It is
    /// called twice, and passes on the same edges each time.
    pub(crate) fn new(vertices: usize, edges: impl Fn(&mut dyn FnMut(u32, u32))) -> Graph {
        let mut starts = vec![0u32; vertices + 1];
        edges(&mut |from, _| starts[from as usize + 1] += 1);
        for at in 0..vertices {
            starts[at + 1] += starts[at];
        }
        let mut next = starts.clone();
        let mut targets = vec![0; starts[vertices] as usize];
        edges(&mut |from, to| {
            let at = &mut next[from as usize];
            targets[*at as usize] = to;
            *at += 1;
        });
        Graph { starts, targets }
    }

    pub(crate) fn len(&self) -> usize {
        self.starts.len() - 1
    }

    #[inline]
    pub(crate) fn successors(&self, vertex: u32) -> &[u32] {
        let at = vertex as usize;
        &self.targets[self.starts[at] as usize..self.starts[at + 1] as usize]
    }

    /// Returns the vertices in an order that all edges keep, if there is one. O(n + m).
    pub(crate) fn order(&self) -> Option<Vec<u32>> {
        let mut degrees = vec![0u32; self.len()];
        self.targets.iter().for_each(|&to| degrees[to as usize] += 1);
        let mut order: Vec<u32> = Vec::with_capacity(self.len());
        order.extend((0..self.len() as u32).filter(|&vertex| degrees[vertex as usize] == 0));
        let mut at = 0;
        while at < order.len() {
            for &to in self.successors(order[at]) {
                degrees[to as usize] -= 1;
                if degrees[to as usize] == 0 {
                    order.push(to);
                }
            }
            at += 1;
        }
        (order.len() == self.len()).then_some(order)
    }

    /// Returns the vertices in an order that all edges keep, if there is one; of those that could
    /// come next, that of least `priority`. O(n log n + m).
    pub(crate) fn topological(&self, priority: impl Fn(u32) -> u32) -> Option<Vec<u32>> {
        let mut degrees = vec![0u32; self.len()];
        self.targets.iter().for_each(|&to| degrees[to as usize] += 1);
        let mut ready = std::collections::BinaryHeap::new();
        let entry = |vertex: u32| std::cmp::Reverse((priority(vertex), vertex));
        ready.extend((0..self.len() as u32).filter(|&v| degrees[v as usize] == 0).map(entry));
        let mut order = Vec::with_capacity(self.len());
        while let Some(std::cmp::Reverse((_, vertex))) = ready.pop() {
            order.push(vertex);
            for &to in self.successors(vertex) {
                degrees[to as usize] -= 1;
                if degrees[to as usize] == 0 {
                    ready.push(entry(to));
                }
            }
        }
        (order.len() == self.len()).then_some(order)
    }

    /// Returns the strongly connected components, by Tarjan's algorithm. O(n + m).
    pub(crate) fn components(&self) -> Components {
        let n = self.len();
        let mut number = vec![NONE; n];
        let mut low = vec![0u32; n];
        let mut component = vec![NONE; n];
        let (mut stack, mut calls) = (Vec::new(), Vec::new());
        let (mut count, mut components) = (0, 0);
        for root in 0..n as u32 {
            if number[root as usize] != NONE {
                continue;
            }
            calls.push((root, self.starts[root as usize]));
            while let Some((vertex, at)) = calls.pop() {
                let v = vertex as usize;
                if number[v] == NONE {
                    (number[v], low[v]) = (count, count);
                    count += 1;
                    stack.push(vertex);
                }
                let end = self.starts[v + 1];
                let mut next = at;
                let mut child = None;
                while next < end {
                    let to = self.targets[next as usize] as usize;
                    next += 1;
                    if number[to] == NONE {
                        child = Some(to as u32);
                        break;
                    }
                    if component[to] == NONE {
                        low[v] = low[v].min(low[to].min(number[to]));
                    }
                }
                if let Some(child) = child {
                    // The edge to the child is looked at again behind it, for its `low`.
                    calls.push((vertex, next - 1));
                    calls.push((child, self.starts[child as usize]));
                    continue;
                }
                if low[v] == number[v] {
                    while let Some(top) = stack.pop() {
                        component[top as usize] = components;
                        if top == vertex {
                            break;
                        }
                    }
                    components += 1;
                }
            }
        }
        Components { of: component }
    }
}

/// The strongly connected components of a graph.
pub(crate) struct Components {
    /// The component of each vertex.
    of: Vec<u32>,
}

impl Components {
    /// Returns whether an edge between two vertices, which is there, is on a cycle.
    pub(crate) fn joins(&self, from: u32, to: u32) -> bool {
        self.of[from as usize] == self.of[to as usize]
    }

    /// Returns the number of a vertex's component: an edge between two leads to the lower number.
    pub(crate) fn number(&self, vertex: u32) -> u32 {
        self.of[vertex as usize]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn graph(n: usize, edges: &[(u32, u32)]) -> Graph {
        Graph::new(n, |edge| edges.iter().for_each(|&(from, to)| edge(from, to)))
    }

    #[test]
    fn components_are_those_of_mutual_reach() {
        let mut state = 7u64;
        let mut random = |below: u64| {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
            (state >> 33) % below
        };
        for _ in 0..2_000 {
            let n = 1 + random(8) as usize;
            let edges: Vec<(u32, u32)> = (0..random(16))
                .map(|_| (random(n as u64) as u32, random(n as u64) as u32))
                .collect();
            let mut reach = vec![vec![false; n]; n];
            edges.iter().for_each(|&(a, b)| reach[a as usize][b as usize] = true);
            for k in 0..n {
                let through = reach[k].clone();
                for row in reach.iter_mut().filter(|row| row[k]) {
                    row.iter_mut().zip(&through).for_each(|(one, &other)| *one |= other);
                }
            }
            let graph = graph(n, &edges);
            let components = graph.components();
            let pairs = (0..n).flat_map(|i| (0..n).map(move |j| (i, j)));
            for (i, j) in pairs {
                let same = i == j || reach[i][j] && reach[j][i];
                assert_eq!(components.joins(i as u32, j as u32), same, "{edges:?}");
            }
            let acyclic = reach.iter().enumerate().all(|(i, row)| !row[i]);
            assert_eq!(graph.topological(|v| v).is_some(), acyclic);
        }
    }
}
