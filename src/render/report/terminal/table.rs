use std::fmt::{self, Write};

use anstyle::Style as Paint;
use textwrap::core::display_width;

use super::style::{PLAIN, QUIET, Style};

/// A table that is made to fit: columns without content are left out, and where there is too little room the
/// longest texts are cut.
#[derive(Debug)]
pub(super) struct Table {
    columns: Vec<Column>,
    rows: Vec<Row>,
}

#[derive(Debug, Clone, Copy)]
pub(super) struct Column {
    title: &'static str,
    side: Side,
    /// To how many columns it may be cut.
    least: usize,
}

#[derive(Debug, Clone, Copy, PartialEq)]
enum Side {
    Left,
    Right,
}

/// What stands where.
#[derive(Debug)]
struct Layout {
    /// How wide each column is, 0 for those that are left out.
    widths: Vec<usize>,
    /// How many blanks stand before a number; before texts there are two.
    number_gap: usize,
}

impl Layout {
    fn gap(&self, column: &Column) -> usize {
        match column.side {
            Side::Left => 2,
            Side::Right => self.number_gap,
        }
    }
}

#[derive(Debug)]
enum Row {
    Cells(Vec<Cell>),
    /// A line of its own below the row before.
    Note(String),
}

#[derive(Debug, Clone)]
pub(super) struct Cell {
    text: String,
    paint: Paint,
}

/// Text that is safe already, or our own.
pub(super) fn cell(text: impl Into<String>) -> Cell {
    painted(PLAIN, text)
}

pub(super) fn painted(paint: Paint, text: impl Into<String>) -> Cell {
    Cell {
        text: text.into(),
        paint,
    }
}

/// A column whose texts may be cut, but not below so many columns.
pub(super) const fn text(title: &'static str, least: usize) -> Column {
    let side = Side::Left;
    Column { title, side, least }
}

/// A column whose texts stay whole.
pub(super) const fn whole(title: &'static str) -> Column {
    text(title, usize::MAX)
}

/// Numbers, which stay whole and stand on the right.
pub(super) const fn number(title: &'static str) -> Column {
    let side = Side::Right;
    let least = usize::MAX;
    Column { title, side, least }
}

impl Table {
    pub(super) fn new(columns: &[Column]) -> Self {
        Self {
            columns: columns.to_vec(),
            rows: Vec::new(),
        }
    }

    pub(super) fn row(&mut self, cells: impl Into<Vec<Cell>>) {
        self.rows.push(Row::Cells(cells.into()));
    }

    pub(super) fn note(&mut self, line: String) {
        self.rows.push(Row::Note(line));
    }

    /// The table, each line behind `indent`.
    pub(super) fn write(self, out: &mut impl Write, indent: &str, style: Style) -> fmt::Result {
        let layout = self.layout(style.width().saturating_sub(indent.len()));
        let titles = self
            .columns
            .iter()
            .map(|column| painted(QUIET, column.title));
        if self.columns.iter().any(|column| !column.title.is_empty()) {
            self.line(out, indent, &titles.collect::<Vec<_>>(), &layout, style)?;
        }
        for row in &self.rows {
            match row {
                Row::Cells(cells) => self.line(out, indent, cells, &layout, style)?,
                Row::Note(line) => writeln!(out, "{line}")?,
            }
        }
        Ok(())
    }

    fn layout(&self, room: usize) -> Layout {
        let cells = |at: usize| {
            let rows = self.rows.iter().filter_map(|row| match row {
                Row::Cells(cells) => cells.get(at),
                Row::Note(_) => None,
            });
            rows.map(|cell| display_width(&cell.text))
                .max()
                .unwrap_or(0)
        };
        let wish = |(at, column): (usize, &Column)| match cells(at) {
            0 => 0,
            content => content.max(column.title.len()),
        };
        let widths = self.columns.iter().enumerate().map(wish).collect();
        let mut layout = Layout {
            widths,
            number_gap: 2,
        };
        if self.width(&layout) > room {
            layout.number_gap = 1;
        }
        while self.width(&layout) > room {
            let widths = &mut layout.widths;
            let texts = (0..widths.len()).filter(|&at| widths[at] > self.columns[at].least);
            if let Some(widest) = texts.max_by_key(|&at| widths[at]) {
                widths[widest] -= 1;
                continue;
            }
            // Where that is not enough, what stays whole is left out, the last first.
            let is_whole = |at: usize| self.columns[at].least == usize::MAX;
            match (1..widths.len()).rfind(|&at| widths[at] > 0 && is_whole(at)) {
                Some(last) => widths[last] = 0,
                None => break,
            }
        }
        layout
    }

    /// How wide a line is.
    fn width(&self, layout: &Layout) -> usize {
        let shown = self.columns.iter().zip(&layout.widths);
        let shown = shown.filter(|(_, width)| **width > 0).enumerate();
        let widths = shown.map(|(at, (column, width))| match at {
            0 => *width,
            _ => layout.gap(column) + width,
        });
        widths.sum()
    }

    fn line(
        &self,
        out: &mut impl Write,
        indent: &str,
        cells: &[Cell],
        layout: &Layout,
        style: Style,
    ) -> fmt::Result {
        let mut line = indent.to_owned();
        let mut fill_before = 0;
        let mut is_first = true;
        for ((column, cell), &width) in self.columns.iter().zip(cells).zip(&layout.widths) {
            if width == 0 {
                continue;
            }
            let gap = if is_first { 0 } else { layout.gap(column) };
            is_first = false;
            let text = style.cut(&cell.text, width);
            let fill = width.saturating_sub(display_width(&text));
            let before = if column.side == Side::Right { fill } else { 0 };
            line.extend(std::iter::repeat_n(' ', fill_before + gap + before));
            line += &style.paint(cell.paint, &text);
            // What follows the last text is left out.
            fill_before = fill - before;
        }
        writeln!(out, "{}", line.trim_end())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const STYLE: Style = Style {
        colour: false,
        unicode: true,
        columns: 60,
        everything: false,
    };

    fn written(table: Table) -> String {
        let mut out = String::new();
        table.write(&mut out, "  ", STYLE).unwrap();
        out
    }

    #[test]
    fn columns_are_as_wide_as_what_they_hold_and_empty_ones_are_left_out() {
        let mut table = Table::new(&[
            text("POOL", 8),
            number("FAILED"),
            number("504"),
            whole("CLASS"),
        ]);
        table.row([cell("商店"), cell("12"), cell(""), cell("connect_refused")]);
        table.row([cell("blog"), cell("1,234,567"), cell(""), cell("")]);
        let expected =
            "  POOL     FAILED  CLASS\n  商店         12  connect_refused\n  blog  1,234,567\n";
        assert_eq!(written(table), expected);
    }

    #[test]
    fn the_longest_text_is_cut_where_there_is_no_room() {
        let mut table = Table::new(&[text("POOL", 8), text("REQUEST", 8), number("FAILED")]);
        table.row([cell("p".repeat(500)), cell("GET /"), cell("12")]);
        let shown = written(table);
        assert!(
            shown.lines().all(|line| display_width(line) <= 60),
            "{shown}"
        );
        assert!(shown.contains("pp…  GET /"), "{shown}");
    }
}
