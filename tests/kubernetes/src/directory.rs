//! The cluster's directory below the temporary directory (`TMPDIR`), with Traefik's kubeconfig and logs.

use std::{
    fs::{DirBuilder, File},
    io::{self, Write as _},
    os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _},
    path::{Path, PathBuf},
};

use crate::random;

const PREFIX: &str = "kubernetes-";

/// Creates a directory that only its owner can read, and removes those that ended processes left behind.
pub(crate) fn create(cluster: &str) -> io::Result<PathBuf> {
    let parent = std::env::temp_dir();
    sweep(&parent);
    let directory = parent.join(format!("{PREFIX}{}-{cluster}-{}", std::process::id(), random::suffix::<8>()));
    DirBuilder::new().mode(0o700).create(&directory)?;
    Ok(directory)
}

/// Directories of processes that no longer run.
fn sweep(parent: &Path) {
    let Ok(entries) = std::fs::read_dir(parent) else { return };
    for entry in entries.flatten() {
        let name = entry.file_name();
        let process = name.to_str().and_then(owner);
        if process.is_some_and(|process| !Path::new("/proc").join(process.to_string()).exists())
            && let Err(error) = std::fs::remove_dir_all(entry.path())
        {
            // Most likely another user's directory.
            tracing::debug!(%error, "the directory cannot be removed");
        }
    }
}

/// The process id in a directory's name.
fn owner(name: &str) -> Option<u32> {
    name.strip_prefix(PREFIX)?.split_once('-')?.0.parse().ok()
}

/// Writes a file that only its owner can read.
pub(crate) fn write_private(path: &Path, text: &str) -> io::Result<()> {
    let mut file = File::options().write(true).create_new(true).mode(0o600).open(path)?;
    file.write_all(text.as_bytes())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_directories_that_name_a_process_are_ever_swept() {
        assert_eq!(owner("kubernetes-123-shop-blue-abcdefgh"), Some(123));
        assert_eq!(owner("kubernetes-shop-blue"), None);
        assert_eq!(owner("other-123-x"), None);
    }
}
