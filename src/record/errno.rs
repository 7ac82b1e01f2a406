/// The system's error as NGINX logged it, `(111: Connection refused)`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Errno<'a> {
    /// The number; it differs from system to system.
    pub number: u32,
    /// The system's text for it.
    pub text: &'a [u8],
}

impl<'a> Errno<'a> {
    /// Splits ` (number: text)` off the end of a message.
    pub(super) fn at_end_of(text: &'a [u8]) -> Option<(&'a [u8], Self)> {
        let inner = text.strip_suffix(b")")?;
        // The text may hold brackets of its own, so look for the bracket before a number.
        memchr::memrchr_iter(b'(', inner).find_map(|open| Self::behind(inner, open))
    }

    /// Splits ` (number: te` off the end of a message that was cut there.
    pub(super) fn cut_at_end_of(text: &'a [u8]) -> Option<(&'a [u8], Self)> {
        let open = memchr::memrchr(b'(', text)?;
        Self::behind(text, open)
    }

    /// `number: text` behind the bracket at `open`.
    fn behind(text: &'a [u8], open: usize) -> Option<(&'a [u8], Self)> {
        let inner = &text[open + 1..];
        let width = inner
            .iter()
            .take_while(|byte| byte.is_ascii_digit())
            .count();
        let number = std::str::from_utf8(&inner[..width]).ok()?.parse().ok()?;
        let message = text[..open].trim_ascii_end();
        // No system's text has quotes; what a client sent may.
        if message.len() == open || memchr::memchr(b'"', inner).is_some() {
            return None;
        }
        let text = match &inner[width..] {
            [b':', b' ' | b'\n' | b'\r', text @ ..] => text,
            // Quoted by heart. (A certificate's error has its number like this, too.)
            [b':', text @ ..] if fails(message) => text,
            [] if fails(message) => &[],
            _ => return None,
        };
        Some((message, Self { number, text }))
    }

    /// The symbolic name, the same on every system. The text decides where it is known, because
    /// 61 is ECONNREFUSED on FreeBSD and ENODATA on Linux; else the number.
    pub fn os_error(&self) -> Option<OsError> {
        let has_text = |known: &&Known| known.texts.iter().any(|text| self.says(text.as_bytes()));
        let mut by_number = KNOWN
            .iter()
            .filter(|known| known.linux == self.number || known.windows == Some(self.number));
        // On Linux, which almost every log comes from, both agree.
        let first = by_number.next();
        let by_text = || KNOWN.iter().find(has_text);
        first
            .filter(has_text)
            .or_else(by_text)
            .or(first)
            .map(|known| known.name)
    }
}

impl Errno<'_> {
    /// Whether the system's text is this one, however its lines were broken.
    fn says(&self, text: &[u8]) -> bool {
        let mut words = self
            .text
            .split(u8::is_ascii_whitespace)
            .filter(|word| !word.is_empty());
        self.text == text
            || (memchr::memchr(b'\n', self.text).is_some()
                && text
                    .split(|&byte| byte == b' ')
                    .all(|word| words.next() == Some(word))
                && words.next().is_none())
    }
}

/// Whether a message says that a call failed or took too long.
fn fails(message: &[u8]) -> bool {
    message.ends_with(b" failed") || message.ends_with(b" timed out")
}

struct Known {
    name: OsError,
    linux: u32,
    windows: Option<u32>,
    /// What strerror(3) says: glibc, musl, FreeBSD and macOS.
    texts: &'static [&'static str],
}

macro_rules! known {
    ($($name:ident = $linux:literal $(, windows $windows:literal)? : $($text:literal)|+;)+) => {
        /// Numbers: Linux `errno.h` (generic), Windows `winsock2.h` and `winerror.h`.
        static KNOWN: &[Known] = &[$(Known {
            name: OsError::$name,
            linux: $linux,
            windows: known!(@ $($windows)?),
            texts: &[$($text),+],
        }),+];

        /// An errno's symbolic name.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        #[allow(missing_docs, clippy::upper_case_acronyms, reason = "errno(3) documents them")]
        #[repr(u8)]
        pub enum OsError {
            $($name),+
        }

        impl OsError {
            /// The error of this name.
            pub fn from_name(name: &str) -> Option<Self> {
                match name {
                    $(stringify!($name) => Some(Self::$name),)+
                    _ => None,
                }
            }

            /// The name, such as `ECONNREFUSED`.
            pub const fn name(self) -> &'static str {
                match self {
                    $(Self::$name => stringify!($name)),+
                }
            }
        }
    };
    (@) => { None };
    (@ $windows:literal) => { Some($windows) };
}

