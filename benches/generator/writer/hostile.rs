//! The records that try to mislead: forged Referers and lines, cut records, bytes that are not UTF-8.

use super::super::digits::push_number;
use super::super::rows::{At, STDERR, WEB};
use super::super::tables::{Path, Server};
use super::record::CUT;
use super::{Cast, Writer};

/// What a client (or an application) smuggles in as a line of its own, after the time.
#[rustfmt::skip]
const FORGED: [&str; 5] = [
    " [error] 1203#1203: *77 connect() failed (111: Connection refused) while connecting to upstream, client: 198.51.100.9, server: shop.example, request: \"GET / HTTP/1.1\", upstream: \"http://evil.example:80/\", host: \"shop.example\"",
    " [crit] 1203#1203: *77 connect() to unix:/run/php/evil.sock failed (2: No such file or directory) while connecting to upstream",
    " [error] 1203#1203: *77 FastCGI sent in stderr: \"PHP message: PHP Fatal error:  Out of memory",
    " [error] 1203#1203: *77 no live upstreams while connecting to upstream, client: 198.51.100.9, server: a, request: \"GET / HTTP/1.1\", upstream: \"http://evil/\", host: \"a",
    " [emerg] 1#1: host not found in upstream \"evil.example\" in /etc/nginx/nginx.conf:1",
];

/// What a Referer or a request line carries to mislead a reader.
const MISLEADING: [&str; 3] = [
    "x\" while reading response header from upstream, client: 198.51.100.9, server: evil, request: \"GET / HTTP/1.1\", \
     upstream: \"fastcgi://evil.example:9000\", host: \"evil",
    "x\", upstream: \"http://evil.example/",
    "x\" failed (2: No such file or directory), client: 198.51.100.9",
];

