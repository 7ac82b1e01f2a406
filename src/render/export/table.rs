use std::io::{self, Write};

use crate::record::{Level, OsError};
use crate::render::{CsvLine, Time};
use crate::rollup::Row;
use crate::taxonomy::Phase;

/// The columns of [`table`], named and ordered as in the dataset; without the two that CSV cannot hold, the
/// sketch of the clients and the list of the minutes.
const COLUMNS: [&str; 17] = [
    "bucket",
    "host",
    "pool",
    "scheme",
    "peer",
    "server",
    "class",
    "kind",
    "phase",
    "os_error",
    "level",
    "status",
    "events",
    "clients",
    "first_seen",
    "last_seen",
    "example",
];

/// Writes the names of the columns of [`table`].
pub fn table_head(out: &mut impl Write) -> io::Result<()> {
    let mut bytes = Vec::new();
    let mut names = CsvLine::new(&mut bytes);
    COLUMNS.iter().for_each(|name| names.plain(Some(name)));
    names.end();
    out.write_all(&bytes)
}

/// Writes rows as CSV; times are RFC 3339 in UTC. See [`CsvLine`] for what is absent and for what could be a
/// formula.
pub fn table(rows: &[Row], out: &mut impl Write) -> io::Result<()> {
    let mut bytes = Vec::new();
    for row in rows {
        bytes.clear();
        let mut line = CsvLine::new(&mut bytes);
        line.plain(Some(Time(row.bucket)));
        line.text(Some(&row.host));
        line.text(Some(&row.pool));
        line.text(row.scheme.as_deref());
        line.text(row.peer.as_deref());
        line.text(row.server.as_deref());
        line.text(Some(row.class.name()));
        line.plain(Some(row.class.kind().letter()));
        line.plain(row.phase.map(Phase::name));
        line.plain(row.os_error.map(OsError::name));
        line.plain(row.level.map(Level::name));
        line.plain(row.status);
        line.plain(Some(row.events));
        line.plain(Some(row.clients.estimate()));
        line.plain(Some(Time(row.first_seen)));
        line.plain(Some(Time(row.last_seen)));
        line.text(row.example.as_deref());
        line.end();
        out.write_all(&bytes)?;
    }
    Ok(())
}
