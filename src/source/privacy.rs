use std::fs::{Metadata, Permissions};
use std::os::unix::fs::{MetadataExt, PermissionsExt};

/// Who may read what is made of something: it holds addresses of clients.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Privacy {
    /// Everybody whom the umask lets read it: everybody on the machine may read what it is made of.
    Public,
    /// Its owner and group.
    Private,
}

impl Privacy {
    /// That of what is made of all these.
    pub fn of_all(parts: impl IntoIterator<Item = Self>) -> Self {
        match parts.into_iter().all(|part| part == Self::Public) {
            true => Self::Public,
            false => Self::Private,
        }
    }

    /// That of a file; what is none is private.
    pub fn of(meta: &Metadata) -> Self {
        match meta.is_file() && meta.mode() & 0o004 != 0 {
            true => Self::Public,
            false => Self::Private,
        }
    }

    /// The mode of a new file, before the umask.
    pub fn mode(self) -> u32 {
        match self {
            Self::Public => 0o666,
            Self::Private => 0o640,
        }
    }

    /// The same, for who makes it.
    pub fn permissions(self) -> Permissions {
        Permissions::from_mode(self.mode())
    }
}
