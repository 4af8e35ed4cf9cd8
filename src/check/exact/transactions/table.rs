//! Transactions on registers in numbers: which contents of which registers each found and left.

use super::super::Timed;
use super::polygraph::NONE;
use crate::history::Value;
use crate::history::hash::Map;
use crate::model::MultiRegister;
use crate::model::multi_register::Op;

/// A register and what it holds, by their numbers.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct Cell {
    pub(super) register: u32,
    /// No other register has this number for what it holds.
    pub(super) content: u32,
}

/// What a register holds at first.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Start {
    /// This; [`NONE`] for what no transaction mentions.
    Content(u32),
    Unknown,
}

/// What all transactions found and left.
pub(super) struct Table {
    cells: Vec<Cell>,
    /// Where the cells begin that each transaction found, and those that it left, in turns.
    starts: Vec<u32>,
    pub(super) registers: Vec<Start>,
    /// Who left each content: the completed ones, and those that never returned, in the order of
    /// their calls.
    pub(super) writers: Vec<[Vec<u32>; 2]>,
}

impl Table {
    pub(super) fn new(start: &MultiRegister, operations: &[Timed<'_, Op>]) -> Table {
        let mut registers: Map<Value, u32> = Map::default();
        let mut contents: Map<(u32, Value), u32> = Map::default();
        let mut table = Table {
            cells: Vec::new(),
            starts: vec![0],
            registers: Vec::new(),
            writers: Vec::new(),
        };
        for (at, timed) in (0..).zip(operations) {
            for (is_left, pairs) in [(false, timed.op.expects()), (true, timed.op.writes())] {
                for &(register, value) in pairs {
                    let next = table.registers.len() as u32;
                    let number = *registers.entry(register).or_insert(next);
                    let mut content = |value| {
                        *contents.entry((number, value)).or_insert_with(|| {
                            table.writers.push([Vec::new(), Vec::new()]);
                            table.writers.len() as u32 - 1
                        })
                    };
                    if number == next {
                        let start = start.start_of(register);
                        table.registers.push(
                            start.map_or(Start::Unknown, |value| Start::Content(content(value))),
                        );
                    }
                    let content = content(value);
                    table.cells.push(Cell { register: number, content });
                    if is_left {
                        let way = usize::from(!timed.has_returned());
                        table.writers[content as usize][way].push(at);
                    }
                }
                table.starts.push(table.cells.len() as u32);
            }
        }
        table
    }

    fn cells(&self, at: usize) -> &[Cell] {
        &self.cells[self.starts[at] as usize..self.starts[at + 1] as usize]
    }

    /// Returns what a transaction found.
    pub(super) fn found(&self, at: u32) -> &[Cell] {
        self.cells(2 * at as usize)
    }

    /// Returns what it left.
    pub(super) fn left(&self, at: u32) -> &[Cell] {
        self.cells(2 * at as usize + 1)
    }

    /// Returns the number of the place where a transaction's left cell is among all cells;
    /// [`NONE`] if it leaves none in that register.
    pub(super) fn place_left(&self, at: u32, register: u32) -> u32 {
        let own = self.left(at).iter().position(|cell| cell.register == register);
        own.map_or(NONE, |nth| self.starts[2 * at as usize + 1] + nth as u32)
    }

    /// Returns how many cells there are in all.
    pub(super) fn len(&self) -> usize {
        self.cells.len()
    }
}
