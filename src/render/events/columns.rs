use super::fields::{Fields, Time};

/// A column of the formats that have columns.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Column {
    /// Its name.
    pub name: &'static str,
    /// What it holds.
    pub kind: Kind,
    /// Whether an event may be without it.
    pub is_nullable: bool,
}

/// What a column holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// A time, UTC.
    Time,
    /// A number of up to 63 bits.
    Long,
    /// A small number.
    Int,
    /// One of this program's own words.
    Word,
    /// What somebody else has written.
    Text,
}

/// A field's value; absent fields have none.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[allow(missing_docs, reason = "each is a value of the kind of the same name")]
pub enum Value<'a> {
    Time(Option<Time>),
    Long(Option<i64>),
    Int(Option<i32>),
    Word(Option<&'static str>),
    /// UTF-8 or not: see [`Text`](crate::record::Text).
    Text(Option<&'a [u8]>),
}

const fn always(name: &'static str, kind: Kind) -> Column {
    Column {
        name,
        kind,
        is_nullable: false,
    }
}

const fn maybe(name: &'static str, kind: Kind) -> Column {
    Column {
        name,
        kind,
        is_nullable: true,
    }
}

/// The columns, one for each of [`Fields`].
pub const COLUMNS: [Column; 24] = [
    maybe("time", Kind::Time),
    maybe("level", Kind::Word),
    maybe("pid", Kind::Long),
    maybe("tid", Kind::Long),
    maybe("connection", Kind::Long),
    always("class", Kind::Word),
    always("kind", Kind::Word),
    maybe("phase", Kind::Word),
    maybe("os_error", Kind::Word),
    maybe("status", Kind::Int),
    maybe("scheme", Kind::Text),
    maybe("peer", Kind::Text),
    always("pool", Kind::Text),
    maybe("upstream", Kind::Text),
    maybe("server", Kind::Text),
    maybe("client", Kind::Text),
    maybe("request", Kind::Text),
    maybe("host_header", Kind::Text),
    maybe("referrer", Kind::Text),
    always("message", Kind::Text),
    maybe("action", Kind::Text),
    always("host", Kind::Text),
    always("source", Kind::Text),
    always("offset", Kind::Long),
];

impl Fields<'_> {
    /// The values, one for each of [`COLUMNS`].
    pub fn values(&self) -> [Value<'_>; COLUMNS.len()] {
        use Value::{Int, Long, Text, Time, Word};
        [
            Time(self.time),
            Word(self.level),
            Long(self.pid),
            Long(self.tid),
            Long(self.connection),
            Word(Some(self.class)),
            Word(Some(self.kind)),
            Word(self.phase),
            Word(self.os_error),
            Int(self.status.map(i32::from)),
            Text(self.scheme),
            Text(self.peer),
            Text(Some(self.pool)),
            Text(self.upstream),
            Text(self.server),
            Text(self.client),
            Text(self.request),
            Text(self.host_header),
            Text(self.referrer),
            Text(Some(self.message)),
            Text(self.action.as_deref()),
            Text(Some(self.host)),
            Text(Some(self.source.as_bytes())),
            Long(Some(self.offset)),
        ]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_value_is_what_its_column_holds() {
        let fields = Fields {
            time: None,
            level: None,
            pid: None,
            tid: None,
            connection: None,
            class: "connect_refused",
            kind: "F",
            phase: None,
            os_error: None,
            status: None,
            scheme: None,
            peer: None,
            pool: b"shop",
            upstream: None,
            server: None,
            client: None,
            request: None,
            host_header: None,
            referrer: None,
            message: b"connect() failed",
            action: None,
            host: b"web1",
            source: "error.log",
            offset: 17,
        };
        for (column, value) in COLUMNS.iter().zip(fields.values()) {
            let (kind, is_absent) = match value {
                Value::Time(value) => (Kind::Time, value.is_none()),
                Value::Long(value) => (Kind::Long, value.is_none()),
                Value::Int(value) => (Kind::Int, value.is_none()),
                Value::Word(value) => (Kind::Word, value.is_none()),
                Value::Text(value) => (Kind::Text, value.is_none()),
            };
            assert_eq!(kind, column.kind, "{}", column.name);
            assert_eq!(is_absent, column.is_nullable, "{}", column.name);
        }
    }
}
