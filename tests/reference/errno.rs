//! The symbolic names of system errors.

use super::parts::Parts;
use super::string;

/// The symbolic errno: by its text where we know it (numbers differ by system), then by Linux's number, then by BSD's
/// and Windows' for the numbers that Linux does not use.
pub(super) fn os_error(parts: &Parts) -> Option<String> {
    if let Some((_, reason)) = parts.unresolved {
        return (reason == b"Operation timed out").then(|| "ETIMEDOUT".to_owned());
    }
    let (number, text) = parts.errno?;
    let text = string(text);
    let known = ERRORS
        .iter()
        .find(|(_, _, texts)| texts.contains(&text.as_str()));
    let known = known.or_else(|| {
        ERRORS
            .iter()
            .find(|(_, numbers, _)| numbers.contains(&number))
    });
    Some(known.map_or_else(|| number.to_string(), |(name, _, _)| (*name).to_owned()))
}

/// Name, numbers (Linux; BSD, macOS and Windows only where Linux uses the number for nothing here), texts.
#[rustfmt::skip]
const ERRORS: [(&str, &[u32], &[&str]); 40] = [
    ("EPERM", &[1], &["Operation not permitted"]),
    ("ENOENT", &[2], &["No such file or directory", "The system cannot find the file specified"]),
    ("EINTR", &[4], &["Interrupted system call"]),
    ("EIO", &[5], &["Input/output error", "I/O error"]),
    ("EBADF", &[9], &["Bad file descriptor"]),
    ("EAGAIN", &[11, 35, 10035], &["Resource temporarily unavailable"]),
    ("ENOMEM", &[12], &["Cannot allocate memory", "Out of memory"]),
    ("EACCES", &[13, 10013], &["Permission denied", "Access is denied"]),
    ("EEXIST", &[17], &["File exists"]),
    ("ENOTDIR", &[20], &["Not a directory"]),
    ("EISDIR", &[21], &["Is a directory"]),
    ("EINVAL", &[22, 10022], &["Invalid argument"]),
    ("ENFILE", &[23], &["Too many open files in system"]),
    ("EMFILE", &[24, 10024], &["Too many open files", "No file descriptors available"]),
    ("EFBIG", &[27], &["File too large"]),
    ("ENOSPC", &[28], &["No space left on device"]),
    ("EROFS", &[30], &["Read-only file system"]),
    ("EPIPE", &[32], &["Broken pipe"]),
    ("ENAMETOOLONG", &[36], &["File name too long", "Filename too long"]),
    ("ELOOP", &[40], &["Too many levels of symbolic links", "Symbolic link loop"]),
    ("ENOTSOCK", &[88], &["Socket operation on non-socket", "Not a socket"]),
    ("EMSGSIZE", &[90, 10040], &["Message too long", "Message too large"]),
    ("EPROTOTYPE", &[91], &["Protocol wrong type for socket", "Protocol not available for socket type"]),
    ("EAFNOSUPPORT", &[97], &["Address family not supported by protocol", "Address family not supported by protocol family"]),
    ("EADDRINUSE", &[98, 48, 10048], &["Address already in use", "Address in use"]),
    ("EADDRNOTAVAIL", &[99, 49, 10049], &["Cannot assign requested address", "Can't assign requested address", "Address not available"]),
    ("ENETDOWN", &[100, 50, 10050], &["Network is down"]),
    ("ENETUNREACH", &[101, 51, 10051], &["Network is unreachable", "Network unreachable"]),
    ("ENETRESET", &[102, 10052], &["Network dropped connection on reset", "Connection reset by network"]),
    ("ECONNABORTED", &[103, 53, 10053], &["Software caused connection abort", "Connection aborted"]),
    ("ECONNRESET", &[104, 54, 10054], &["Connection reset by peer"]),
    ("ENOBUFS", &[105, 55, 10055], &["No buffer space available"]),
    ("ENOTCONN", &[107, 57, 10057], &["Transport endpoint is not connected", "Socket is not connected", "Socket not connected"]),
    ("ESHUTDOWN", &[108], &["Cannot send after transport endpoint shutdown", "Can't send after socket shutdown"]),
    ("ETIMEDOUT", &[110, 60, 10060], &["Connection timed out", "Operation timed out"]),
    ("ECONNREFUSED", &[111, 61, 10061], &["Connection refused"]),
    ("EHOSTDOWN", &[112, 64, 10064], &["Host is down"]),
    ("EHOSTUNREACH", &[113, 65, 10065], &["No route to host", "Host is unreachable"]),
    ("EDQUOT", &[122], &["Disk quota exceeded", "Disc quota exceeded", "Quota exceeded"]),
    ("ECANCELED", &[125], &["Operation canceled"]),
];
