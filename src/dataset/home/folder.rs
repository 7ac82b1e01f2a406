use std::fs;
use std::io;
use std::os::unix::fs::MetadataExt;
use std::path::Path;

use super::{DatasetError, Listed};

/// What readers find with the glob `*.parquet`, sorted by name.
pub(super) fn parquet_files(table: &Path) -> Result<Vec<Listed>, DatasetError> {
    let listed = || {
        let folder = fs::metadata(table)?.ino();
        let files = list(table)?;
        // Another one in its place: what was listed may be what compacting has left of the old one.
        let is_same = fs::metadata(table)?.ino() == folder;
        Ok(is_same.then_some(files))
    };
    loop {
        let files = listed().map_err(|source| DatasetError::Io {
            path: table.to_path_buf(),
            source,
        })?;
        if let Some(files) = files {
            return Ok(files);
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
