use std::fmt::{self, Write};

use textwrap::core::display_width;

use super::super::document::Read;
use super::View;
use super::style::{FAILED, PLAIN, QUIET};

/// Of more examples and troubles than this only the first are shown.
const FEW: usize = 3;

impl View<'_> {
    /// What could not be understood or counted, with the first of it.
    pub(super) fn not_understood(&self, out: &mut impl Write) -> fmt::Result {
        let not_understood = &self.document.not_understood;
        let sentences = not_understood.sentences();
        if sentences.is_empty() && not_understood.examples.is_empty() {
            return Ok(());
        }
        self.section(out, "NOT UNDERSTOOD", "")?;
        for sentence in sentences {
            self.hanging(out, PLAIN, "  ", &sentence)?;
        }
        let room = self.style.width() - 4;
        let shown = self.first(&not_understood.examples, FEW);
        for example in shown {
            let what = self.style.name(&example.what, 40);
            let place = format!(", byte {}: {what}", example.offset);
            let source = self
                .style
                .name(&example.source, room.saturating_sub(display_width(&place)));
            writeln!(out, "  {}", self.style.paint(QUIET, &(source + &place)))?;
            writeln!(out, "    {}", self.style.name(&example.text, room))?;
        }
        self.more(
            out,
            not_understood.examples.len() - shown.len(),
            "more example",
        )
    }

    /// What was read, and what could not be.
    pub(super) fn read(&self, out: &mut impl Write) -> fmt::Result {
        let document = self.document;
        let mark = |name: &str| self.style.name(name, 80);
        writeln!(out)?;
        let troubles = document.read.troubles();
        let shown = self.first(troubles, FEW);
        for trouble in shown {
            let trouble = self.style.name(trouble, 300);
            self.hanging(out, FAILED, "Not read: ", &trouble)?;
        }
        self.more(
            out,
            troubles.len() - shown.len(),
            "more that could not be read",
        )?;
        let read = document.read.sentence(&mark);
        self.paragraph(out, QUIET, &format!("Read: {read}."))?;
        if let Read::Dataset {
            last_run: Some(last),
            ..
        } = document.read
        {
            let last = self.clock.second(last);
            self.paragraph(out, QUIET, &format!("The last run added to it at {last}."))?;
        }
        let period = &document.period;
        let asked = [("from", period.since), ("up to", period.until)];
        let asked: Vec<String> = asked
            .into_iter()
            .filter_map(|(word, time)| Some(format!("{word} {}", self.clock.second(time?))))
            .collect();
        if !asked.is_empty() {
            let asked = format!("Asked for: {}.", asked.join(" "));
            self.paragraph(out, QUIET, &asked)?;
        }
        if self.has_more.get() {
            self.paragraph(out, QUIET, "More of everything: -v.")?;
        }
        Ok(())
    }
}
