use crate::rollup::Event;

use super::Fields;

/// Appends an event as one line of JSON. JSON escapes control characters, so no byte of a log can
/// end the line or act on a terminal.
pub fn ndjson(event: &Event<'_>, line: &mut Vec<u8>) {
    serde_json::to_writer(&mut *line, &Fields::new(event))
        .expect("writing to memory does not fail");
    line.push(b'\n');
}
