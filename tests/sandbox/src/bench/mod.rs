//! `cargo sandbox bench-apply`: `DeployWorkloads` and `kubectl apply --server-side` in turns on the real kube-apiserver.

mod contest;
mod generated;
mod goals;
pub mod limit;
pub mod objects;
mod relay;
mod row;
pub mod stand_in;
mod timed;
pub mod versions;

use std::path::{Path, PathBuf};
use std::time::Duration;

use contest::{Bundle, Programs, Twice};
use kubernetes::Assets;

pub use goals::missed;
pub use row::{Row, page};

use crate::error::{Context, Error, Result};
use crate::packages;
use crate::project::Project;
use crate::python::Python;

/// The sizes of generated bundles.
const SIZES: [usize; 3] = [100, 1_000, 10_000];

/// The round trips to the API server: on loopback, and from another place.
const ROUND_TRIPS: [Duration; 2] = [Duration::ZERO, Duration::from_millis(10)];

/// Bundles of fewer objects are applied as often as this, and the median counts.
const REPEATED: usize = 3;

/// From so many objects on once is enough: a run is long, and its share of chance small.
const LARGE: usize = 5_000;

/// Measures a generated bundle of `objects` objects, or of each of the usual sizes, and the bundles in these files; takes the
/// program apply-bundles from a folder, or builds it as the functions are built for AWS.
///
/// # Errors
/// When the programs are missing, cannot be built, or fail.
pub async fn measure(
    objects: Option<usize>,
    files: &[PathBuf],
    binaries: Option<&Path>,
    say: &dyn Fn(&str),
) -> Result<Vec<Row>> {
    let assets = Assets::find().map_err(Error::new)?;
    let project = Project::locate().await?;
    let kubectl = Python::prepare(&project, say).await?.kubectl()?;
    let release = match binaries {
        Some(folder) => folder.to_owned(),
        None => packages::build(&project, &["--package", "apply-bundles"], say).await?,
    };
    let folder = project.sandbox().join(format!("bench-{}", std::process::id()));
    std::fs::create_dir_all(&folder).context("making a folder for the benchmark")?;
    let programs = Programs { assets, ours: release.join("apply-bundles"), kubectl, folder };
    let rows = all(&programs, &bundles(objects, files)?, say).await;
    std::fs::remove_dir_all(&programs.folder).context("removing the benchmark's folder")?;
    rows
}

fn bundles(objects: Option<usize>, files: &[PathBuf]) -> Result<Vec<Bundle>> {
    let sizes = objects.map_or_else(|| SIZES.to_vec(), |objects| vec![objects]);
    let mut bundles: Vec<Bundle> = sizes
        .into_iter()
        .map(|size| Bundle::new("generated".to_owned(), generated::bundle(size)))
        .collect::<Result<_>>()?;
    for file in files {
        let text = std::fs::read_to_string(file).context(format!("reading {}", file.display()))?;
        let name = file.file_stem().and_then(|name| name.to_str()).unwrap_or_default().to_owned();
        bundles.push(Bundle::new(name, text)?);
    }
    Ok(bundles)
}

async fn all(programs: &Programs, bundles: &[Bundle], say: &dyn Fn(&str)) -> Result<Vec<Row>> {
    let mut rows = Vec::new();
    for bundle in bundles {
        for round_trip in ROUND_TRIPS {
            let compared = compared(programs, bundle, round_trip, say).await?;
            say(&page(&compared));
            rows.extend(compared);
        }
    }
    Ok(rows)
}

/// The rows of one bundle at one distance: applied to nothing, and again.
async fn compared(programs: &Programs, bundle: &Bundle, round_trip: Duration, say: &dyn Fn(&str)) -> Result<[Row; 2]> {
    let times = if bundle.objects.len() < LARGE { REPEATED } else { 1 };
    let (mut limits, mut ours, mut kubectl) = (Vec::new(), Vec::new(), Vec::new());
    for time in 1..=times {
        say(&format!(
            "{} of {} objects, {} ms away, {time} of {times}",
            bundle.name,
            bundle.objects.len(),
            round_trip.as_millis()
        ));
        // In turns, so that what else happens on the machine meets all three.
        limits.push(programs.limit(bundle, round_trip).await?);
        ours.push(programs.ours(bundle, round_trip).await?);
        kubectl.push(programs.kubectl(bundle, round_trip).await?);
    }
    let median = |runs: &[Twice], of: fn(&Twice) -> timed::Taken| {
        timed::median(runs.iter().map(of).collect()).context("a median of no runs")
    };
    limits.sort_by(f64::total_cmp);
    let row = |again: bool, of: fn(&Twice) -> timed::Taken| -> Result<Row> {
        Ok(Row {
            case: bundle.name.clone(),
            objects: bundle.objects.len(),
            delay_ms: u64::try_from(round_trip.as_millis()).unwrap_or(u64::MAX),
            again,
            runs: times,
            ours: median(&ours, of)?,
            kubectl: median(&kubectl, of)?,
            limit: (!again).then(|| row::Limit { seconds: limits[limits.len() / 2] }),
            written: again.then(|| ours.iter().flat_map(|twice| twice.written.iter().cloned()).collect()),
        })
    };
    Ok([row(false, |twice| twice.first)?, row(true, |twice| twice.again)?])
}
