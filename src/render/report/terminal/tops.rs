use std::fmt::{self, Write};

use crate::render::count;

use super::super::document::{Named, Request};
use super::View;
use super::style::QUIET;
use super::table::{Cell, Column, Table, cell, number, painted, text};

/// Of more names than this only the worst are shown.
const FEW: usize = 5;

impl View<'_> {
    /// For whom upstreams failed: sites, requests, clients.
    pub(super) fn tops(&self, out: &mut impl Write) -> fmt::Result {
        let document = self.document;
        let named = |named: &Named| vec![cell(count(named.failures)), self.cell(&named.name)];
        let request = |request: &Request| {
            let pool = painted(QUIET, self.style.name(&request.pool, 80));
            vec![
                cell(count(request.failures)),
                self.cell(&request.request),
                pool,
            ]
        };
        let name = [number(""), text("", 12)];
        let pair = [number(""), text("", 12), text("", 8)];
        self.top(out, ("SITES", "site"), &name, &document.servers, named)?;
        let requests = document.requests.as_deref().unwrap_or_default();
        self.top(out, ("REQUESTS", "request"), &pair, requests, request)?;
        let clients = document.clients.as_deref().unwrap_or_default();
        self.top(out, ("CLIENTS", "client"), &name, clients, named)
    }

    fn cell(&self, name: &str) -> Cell {
        cell(self.style.name(name, 200))
    }

    fn top<T>(
        &self,
        out: &mut impl Write,
        (title, noun): (&str, &str),
        columns: &[Column],
        all: &[T],
        row: impl Fn(&T) -> Vec<Cell>,
    ) -> fmt::Result {
        if all.is_empty() {
            return Ok(());
        }
        self.section(out, title, "")?;
        let mut table = Table::new(columns);
        let shown = self.first(all, FEW);
        for one in shown {
            table.row(row(one));
        }
        table.write(out, "  ", self.style)?;
        self.more(out, all.len() - shown.len(), &format!("more {noun}"))
    }
}
