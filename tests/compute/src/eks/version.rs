//! Kubernetes versions of EKS, and `DescribeClusterVersions`.
//!
//! The calendar is that of <https://docs.aws.amazon.com/eks/latest/userguide/kubernetes-versions.html>: 14 months of
//! standard support, 12 of extended support, no new clusters after that.

use serde_json::{Value, json};

use super::{
    Outcome,
    fault::Fault,
    request::{Request, page},
};

/// A version with its dates in the calendar, as `YYYY-MM-DD`.
struct Release {
    version: &'static str,
    patch: &'static str,
    platform: &'static str,
    released: &'static str,
    standard_ends: &'static str,
    extended_ends: &'static str,
}

/// The calendar, newest version first.
const RELEASES: [Release; 6] = [
    Release {
        version: "1.35",
        patch: "1.35.0",
        platform: "eks.3",
        released: "2026-01-28",
        standard_ends: "2027-03-27",
        extended_ends: "2028-03-27",
    },
    Release {
        version: "1.34",
        patch: "1.34.1",
        platform: "eks.13",
        released: "2025-10-02",
        standard_ends: "2026-12-02",
        extended_ends: "2027-12-02",
    },
    Release {
        version: "1.33",
        patch: "1.33.5",
        platform: "eks.27",
        released: "2025-05-29",
        standard_ends: "2026-07-29",
        extended_ends: "2027-07-29",
    },
    Release {
        version: "1.32",
        patch: "1.32.9",
        platform: "eks.34",
        released: "2025-01-23",
        standard_ends: "2026-03-23",
        extended_ends: "2027-03-23",
    },
    Release {
        version: "1.31",
        patch: "1.31.13",
        platform: "eks.50",
        released: "2024-09-26",
        standard_ends: "2025-11-26",
        extended_ends: "2026-11-26",
    },
    Release {
        version: "1.30",
        patch: "1.30.14",
        platform: "eks.58",
        released: "2024-05-23",
        standard_ends: "2025-07-23",
        extended_ends: "2026-07-23",
    },
];

/// The default version of new clusters.
pub(crate) const DEFAULT: &str = RELEASES[0].version;

#[derive(Clone, Copy, PartialEq, Eq)]
enum Support {
    Standard,
    Extended,
    Ended,
}

fn today() -> String {
    jiff::Timestamp::now().strftime("%Y-%m-%d").to_string()
}

/// The support phase at a date. ISO dates compare as strings.
fn support(release: &Release, today: &str) -> Support {
    if today <= release.standard_ends {
        Support::Standard
    } else if today <= release.extended_ends {
        Support::Extended
    } else {
        Support::Ended
    }
}

/// Whether a cluster may be created with that version today.
pub(crate) fn is_supported(version: &str) -> bool {
    let today = today();
    RELEASES.iter().any(|release| release.version == version && support(release, &today) != Support::Ended)
}

/// The platform version that a new cluster of that version gets.
pub(crate) fn platform(version: &str) -> &'static str {
    RELEASES.iter().find(|release| release.version == version).map_or("eks.1", |release| release.platform)
}

/// The release of the EKS-optimised AMI of a version: `<patch>-<date>`.
pub(crate) fn ami_release(version: &str) -> String {
    let patch = RELEASES.iter().find(|release| release.version == version).map_or(version, |release| release.patch);
    format!("{patch}-20261101")
}

/// The minor version's number: 33 of `1.33`.
pub(crate) fn minor(version: &str) -> Option<u32> {
    version.strip_prefix("1.")?.parse().ok()
}

/// `DescribeClusterVersions`
pub(crate) fn describe(request: &Request) -> Outcome {
    let today = today();
    let wanted: Vec<&str> = request.parameters("clusterVersions").collect();
    let include_all = request.parameter("includeAll") == Some("true");
    let default_only = request.parameter("defaultOnly") == Some("true");
    let status = request.parameter("versionStatus").or_else(|| request.parameter("status"));
    if let Some(unknown) = wanted.iter().find(|version| !RELEASES.iter().any(|release| release.version == **version)) {
        return Err(Fault::invalid_parameter(format!("unsupported Kubernetes version {unknown}")));
    }
    let versions: Vec<Value> = RELEASES
        .iter()
        .filter(|release| wanted.is_empty() || wanted.contains(&release.version))
        .filter(|release| include_all || !wanted.is_empty() || support(release, &today) != Support::Ended)
        .filter(|release| !default_only || release.version == DEFAULT)
        .map(|release| describe_one(release, &today))
        .filter(|value| status.is_none_or(|status| value["versionStatus"] == status || value["status"] == status))
        .collect();
    page(request, "clusterVersions", versions)
}

fn describe_one(release: &Release, today: &str) -> Value {
    let (status, version_status) = match support(release, today) {
        Support::Standard => ("standard-support", "STANDARD_SUPPORT"),
        Support::Extended => ("extended-support", "EXTENDED_SUPPORT"),
        Support::Ended => ("unsupported", "UNSUPPORTED"),
    };
    json!({
        "clusterVersion": release.version,
        "clusterType": "eks",
        "defaultPlatformVersion": release.platform,
        "defaultVersion": release.version == DEFAULT,
        "releaseDate": midnight(release.released),
        "endOfStandardSupportDate": midnight(release.standard_ends),
        "endOfExtendedSupportDate": midnight(release.extended_ends),
        "status": status,
        "versionStatus": version_status,
        "kubernetesPatchVersion": release.patch,
    })
}

/// A date as seconds since 1970.
fn midnight(date: &str) -> Value {
    format!("{date}T00:00:00Z").parse::<jiff::Timestamp>().map_or(Value::Null, |time| json!(time.as_second()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_version_goes_from_standard_to_extended_support_and_ends() {
        let release = &RELEASES[2];
        assert!(support(release, "2026-07-29") == Support::Standard);
        assert!(support(release, "2026-07-30") == Support::Extended);
        assert!(support(release, "2027-07-30") == Support::Ended);
    }

    #[test]
    fn every_date_of_the_calendar_is_a_date() {
        for release in &RELEASES {
            for date in [release.released, release.standard_ends, release.extended_ends] {
                assert!(midnight(date).is_number(), "{date}");
            }
        }
    }
}
