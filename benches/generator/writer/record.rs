//! Puts one record together: beginning, message, context, and the cut.

use super::super::digits::{push_digits, push_number};
use super::super::rows::{At, MAIL, STREAM, UDP, UNIX, URI};
use super::super::shapes::{Part, Shape};
use super::{Cast, Writer};

/// NGINX's `NGX_MAX_ERROR_STR` (`src/core/ngx_log.h:79`), line feed included.
pub(super) const CUT: usize = 2048;
/// What NGINX keeps free for the errno (`src/core/ngx_log.c:290`).
const ERRNO_ROOM: usize = 50;

impl Writer<'_> {
    /// Writes one record and counts it.
    pub(super) fn write(&mut self, shape: &Shape, cast: &Cast) {
        self.start(
            &shape.level,
            cast,
            !matches!(shape.at, At::Start | At::Process),
        );
        self.message(&shape.parts, cast);
        self.context(shape.at, cast);
        self.end();
        if !shape.class.is_empty() {
            self.count(shape.class, shape.at, cast);
        }
    }

    pub(super) fn start(&mut self, level: &[u8], cast: &Cast, has_connection: bool) {
        self.begin = self.buffer.len();
        self.pool_known = None;
        let buffer = &mut self.buffer;
        buffer.extend_from_slice(self.clock.text(self.behind[cast.worker]));
        buffer.extend_from_slice(level);
        let pid = self.pids[cast.worker];
        push_number(buffer, pid);
        buffer.push(b'#');
        push_number(buffer, pid);
        buffer.extend_from_slice(b": ");
        if has_connection {
            buffer.push(b'*');
            push_number(buffer, cast.connection);
            buffer.push(b' ');
        }
    }

    fn message(&mut self, parts: &[Part], cast: &Cast) {
        let buffer = &mut self.buffer;
        for part in parts {
            match part {
                Part::Text(text) => buffer.extend_from_slice(text),
                Part::Peer => {
                    buffer.extend_from_slice(&cast.peer.address);
                    self.pool_known = Some(buffer.len());
                }
                Part::Pool => buffer.extend_from_slice(&cast.pool.name),
                Part::Host => {
                    buffer.extend_from_slice(&cast.pool.host);
                    self.pool_known = Some(buffer.len());
                }
                Part::Temp => {
                    let number = self.random.below(1_000_000_000) as u64;
                    buffer.push(b'0' + (number % 10) as u8);
                    buffer.push(b'/');
                    push_digits(buffer, number / 10 % 100, 2);
                    buffer.push(b'/');
                    push_digits(buffer, number, 10);
                }
                Part::Number => push_number(buffer, 1 + self.random.below(9998) as u64),
                Part::Milli => push_digits(buffer, self.random.below(1000) as u64, 3),
                Part::Client => buffer.extend_from_slice(cast.client),
                Part::Script => {
                    let scripts = &self.tables.scripts;
                    buffer.extend_from_slice(&scripts[self.random.skewed(scripts.len())]);
                }
                Part::Path => buffer.extend_from_slice(&cast.path.file),
            }
        }
    }

    /// The errno as `ngx_log_errno` writes it: a long message gives way to it.
    pub(super) fn errno(&mut self, text: &str) {
        if self.buffer.len() - self.begin > CUT - ERRNO_ROOM {
            self.buffer.truncate(self.begin + CUT - ERRNO_ROOM);
            self.buffer.extend_from_slice(b"...");
        }
        self.buffer.extend_from_slice(text.as_bytes());
    }

    pub(super) fn context(&mut self, at: At, cast: &Cast) {
        if matches!(at, At::Connection | At::Start | At::Process) {
            return;
        }
        let buffer = &mut self.buffer;
        let is_udp = cast.pool.protocol == UDP;
        buffer.extend_from_slice(if is_udp {
            b", udp client: "
        } else {
            b", client: "
        });
        buffer.extend_from_slice(cast.client);
        match cast.pool.protocol {
            _ if at == At::Handshake => buffer.extend_from_slice(b", server: 0.0.0.0:443"),
            STREAM | UDP => {
                buffer.extend_from_slice(if is_udp {
                    b", server: 0.0.0.0:53"
                } else {
                    b", server: 0.0.0.0:5432"
                });
                self.upstream(at, cast);
                let buffer = &mut self.buffer;
                for (text, count) in [
                    (", bytes from/to client:", 8),
                    (", bytes from/to upstream:", 24),
                ] {
                    buffer.extend_from_slice(text.as_bytes());
                    push_number(buffer, cast.luck >> count & 0xfff);
                    buffer.push(b'/');
                    push_number(buffer, cast.luck >> (count + 12) & 0xfff);
                }
            }
            MAIL => {
                buffer.extend_from_slice(b", server: 0.0.0.0:143, login: \"");
                buffer.extend_from_slice(&cast.pool.name);
                buffer.extend_from_slice(b"@mail.example\"");
                self.upstream(at, cast);
            }
            _ => {
                buffer.extend_from_slice(&cast.server.field);
                buffer.extend_from_slice(&cast.path.request);
                self.upstream(at, cast);
                self.buffer.extend_from_slice(&cast.server.host);
                if cast.luck & 3 == 2 {
                    let referring =
                        &self.tables.paths[(cast.luck >> 32) as usize % self.tables.paths.len()];
                    self.buffer.extend_from_slice(&cast.server.referrer);
                    self.buffer.extend_from_slice(&referring.uri);
                    self.buffer.push(b'"');
                }
            }
        }
    }

    /// `, upstream: "scheme://peer/uri"`
    fn upstream(&mut self, at: At, cast: &Cast) {
        let protocol = cast.pool.protocol;
        let buffer = &mut self.buffer;
        match at {
            At::Peer | At::Released => buffer.extend_from_slice(&cast.peer.field),
            At::Pool => buffer.extend_from_slice(&cast.pool.field),
            _ => return,
        }
        let known = buffer.len() + 1;
        if protocol & UNIX != 0 && at == At::Peer {
            buffer.push(b':');
        }
        if protocol & URI != 0 {
            buffer.extend_from_slice(&cast.path.uri);
        }
        if protocol != MAIL {
            buffer.push(b'"');
        }
        self.pool_known = self.pool_known.or(Some(known));
    }

    /// Ends a record where NGINX would.
    pub(super) fn end(&mut self) {
        let longest = self.begin + CUT - 1;
        if self.buffer.len() > longest {
            self.buffer.truncate(longest);
            self.written.cut_records += 1;
        }
        self.buffer.push(b'\n');
        self.written.records += 1;
    }

    pub(super) fn count(&mut self, class: &'static str, at: At, cast: &Cast) {
        *self.by_class.entry(class).or_default() += 1;
        let is_known = self
            .pool_known
            .is_some_and(|known| known < self.begin + CUT);
        let key = match at {
            At::Pool if is_known => cast.pool.key,
            At::Peer | At::Released if is_known => cast.peer.key,
            At::Host => cast.pool.host_key,
            At::Start => cast.pool.start_key,
            At::Named => cast.pool.key,
            _ => 0,
        };
        self.by_pool[key] += 1;
    }
}

#[cfg(test)]
mod tests {
    use super::super::super::{Settings, tests::log};
    use super::CUT;

    #[test]
    fn cuts_records_like_nginx() {
        let settings = Settings {
            hostile_share: 0.5,
            ..Settings::default()
        };
        let (log, written) = log(&settings, 2_000_000);
        assert!(written.cut_records > 100 && written.forged_lines > 100);
        let longest = log
            .split_inclusive(|&byte| byte == b'\n')
            .map(<[u8]>::len)
            .max();
        assert_eq!(longest, Some(CUT));
    }
}
