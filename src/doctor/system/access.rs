use std::fs;
use std::os::unix::fs::{FileTypeExt, MetadataExt};
use std::path::{Path, PathBuf};

use crate::config::Root;

use super::{Account, System};

/// What keeps a user from connecting to a socket.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Barrier {
    /// There is no such file.
    Missing,
    /// There is one, and it is no socket.
    NotASocket,
    /// A folder on the way may not be entered.
    Folder(Locked),
    /// The socket may not be written to, which connecting takes (unix(7)).
    Socket(Locked),
}

/// A file that its mode closes to somebody.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Locked {
    pub path: PathBuf,
    /// `0755`
    pub mode: u32,
    pub owner: String,
    pub group: String,
}

/// What keeps `account` from the socket at `path`; `None` if nothing does, or if it cannot be told: a
/// folder that we may not look into ourselves, an access control list.
pub fn barrier(system: &System, account: Option<&Account>, path: &Path) -> Option<Barrier> {
    let outside = system.root.outside(path);
    let path = match outside.canonicalize() {
        Ok(real) => real,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => outside,
        Err(_) => return None,
    };
    let inside = system.root.inside(&path);
    if let Some(account) = account.filter(|account| account.uid != 0) {
        let folders: Vec<_> = inside.ancestors().skip(1).collect();
        for folder in folders.into_iter().rev() {
            match locked(&system.root, system, account, folder, 0o1) {
                Some(Ok(())) => {}
                Some(Err(locked)) => return Some(Barrier::Folder(locked)),
                None if system.root.outside(folder).exists() => return None,
                None => return Some(Barrier::Missing),
            }
        }
    }
    let meta = match fs::metadata(system.root.outside(&inside)) {
        Ok(meta) => meta,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
            return Some(Barrier::Missing);
        }
        Err(_) => return None,
    };
    if !meta.file_type().is_socket() {
        return Some(Barrier::NotASocket);
    }
    let account = account.filter(|account| account.uid != 0)?;
    match locked(&system.root, system, account, &inside, 0o2) {
        Some(Err(locked)) => Some(Barrier::Socket(locked)),
        _ => None,
    }
}

/// Whether the mode of a file gives `account` the permission (1 to enter, 2 to write); `None` if that
/// cannot be seen.
fn locked(
    root: &Root,
    system: &System,
    account: &Account,
    path: &Path,
    permission: u32,
) -> Option<Result<(), Locked>> {
    let outside = root.outside(path);
    let meta = fs::metadata(&outside).ok()?;
    if has_acl(&outside) {
        return Some(Ok(()));
    }
    let mode = meta.mode();
    let shift = if meta.uid() == account.uid {
        6
    } else if account.gids.contains(&meta.gid()) {
        3
    } else {
        0
    };
    if mode >> shift & permission != 0 {
        return Some(Ok(()));
    }
    Some(Err(Locked {
        path: path.to_path_buf(),
        mode: mode & 0o7777,
        owner: system.accounts.user_name(meta.uid()),
        group: system.accounts.group_name(meta.gid()),
    }))
}

/// Whether more than the mode decides (acl(5)).
fn has_acl(path: &Path) -> bool {
    rustix::fs::getxattr(path, "system.posix_acl_access", &mut [0u8; 0]).is_ok()
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt;
    use std::os::unix::net::UnixListener;

    use super::*;

    /// A machine whose files all belong to whoever runs the test, and a stranger on it.
    fn machine() -> (tempfile::TempDir, System, Account) {
        let folder = tempfile::tempdir().unwrap();
        fs::set_permissions(folder.path(), fs::Permissions::from_mode(0o755)).unwrap();
        fs::create_dir_all(folder.path().join("run/php")).unwrap();
        let system = System::look(Root::new(folder.path()));
        let gids = vec![4_000_001];
        let stranger = Account {
            name: "web".to_owned(),
            group: "web".to_owned(),
            uid: 4_000_000,
            gids,
        };
        (folder, system, stranger)
    }

    fn mode(path: &Path, mode: u32) {
        fs::set_permissions(path, fs::Permissions::from_mode(mode)).unwrap();
    }

    #[test]
    fn the_first_closed_door_is_named() {
        let (folder, system, stranger) = machine();
        let path = Path::new("/run/php/a.sock");
        let look = || barrier(&system, Some(&stranger), path);
        assert_eq!(look(), Some(Barrier::Missing));
        let socket = folder.path().join("run/php/a.sock");
        let _listener = UnixListener::bind(&socket).unwrap();
        mode(&socket, 0o660);
        match look() {
            Some(Barrier::Socket(locked)) => {
                assert_eq!((locked.path.as_path(), locked.mode), (path, 0o660));
            }
            other => panic!("{other:?}"),
        }
        mode(&socket, 0o666);
        assert_eq!(look(), None);
        mode(&folder.path().join("run/php"), 0o700);
        match look() {
            Some(Barrier::Folder(locked)) => assert_eq!(locked.path, Path::new("/run/php")),
            other => panic!("{other:?}"),
        }
        let root = Account {
            uid: 0,
            ..stranger.clone()
        };
        assert_eq!(barrier(&system, Some(&root), path), None);
        mode(&folder.path().join("run/php"), 0o755);
        fs::remove_file(&socket).unwrap();
        fs::write(&socket, "").unwrap();
        assert_eq!(look(), Some(Barrier::NotASocket));
    }

    #[test]
    fn the_group_decides_before_others() {
        let (folder, system, mut stranger) = machine();
        let socket = folder.path().join("run/php/a.sock");
        let _listener = UnixListener::bind(&socket).unwrap();
        stranger.gids.push(fs::metadata(&socket).unwrap().gid());
        mode(&socket, 0o606);
        let look = barrier(&system, Some(&stranger), Path::new("/run/php/a.sock"));
        assert!(matches!(look, Some(Barrier::Socket(_))));
        mode(&socket, 0o660);
        assert_eq!(
            barrier(&system, Some(&stranger), Path::new("/run/php/a.sock")),
            None
        );
    }
}
