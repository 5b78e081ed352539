//! The functions' deployment packages as users deploy them: optimised, linked with LTO, zipped, and measured.

use std::path::{Path, PathBuf};

use serde::Serialize;
use tokio::process::Command;

use crate::cargo;
use crate::error::{Context, Error, Result};
use crate::project::Project;
use crate::python::Python;

/// The largest that any package may be, in bytes.
const LARGEST: usize = 5_000_000;
/// The largest that the median of all packages may be, in bytes.
const LARGEST_MEDIAN: usize = 3_000_000;
/// Prints the size of each file's package, zipped as `sam deploy` zips it, with Python's `zipfile` and zlib at its default level
/// (<https://github.com/aws/aws-sam-cli/blob/develop/samcli/lib/package/utils.py>): other implementations of deflate differ by 2 %.
const SIZES: &str = "\
import io, sys, zipfile
for binary in sys.argv[1:]:
    package = io.BytesIO()
    with zipfile.ZipFile(package, 'w', zipfile.ZIP_DEFLATED) as archive:
        archive.write(binary, 'bootstrap')
    print(len(package.getvalue()))
";

/// The size of one function's package.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Size {
    /// The folder below `functions/`.
    pub name: String,
    /// The size of the zip file.
    pub zip_bytes: usize,
}

/// Builds the functions as `cargo lambda build --release` does for the machine that it runs on, or
/// takes their binaries from a folder, and measures their packages; in order of the alphabet.
///
/// # Errors
/// When cargo or Python fails, or a binary cannot be read.
pub async fn measure(binaries: Option<&Path>, say: &dyn Fn(&str)) -> Result<Vec<Size>> {
    let project = Project::locate().await?;
    let folder = match binaries {
        Some(folder) => folder.to_owned(),
        // The workspace's default members are the functions.
        None => build(&project, &[], say).await?,
    };
    let python = Python::prepare(&project, say).await?;
    let binaries = project.functions.iter().map(|name| folder.join(name));
    let output =
        Command::new(python.interpreter()).arg("-c").arg(SIZES).args(binaries).output().await.context("zipping")?;
    if !output.status.success() {
        return Err(Error::new(format!("zipping failed: {}", String::from_utf8_lossy(&output.stderr).trim())));
    }
    let told = String::from_utf8_lossy(&output.stdout);
    let sizes = project.functions.iter().zip(told.lines());
    sizes.map(|(name, size)| Ok(Size { name: name.clone(), zip_bytes: size.parse().context("a size")? })).collect()
}

/// Builds a selection of the workspace as the functions are built for AWS; answers the folder with the binaries.
///
/// # Errors
/// When cargo fails.
pub(crate) async fn build(project: &Project, selection: &[&str], say: &dyn Fn(&str)) -> Result<PathBuf> {
    cargo::build(project, &[&["--release"], selection].concat(), say).await?;
    Ok(project.target.join("release"))
}

/// A line for each package, and one for the median.
#[must_use]
pub fn page(sizes: &[Size]) -> String {
    let mut lines: Vec<String> = sizes.iter().map(|size| format!("  {:>9} {}", size.zip_bytes, size.name)).collect();
    lines.push(format!("  {:>9} median", median(sizes)));
    lines.join("\n")
}

/// What is larger than it may be.
#[must_use]
pub fn too_large(sizes: &[Size]) -> Vec<String> {
    let large = sizes.iter().filter(|size| size.zip_bytes > LARGEST);
    let mut found: Vec<String> = large
        .map(|size| format!("the package of {} has {} bytes, at most {LARGEST} are allowed", size.name, size.zip_bytes))
        .collect();
    let median = median(sizes);
    if median > LARGEST_MEDIAN {
        found.push(format!("the median of the packages is {median} bytes, at most {LARGEST_MEDIAN} are allowed"));
    }
    found
}

/// The size in the middle; of an even number the larger of the two.
fn median(sizes: &[Size]) -> usize {
    let mut sorted: Vec<usize> = sizes.iter().map(|size| size.zip_bytes).collect();
    sorted.sort_unstable();
    sorted.get(sorted.len() / 2).copied().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sizes(bytes: &[usize]) -> Vec<Size> {
        let sizes = bytes.iter().zip('a'..);
        sizes.map(|(&zip_bytes, name)| Size { name: name.to_string(), zip_bytes }).collect()
    }

    #[test]
    fn a_package_and_the_median_may_be_as_large_as_their_limits() {
        assert_eq!(too_large(&sizes(&[2_000_000, 3_000_000, 5_000_000])), Vec::<String>::new());
    }

    #[test]
    fn every_package_above_its_limit_is_named_and_so_is_the_median() {
        assert_eq!(
            too_large(&sizes(&[5_000_001, 2_000_000, 3_000_001])),
            [
                "the package of a has 5000001 bytes, at most 5000000 are allowed",
                "the median of the packages is 3000001 bytes, at most 3000000 are allowed"
            ]
        );
    }
}