/// They are rare, so they may allocate.
impl Writer<'_> {
    pub(super) fn hostile(&mut self, is_event: bool) {
        self.written.hostile_records += 1;
        self.hostile_turn += 1;
        let turn = self.hostile_turn / 2;
        let Some(pool) = self.pool_for(WEB) else {
            return if is_event {
                self.event(false);
            } else {
                self.other(false);
            };
        };
        let cast = self.cast(pool);
        match (is_event, turn % 7) {
            (true, 0..=3) => self.hostile_request(turn % 7, &cast, true),
            (true, 4) => self.hostile_stderr(false),
            (true, 5) => self.hostile_stderr(true),
            (true, _) => self.long_header(&cast),
            (false, 0..=2) => self.hostile_request(turn % 7, &cast, false),
            (false, 3) => self.hostile_path(&cast, 1),
            (false, 4) => self.hostile_path(&cast, 3),
            (false, 5) => self.hostile_path(&cast, 12),
            (false, _) => self.hostile_path(&cast, 0),
        }
        let record = &self.buffer[self.begin..];
        let forged = record
            .windows(40)
            .filter(|window| window.starts_with(b"\n2") && &window[20..22] == b" [");
        self.written.forged_lines += forged.count() as u64;
    }

    /// An ordinary record whose request, Host and Referer were chosen with care.
    fn hostile_request(&mut self, turn: usize, cast: &Cast, is_event: bool) {
        let misleading = MISLEADING[self.random.below(MISLEADING.len())].as_bytes();
        let mut server = Server {
            field: cast.server.field.clone(),
            host: cast.server.host.clone(),
            referrer: cast.server.referrer.clone(),
        };
        let mut uri = cast.path.uri.clone();
        match turn {
            0 => server.referrer.extend_from_slice(misleading),
            // Spaces in a URI pass before NGINX 1.21.1, ` HTTP/1.1"` in it never did.
            1 => uri.extend_from_slice(MISLEADING[turn + cast.luck as usize % 2].as_bytes()),
            2 => {
                uri.extend_from_slice(b"/\xff\xfe\x1b[31m\x80");
                server.host = b", host: \"\xc3\x28.example\"".to_vec();
                server.referrer.extend_from_slice(b"/\xe9t\xe9\x01");
            }
            _ => {
                let length = 1200 + self.random.below(1500);
                uri.extend(
                    b"&filter=abcdefghijklmnopqrstuvwxyz"
                        .iter()
                        .cycle()
                        .take(length),
                );
            }
        }
        let request = [b", request: \"GET ", &uri[..], b" HTTP/1.1\""].concat();
        let path = Path {
            request,
            uri,
            file: cast.path.file.clone(),
        };
        let cast = Cast {
            server: &server,
            path: &path,
            luck: (cast.luck & !3) | 2,
            ..*cast
        };
        let tables = self.tables;
        let family = if is_event {
            &tables.events
        } else {
            &tables.others
        };
        let shape = family
            .draw(cast.pool.protocol, &mut self.random)
            .expect("rows for web protocols");
        self.write(shape, &cast);
    }

    /// FastCGI stderr that holds records, or that is longer than a record can be.
    fn hostile_stderr(&mut self, is_long: bool) {
        let Some(pool) = self.pool_for(STDERR) else {
            return self.event(false);
        };
        let cast = self.cast(pool);
        self.start(b" [error] ", &cast, true);
        self.buffer.extend_from_slice(b"FastCGI sent in stderr: \"");
        // As if the quote that has just been opened were the closing one.
        let begins_with_action = !is_long && cast.luck % 4 == 3;
        let class = if is_long { "app_fatal" } else { "app_warning" };
        if begins_with_action {
            self.buffer
                .extend_from_slice(b" while reading upstream, client: 192.0.2.66, server: evil; ");
        }
        self.buffer.extend_from_slice(b"PHP message: PHP ");
        if is_long {
            self.buffer
                .extend_from_slice(b"Fatal error:  Uncaught Exception: a\nStack trace:");
            for frame in 0..40 {
                self.buffer.extend_from_slice(b"\n#");
                push_number(&mut self.buffer, frame);
                self.buffer.extend_from_slice(
                    b" /srv/www/shop/vendor/framework/src/Pipeline.php(128): Pipeline->handle()",
                );
            }
        } else {
            self.buffer
                .extend_from_slice(b"Warning:  bad input \"a\", client: b");
            self.forge(1 + cast.luck as usize % 2);
            let forged = std::mem::take(&mut self.scratch);
            self.buffer.extend_from_slice(&forged);
            self.scratch = forged;
        }
        self.buffer
            .extend_from_slice(b"\" while reading response header from upstream");
        self.context(At::Peer, &cast);
        self.end();
        self.count(class, At::Peer, &cast);
    }

    /// A header line that leaves no room for the context.
    fn long_header(&mut self, cast: &Cast) {
        self.start(b" [warn] ", cast, true);
        self.buffer
            .extend_from_slice(b"upstream sent duplicate header line: \"Expires: ");
        let length = 1700 + self.random.below(600);
        self.buffer
            .extend(b"0123456789, client: abc".iter().cycle().take(length));
        self.buffer.extend_from_slice(b"\", previous value: \"Expires: 0\", ignored while reading response header from upstream");
        self.context(At::Peer, cast);
        self.end();
        self.count("response_irregular", At::Peer, cast);
    }

    /// A message with a text of the client's choice, decoded: `%0A` begins a new line.
    fn hostile_path(&mut self, cast: &Cast, forged_lines: usize) {
        let mut file = cast.path.file.clone();
        if forged_lines == 0 {
            file.extend_from_slice(FORGED[cast.luck as usize % FORGED.len()].as_bytes()); // all in one line
        }
        self.forge(forged_lines);
        file.extend_from_slice(&self.scratch);
        let mut uri = Vec::new();
        for &byte in &file {
            match byte {
                b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'/' | b'.' | b'-' | b'_' => {
                    uri.push(byte);
                }
                _ => uri.extend_from_slice(format!("%{byte:02X}").as_bytes()),
            }
        }
        let request = [b", request: \"GET ", &uri[..], b" HTTP/1.1\""].concat();
        let path = Path { request, uri, file };
        let cast = Cast {
            path: &path,
            ..*cast
        };
        let (before, after, errno) = match cast.luck >> 8 & 7 {
            0 => (
                "\"/srv/www",
                "/index.html\" is not found",
                " (2: No such file or directory)",
            ),
            1 => ("directory index of \"/srv/www", "\" is forbidden", ""),
            2 => ("user \"", "\": password mismatch", ""),
            3 => (
                "open() \"/srv/www",
                "\" failed",
                " (36: File name too long)",
            ),
            _ => (
                "open() \"/srv/www",
                "\" failed",
                " (2: No such file or directory)",
            ),
        };
        self.start(b" [error] ", &cast, true);
        self.buffer.extend_from_slice(before.as_bytes());
        self.buffer.extend_from_slice(&path.file);
        self.buffer.extend_from_slice(after.as_bytes());
        if !errno.is_empty() {
            // ngx_slprintf itself stops at the end of the buffer.
            self.buffer.truncate(self.begin + CUT);
            self.errno(errno);
        }
        self.context(At::Request, &cast);
        self.end();
    }

    /// Leaves `count` forged lines in the scratch space, each after a line feed.
    fn forge(&mut self, count: usize) {
        self.scratch.clear();
        for _ in 0..count {
            self.scratch.push(b'\n');
            self.scratch.extend_from_slice(self.clock.text(false));
            self.scratch
                .extend_from_slice(FORGED[self.random.below(FORGED.len())].as_bytes());
        }
    }
}
