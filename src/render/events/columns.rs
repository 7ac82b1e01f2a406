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
    Text(Option<&'a str>),
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
            Text(self.scheme.as_deref()),
            Text(self.peer.as_deref()),
            Text(Some(&self.pool)),
            Text(self.upstream.as_deref()),
            Text(self.server.as_deref()),
            Text(self.client.as_deref()),
            Text(self.request.as_deref()),
            Text(self.host_header.as_deref()),
            Text(self.referrer.as_deref()),
            Text(Some(&self.message)),
            Text(self.action.as_deref()),
            Text(Some(&self.host)),
            Text(Some(self.source)),
            Long(Some(self.offset)),
        ]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_columns_are_the_fields_in_their_order() {
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
            status: Some(502),
            scheme: None,
            peer: Some("127.0.0.1:8080".into()),
            pool: "shop".into(),
            upstream: None,
            server: Some("".into()),
            client: None,
            request: None,
            host_header: None,
            referrer: None,
            message: "connect() failed".into(),
            action: None,
            host: "web1".into(),
            source: "error.log",
            offset: 17,
        };
        let json = serde_json::to_string(&fields).unwrap();
        let columns: Vec<String> = COLUMNS
            .iter()
            .zip(fields.values())
            .map(|(column, value)| {
                let (kind, value) = match value {
                    Value::Time(value) => (Kind::Time, serde_json::to_string(&value)),
                    Value::Long(value) => (Kind::Long, serde_json::to_string(&value)),
                    Value::Int(value) => (Kind::Int, serde_json::to_string(&value)),
                    Value::Word(value) => (Kind::Word, serde_json::to_string(&value)),
                    Value::Text(value) => (Kind::Text, serde_json::to_string(&value)),
                };
                let value = value.unwrap();
                assert_eq!(kind, column.kind, "{}", column.name);
                assert!(column.is_nullable || value != "null", "{}", column.name);
                format!("\"{}\":{value}", column.name)
            })
            .collect();
        assert_eq!(format!("{{{}}}", columns.join(",")), json);
    }
}
