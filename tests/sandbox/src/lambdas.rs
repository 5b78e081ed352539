//! The functions as the sandbox deploys them: built by cargo, zipped as `bootstrap`.

use std::io::{Cursor, Write};
use std::path::{Path, PathBuf};
use std::time::UNIX_EPOCH;

use bytes::Bytes;
use zip::ZipWriter;
use zip::write::SimpleFileOptions;

use crate::cargo;
use crate::error::{Context, Error, Result};
use crate::project::{Project, lock};

/// A low level of deflate: what is built without optimisation is large, and is sent over loopback only.
const FAST: i64 = 3;

/// A function's deployment package.
#[derive(Clone, Debug)]
pub struct Package {
    /// The folder below `functions/`, which is also the binary's name.
    pub name: String,
    /// The binary.
    pub binary: PathBuf,
    /// The zip file with the binary as `bootstrap`.
    pub zip: Bytes,
}

/// Zips the functions whose binaries are in a folder already, all at once; what has not changed since is not zipped again.
///
/// # Errors
/// When a binary is missing.
pub async fn take(project: &Project, folder: &Path, say: &dyn Fn(&str)) -> Result<Vec<Package>> {
    let kept = project.sandbox().join("packages");
    std::fs::create_dir_all(&kept).context("creating the packages' folder")?;
    // Of sandboxes that start at once the first zips, and the others wait for it and find its files.
    let _turn = lock(&project.sandbox().join("packages.lock")).await?;
    let zipped = project.functions.iter().map(|name| {
        let (name, binary, kept) = (name.clone(), folder.join(name), kept.clone());
        tokio::task::spawn_blocking(move || {
            let zip = zipped(&name, &binary, &kept).context(format!("packing {}", binary.display()))?;
            Ok::<_, Error>(Package { name, binary, zip })
        })
    });
    let mut packages = Vec::with_capacity(project.functions.len());
    for package in futures::future::join_all(zipped).await {
        packages.push(package.context("zipping")??);
    }
    let bytes: usize = packages.iter().map(|package| package.zip.len()).sum();
    say(&format!("Lambdas: {} zipped, {} kB in all", packages.len(), bytes / 1000));
    Ok(packages)
}

/// The package of a binary, from the file that an earlier run left or as such a file.
fn zipped(name: &str, binary: &Path, kept: &Path) -> Result<Bytes> {
    let about = binary.metadata().context("the binary")?;
    let changed = about.modified().context("the binary")?.duration_since(UNIX_EPOCH).context("its time")?;
    let file = kept.join(format!("{name}.{}.{}.zip", changed.as_nanos(), about.len()));
    if file.exists() {
        return Ok(std::fs::read(&file).context("an earlier package")?.into());
    }
    for entry in std::fs::read_dir(kept).context("earlier packages")? {
        let old = entry.context("earlier packages")?.path();
        if old.file_name().and_then(|old| old.to_str()).is_some_and(|old| old.split('.').next() == Some(name)) {
            std::fs::remove_file(&old).context("an earlier package")?;
        }
    }
    let zip = archive(&std::fs::read(binary).context("the binary")?)?;
    // Complete or not there: another run may be reading.
    let draft = kept.join(format!("{name}.{}.draft", std::process::id()));
    std::fs::write(&draft, &zip).context("the package")?;
    std::fs::rename(&draft, &file).context("the package")?;
    Ok(zip)
}

/// Builds the functions without optimisation, as `cargo test` builds everything, and zips them.
///
/// All of the workspace is named, and examples (there are none), which may have dev-dependencies: so cargo chooses the features of
/// the dependencies as it does for `cargo test --workspace`, and builds none of them again.
///
/// # Errors
/// When cargo fails, with its last words, or a binary cannot be read.
pub async fn build(project: &Project, say: &dyn Fn(&str)) -> Result<Vec<Package>> {
    cargo::build(project, &["--workspace", "--bins", "--examples"], say).await?;
    take(project, &project.target.join("debug"), say).await
}

/// A zip whose only entry is `bootstrap`, executable: what the `provided.al2023` runtime starts. The time in it is fixed,
/// so that an unchanged binary has an unchanged package.
/// <https://docs.aws.amazon.com/lambda/latest/dg/runtimes-custom.html>
fn archive(binary: &[u8]) -> Result<Bytes> {
    zip("bootstrap", binary)
}

/// The zip of one source file, which an interpreter runs.
///
/// # Errors
/// When it cannot be zipped.
pub(crate) fn archive_of(name: &str, source: &[u8]) -> Result<Bytes> {
    zip(name, source)
}

fn zip(name: &str, file: &[u8]) -> Result<Bytes> {
    let mut zip = ZipWriter::new(Cursor::new(Vec::with_capacity(file.len() / 2)));
    let options = SimpleFileOptions::default()
        .compression_method(zip::CompressionMethod::Deflated)
        .compression_level(Some(FAST))
        .last_modified_time(zip::DateTime::default())
        .unix_permissions(0o755);
    zip.start_file(name, options).context("zipping")?;
    zip.write_all(file).context("zipping")?;
    Ok(Bytes::from(zip.finish().context("zipping")?.into_inner()))
}
