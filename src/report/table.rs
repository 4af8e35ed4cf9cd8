//! Tables of text, their columns aligned.

use unicode_width::UnicodeWidthStr;

/// A table: a header and rows of as many cells.
pub(super) struct Table {
    rows: Vec<Row>,
    /// Whether each column is aligned to the right.
    right: Vec<bool>,
}

struct Row {
    cells: Vec<String>,
    /// Escape sequences before and after the row.
    style: (&'static str, &'static str),
}

impl Table {
    /// A table with these column titles; those that start with `>` are aligned to the right.
    pub(super) fn new(titles: &[&str], style: (&'static str, &'static str)) -> Table {
        let right = titles.iter().map(|title| title.starts_with('>')).collect();
        let cells = titles.iter().map(|title| title.trim_start_matches('>').to_owned()).collect();
        Table { rows: vec![Row { cells, style }], right }
    }

    /// Adds a row.
    pub(super) fn row(&mut self, cells: Vec<String>, style: (&'static str, &'static str)) {
        self.rows.push(Row { cells, style });
    }

    /// Appends the table to `out`, each line after `indent`.
    pub(super) fn write(&self, indent: &str, out: &mut String) {
        let width = |column: usize| {
            let cells = self.rows.iter().filter_map(|row| row.cells.get(column));
            cells.map(|cell| cell.width()).max().unwrap_or(0)
        };
        let widths: Vec<usize> = (0..self.right.len()).map(width).collect();
        for row in &self.rows {
            let mut line = String::new();
            for ((cell, &width), &right) in row.cells.iter().zip(&widths).zip(&self.right) {
                if width == 0 {
                    continue;
                }
                let padding = " ".repeat(width - cell.width());
                let (before, after) = if right { (&*padding, "") } else { ("", &*padding) };
                line.push_str(before);
                line.push_str(cell);
                line.push_str(after);
                line.push_str("  ");
            }
            out.push_str(indent);
            out.push_str(row.style.0);
            out.push_str(line.trim_end());
            out.push_str(row.style.1);
            out.push('\n');
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_are_aligned_and_empty_ones_left_out() {
        let mut table = Table::new(&["a", ">n", "", "end"], ("", ""));
        table.row(["wörd", "7", "", "x"].map(str::to_owned).to_vec(), ("<", ">"));
        table.row(["b", "1000", "", ""].map(str::to_owned).to_vec(), ("", ""));
        let mut out = String::new();
        table.write("  ", &mut out);
        assert_eq!(out, "  a        n  end\n  <wörd     7  x>\n  b     1000\n");
    }
}
