use std::fs;
use std::io::{self, ErrorKind};
use std::os::unix::fs::MetadataExt;
use std::path::Path;

use super::{DatasetError, Listed};

/// What readers find with the glob `*.parquet`, sorted by name; `None` if there is no such folder.
///
/// That it cannot be looked at is an error: whoever takes that for an empty table counts all logs again.
pub(super) fn parquet_files(table: &Path) -> Result<Option<Vec<Listed>>, DatasetError> {
    let failed = |source| DatasetError::Io {
        path: table.to_path_buf(),
        source,
    };
    match fs::metadata(table) {
        Ok(meta) if meta.is_dir() => {}
        Ok(_) => return Ok(None),
        Err(error) if matches!(error.kind(), ErrorKind::NotFound | ErrorKind::NotADirectory) => {
            return Ok(None);
        }
        Err(error) => return Err(failed(error)),
    }
    let listed = || {
        let folder = fs::metadata(table)?.ino();
        let files = list(table)?;
        // Another one in its place: what was listed may be what compacting has left of the old one.
        let is_same = fs::metadata(table)?.ino() == folder;
        Ok(is_same.then_some(files))
    };
    loop {
        if let Some(files) = listed().map_err(failed)? {
            return Ok(Some(files));
        }
    }
}

fn list(table: &Path) -> io::Result<Vec<Listed>> {
    let mut paths = Vec::new();
    for entry in fs::read_dir(table)? {
        let path = entry?.path();
        let name = path.file_name().and_then(|name| name.to_str());
        if name.is_some_and(|name| name.ends_with(".parquet") && !name.starts_with('.')) {
            paths.push(path);
        }
    }
    paths.sort();
    Ok(paths.into_iter().map(Listed::file).collect())
}