known! {
    EPERM = 1: "Operation not permitted";
    ENOENT = 2, windows 3: "No such file or directory" | "The system cannot find the file specified"
        | "The system cannot find the path specified";
    EINTR = 4: "Interrupted system call";
    EIO = 5: "Input/output error" | "I/O error";
    EBADF = 9: "Bad file descriptor";
    EAGAIN = 11, windows 10035: "Resource temporarily unavailable";
    ENOMEM = 12: "Cannot allocate memory" | "Out of memory";
    EACCES = 13, windows 10013: "Permission denied" | "Access is denied"
        | "An attempt was made to access a socket in a way forbidden by its access permissions";
    EBUSY = 16: "Device or resource busy" | "Resource busy"
        | "The process cannot access the file because it is being used by another process";
    EEXIST = 17, windows 183: "File exists" | "Cannot create a file when that file already exists";
    ENOTDIR = 20: "Not a directory";
    EISDIR = 21: "Is a directory";
    EINVAL = 22, windows 10022: "Invalid argument";
    ENFILE = 23: "Too many open files in system" | "File table overflow";
    EMFILE = 24, windows 10024: "Too many open files" | "No file descriptors available";
    EFBIG = 27: "File too large";
    ENOSPC = 28: "No space left on device" | "There is not enough space on the disk";
    EROFS = 30: "Read-only file system";
    EPIPE = 32: "Broken pipe";
    ENAMETOOLONG = 36: "File name too long" | "Filename too long";
    ELOOP = 40: "Too many levels of symbolic links" | "Symbolic link loop";
    ENOSTR = 60: "Device not a stream";
    ENODATA = 61: "No data available";
    EPROTO = 71: "Protocol error";
    EOVERFLOW = 75: "Value too large for defined data type";
    ENOTSOCK = 88, windows 10038: "Socket operation on non-socket" | "Not a socket";
    EMSGSIZE = 90, windows 10040: "Message too long" | "Message too large";
    EPROTOTYPE = 91, windows 10041: "Protocol wrong type for socket";
    ENOPROTOOPT = 92, windows 10042: "Protocol not available";
    EPROTONOSUPPORT = 93, windows 10043: "Protocol not supported";
    EOPNOTSUPP = 95, windows 10045: "Operation not supported" | "Not supported";
    EAFNOSUPPORT = 97, windows 10047: "Address family not supported by protocol"
        | "Address family not supported by protocol family";
    EADDRINUSE = 98, windows 10048: "Address already in use" | "Address in use";
    EADDRNOTAVAIL = 99, windows 10049: "Cannot assign requested address"
        | "Can't assign requested address" | "Address not available";
    ENETDOWN = 100, windows 10050: "Network is down";
    ENETUNREACH = 101, windows 10051: "Network is unreachable" | "Network unreachable";
    ECONNABORTED = 103, windows 10053: "Software caused connection abort" | "Connection aborted"
        | "The network connection was aborted by the local system";
    ECONNRESET = 104, windows 10054: "Connection reset by peer" | "Connection reset by network"
        | "The specified network name is no longer available";
    ENOBUFS = 105, windows 10055: "No buffer space available";
    EISCONN = 106, windows 10056: "Transport endpoint is already connected"
        | "Socket is already connected" | "Socket is connected";
    ENOTCONN = 107, windows 10057: "Transport endpoint is not connected"
        | "Socket is not connected" | "Socket not connected";
    ETIMEDOUT = 110, windows 10060: "Connection timed out" | "Operation timed out"
        | "The semaphore timeout period has expired";
    ECONNREFUSED = 111, windows 10061: "Connection refused"
        | "The remote computer refused the network connection";
    EHOSTDOWN = 112, windows 10064: "Host is down";
    EHOSTUNREACH = 113, windows 10065: "No route to host" | "Host is unreachable";
    EALREADY = 114, windows 10037: "Operation already in progress";
    EINPROGRESS = 115, windows 10036: "Operation now in progress" | "Operation in progress";
    EDQUOT = 122, windows 10069: "Disk quota exceeded" | "Disc quota exceeded" | "Quota exceeded";
}

#[cfg(test)]
mod tests {
    use super::*;

    fn name(number: u32, text: &str) -> Option<&'static str> {
        let text = text.as_bytes();
        Errno { number, text }.os_error().map(OsError::name)
    }

    #[test]
    fn one_name_on_every_system() {
        assert_eq!(name(111, "Connection refused"), Some("ECONNREFUSED"));
        assert_eq!(name(61, "Connection refused"), Some("ECONNREFUSED"));
        assert_eq!(name(61, "No data available"), Some("ENODATA"));
        assert_eq!(name(60, "Operation timed out"), Some("ETIMEDOUT"));
        assert_eq!(name(113, "Host is unreachable"), Some("EHOSTUNREACH"));
        assert_eq!(
            name(10060, "A connection attempt failed because"),
            Some("ETIMEDOUT")
        );
        assert_eq!(name(99999, "unheard of"), None);
    }

    #[test]
    fn numbers_and_texts_are_unambiguous() {
        for (at, one) in KNOWN.iter().enumerate() {
            for other in &KNOWN[at + 1..] {
                assert_ne!(one.linux, other.linux);
                assert!(one.windows.is_none() || one.windows != other.windows);
                assert!(one.texts.iter().all(|text| !other.texts.contains(text)));
            }
        }
    }

    #[test]
    fn reads_the_bracket_at_the_end() {
        let (message, errno) =
            Errno::at_end_of(b"connect() failed (13: Permission denied)").unwrap();
        assert_eq!(
            (message, errno.number),
            (b"connect() failed".as_slice(), 13)
        );
        let (_, errno) = Errno::at_end_of(b"x (5: odd (text) here)").unwrap();
        assert_eq!(
            (errno.number, errno.text),
            (5, b"odd (text) here".as_slice())
        );
        assert_eq!(
            Errno::at_end_of(b"connect() failed (111)")
                .unwrap()
                .1
                .number,
            111
        );
        assert_eq!(
            Errno::at_end_of(b"upstream timed out (110:x)")
                .unwrap()
                .1
                .number,
            110
        );
        let wrapped =
            Errno::at_end_of(b"connect() failed\n(11: Resource \ntemporarily unavailable)");
        assert_eq!(wrapped.unwrap().1.os_error(), Some(OsError::EAGAIN));
        for none in [
            "x",
            "x (5)",
            "x (SSL: error:0A)",
            "x (18:self signed)",
            "x(5: y)",
            "(99999999999: y)",
            ")",
        ] {
            assert_eq!(Errno::at_end_of(none.as_bytes()), None, "{none}");
        }
    }
}
