//! Where the programs of a control plane are.

use std::path::{Path, PathBuf};

/// The variable that names their folder, as for controller-runtime's envtest
/// (<https://book.kubebuilder.io/reference/envtest>).
const VARIABLE: &str = "KUBEBUILDER_ASSETS";

/// What [`super::ControlPlane`] starts.
const PROGRAMS: [&str; 5] = ["etcd", "kube-apiserver", "kube-controller-manager", "kube-scheduler", "kwok"];

/// A folder with etcd, kube-apiserver, kube-controller-manager, kube-scheduler and kwok.
#[derive(Debug, Clone)]
pub struct Assets {
    folder: PathBuf,
}

impl Assets {
    /// The folder that `KUBEBUILDER_ASSETS` names, where it names one.
    #[must_use]
    pub fn named() -> Option<Result<Self, String>> {
        std::env::var_os(VARIABLE).map(|folder| Self::in_folder(Path::new(&folder)))
    }

    /// The folder that `KUBEBUILDER_ASSETS` names.
    ///
    /// # Errors
    /// A sentence that says what is missing, and how it is made.
    pub fn find() -> Result<Self, String> {
        Self::named().unwrap_or_else(|| {
            Err(format!("{VARIABLE} names no folder; tests/control-plane/build makes one and prints it"))
        })
    }

    /// The programs in this folder.
    ///
    /// # Errors
    /// A sentence that names those that are missing.
    pub fn in_folder(folder: &Path) -> Result<Self, String> {
        let missing: Vec<&str> = PROGRAMS.into_iter().filter(|program| !folder.join(program).is_file()).collect();
        if missing.is_empty() {
            Ok(Self { folder: folder.to_owned() })
        } else {
            Err(format!(
                "{} has no {}; expected what tests/control-plane/build makes",
                folder.display(),
                missing.join(", ")
            ))
        }
    }

    pub(super) fn program(&self, name: &str) -> PathBuf {
        self.folder.join(name)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_folder_without_the_programs_is_refused_by_their_names() {
        let error = Assets::in_folder(Path::new("/proc/self")).unwrap_err();
        assert!(error.contains("/proc/self has no etcd, kube-apiserver, kube-controller-manager"), "{error}");
    }
}
