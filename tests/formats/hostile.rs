//! What strangers have written comes through undamaged, and acts nowhere.

use std::process::Command;

use crate::program::{FORMATS, House};
use crate::read::{cells, text};

/// What clients send to do harm, and the text that it is.
const HARM: [(&[u8], &str); 18] = [
    (b"<script>alert(1)</script>", "<script>alert(1)</script>"),
    (b"\x1b[31m\x1b]0;owned\x07", "\u{1b}[31m\u{1b}]0;owned\u{7}"),
    (b"=cmd|' /C calc'!A0", "=cmd|' /C calc'!A0"),
    (b"+1+1", "+1+1"),
    (b"-1", "-1"),
    (b"@SUM(1)", "@SUM(1)"),
    (b"\t=1", "\t=1"),
    (b"\r=1", "\r=1"),
    (b"'=1", "'=1"),
    (b"''", "''"),
    (b"say \"hi\",\"\"x", "say \"hi\",\"\"x"),
    (b"a;b,c|d", "a;b,c|d"),
    (b"caf\xe9 \xff", "caf\\xE9 \\xFF"),
    (b"\xc2\x9b2J\xc2\x85x", "\u{9b}2J\u{85}x"),
    (
        b"\xe2\x80\xaegnp.exe\xe2\x81\xa6",
        "\u{202e}gnp.exe\u{2066}",
    ),
    (b"a\0b\x7f", "a\0b\u{7f}"),
    (b"$(reboot) `id`; rm -rf /", "$(reboot) `id`; rm -rf /"),
    (b"{{7*7}} %s \\u0041 \\", "{{7*7}} %s \\u0041 \\"),
];

/// A record whose request, Host and Referer are all `harm`.
fn record(harm: &[u8]) -> Vec<u8> {
    [
        b"2026/11/01 09:15:02 [error] 7#7: *1 connect() failed (111: Connection refused) while connecting \
          to upstream, client: 192.0.2.1, server: a, request: \""
            .as_slice(),
        harm,
        b"\", upstream: \"http://127.0.0.1:80/\", host: \"",
        harm,
        b"\", referrer: \"",
        harm,
        b"\"\n",
    ]
    .concat()
}

/// One whose message has line feeds.
const LINES: &[u8] = b"2026/11/01 09:15:03 [error] 7#7: *2 FastCGI sent in stderr: \"PHP message: =one\n\
    +two, \"three\"\n<b>four</b>\" while reading response header from upstream, client: 192.0.2.1, server: a, \
    request: \"GET / HTTP/1.1\", upstream: \"fastcgi://unix:/run/php/a.sock:\", host: \"a\"\n";

/// A log of all of it.
pub fn harm() -> Vec<u8> {
    let mut log: Vec<u8> = HARM.iter().flat_map(|(harm, _)| record(harm)).collect();
    log.extend(LINES);
    log
}

fn house() -> House {
    House::with(&harm())
}

/// Whether a character could act on a terminal.
fn acts(character: char) -> bool {
    character.is_control()
        || matches!(character, '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

#[test]
fn what_clients_send_comes_through_undamaged() {
    let house = house();
    for (format, read) in FORMATS {
        let events = read(&house.bytes(format, &["error.log"]));
        assert_eq!(events.len(), HARM.len() + 1, "{format}");
        for (event, (_, harm)) in events.iter().zip(HARM) {
            for field in ["request", "host_header", "referrer"] {
                assert_eq!(text(event, field), harm, "{format}");
            }
        }
        let message = text(&events[HARM.len()], "message");
        assert!(
            message.contains("=one\n+two, \"three\"\n<b>four</b>"),
            "{format}: {message}"
        );
    }
}

#[test]
fn no_byte_of_json_acts() {
    let bytes = house().bytes("ndjson", &["error.log"]);
    let text = String::from_utf8(bytes).unwrap();
    assert_eq!(text.matches('\n').count(), HARM.len() + 1);
    let acting: Vec<char> = text
        .chars()
        .filter(|&one| one != '\n' && acts(one))
        .collect();
    assert_eq!(acting, []);
}

#[test]
fn no_cell_of_csv_is_a_formula() {
    let rows = cells(&house().bytes("csv", &["error.log"]));
    assert_eq!(rows.len(), HARM.len() + 2);
    for cell in rows.iter().flatten().flatten() {
        assert!(
            !cell.starts_with(['=', '+', '-', '@', '\t', '\r']),
            "{cell}"
        );
    }
}

#[test]
fn nothing_acts_on_a_terminal() {
    let house = house();
    for format in ["ndjson", "csv"] {
        let program = env!("CARGO_BIN_EXE_badgateway");
        let command =
            format!("{program} events --no-discover -q --timezone UTC --format {format} error.log");
        let output = Command::new("script")
            .args(["-qec", &command, "/dev/null"])
            .current_dir(house.path(""))
            .stdin(std::process::Stdio::null())
            .output()
            .unwrap();
        assert_eq!(output.status.code(), Some(0), "{format}");
        // A terminal makes two of a line feed.
        let shown = String::from_utf8(output.stdout)
            .unwrap()
            .replace("\r\n", "\n");
        assert!(
            shown.contains("<script>alert(1)</script>"),
            "{format}: {shown}"
        );
        let acting: Vec<char> = shown
            .chars()
            .filter(|&one| one != '\n' && acts(one))
            .collect();
        assert_eq!(acting, [], "{format}");
    }
}
