//! Deploys `infra/template.yaml` itself through `CloudFormation`, as `sam deploy` does.

use std::collections::BTreeMap;
use std::path::Path;
use std::time::{Duration, Instant};

use bytes::Bytes;

use crate::archive;
use crate::aws::Aws;
use crate::digest::sha256;
use crate::error::{Context, Error, Result};
use crate::lambdas::Package;
use crate::project::Project;

/// The name of the stack.
pub const NAME: &str = "bascule";
/// The bucket that takes the artifacts, as `--resolve-s3` would make one.
const BUCKET: &str = "sandbox-artifacts";
/// `CloudFormation`'s API version.
const VERSION: &str = "2010-05-15";
/// The longest that the creation may take.
const CREATION: Duration = Duration::from_mins(1);

/// What a deployment says of its account: the bucket of the shop's manifests, its roles, its Terraform states, and the bucket for records.
/// Without events: the emulator has no pipe to an event bus.
const OWN_PARAMETERS: [(&str, &str); 8] = [
    ("ManifestsBucket", "shop-manifests"),
    ("PassableRoles", "shop-*"),
    ("IrsaRoles", "shop-irsa-*"),
    ("CleanupDeletes", "approved"),
    ("TerraformStates", "shop-states/*"),
    ("TerraformLocks", "shop-locks"),
    ("ReportBucket", archive::BUCKET),
    ("Events", "off"),
];

/// What the stack made: by logical id the physical one, and its outputs.
#[derive(Clone, Debug, Default)]
pub struct Stack {
    /// Logical id to physical id.
    pub resources: BTreeMap<String, String>,
    /// The template's outputs.
    pub outputs: BTreeMap<String, String>,
}

/// The shortest time limit that a function gets, in seconds: the SDK's own time limit of one attempt at a call.
const SHORTEST: u64 = 10;

/// Uploads packages and definitions, points the template at them, and creates the stack. The functions' time limits are multiplied
/// with `wait_scale`, as Step Functions' waits and retry intervals are.
///
/// # Errors
/// When an upload is refused, a path of the template leads nowhere, or the stack ends in another state than
/// `CREATE_COMPLETE`; then with the reasons of the failed resources.
pub async fn deploy(
    aws: &Aws,
    project: &Project,
    packages: &[Package],
    parameters: &[(&str, &str)],
    wait_scale: f64,
) -> Result<Stack> {
    aws.create_bucket(BUCKET).await?;
    aws.create_bucket(archive::BUCKET).await?;
    let source = project.root.join("infra/template.yaml");
    let template = std::fs::read_to_string(&source).context(format!("reading {}", source.display()))?;
    let mut uploads = BTreeMap::new();
    let folder = project.root.join("infra");
    let template = with_time_limits(&template, |seconds| time_limit(seconds, wait_scale));
    let template = point_at_uploads(&template, |kind, path| upload_of(kind, path, &folder, packages, &mut uploads))?;
    for (key, body) in uploads {
        aws.put_object(BUCKET, &key, body).await?;
    }
    aws.put_object(BUCKET, "template.yaml", Bytes::from(template)).await?;
    create(aws, parameters).await?;
    settle(aws).await?;
    describe(aws).await
}

/// A function's time limit, in seconds, where Step Functions' waits are multiplied with `wait_scale`.
///
/// A function that is killed keeps its lease until its time limit has passed, and the next attempt polls until then. With polls that
/// come sooner and a time limit as on AWS, the attempts of a state would be used up before.
#[must_use]
#[expect(
    clippy::cast_precision_loss,
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "1 to 900 seconds"
)]
pub fn time_limit(seconds: u64, wait_scale: f64) -> u64 {
    ((seconds as f64 * wait_scale).ceil() as u64).clamp(SHORTEST.min(seconds), seconds)
}

/// The template with other time limits of its functions.
fn with_time_limits(template: &str, limit: impl Fn(u64) -> u64) -> String {
    let line = |line: &str| match line.split_once("Timeout: ").map(|(indent, seconds)| (indent, seconds.parse())) {
        Some((indent, Ok(seconds))) if indent.trim().is_empty() => format!("{indent}Timeout: {}\n", limit(seconds)),
        _ => format!("{line}\n"),
    };
    template.lines().map(line).collect()
}

/// What `aws cloudformation package` does: replaces the local paths of `CodeUri` and `DefinitionUri` by S3 locations.
/// <https://docs.aws.amazon.com/cli/latest/reference/cloudformation/package.html>
fn point_at_uploads(template: &str, mut upload: impl FnMut(&str, &str) -> Result<String>) -> Result<String> {
    let mut lines = Vec::new();
    for line in template.lines() {
        let trimmed = line.trim_start();
        let property = ["CodeUri", "DefinitionUri"].into_iter().find_map(|property| {
            let value = trimmed.strip_prefix(property)?.strip_prefix(':')?.trim();
            Some((property, value.trim_matches(['"', '\''])))
        });
        match property {
            Some((property, path)) if !path.is_empty() => {
                let indent = &line[..line.len() - trimmed.len()];
                lines.push(format!("{indent}{property}: s3://{BUCKET}/{}", upload(property, path)?));
            }
            _ => lines.push(line.to_owned()),
        }
    }
    Ok(lines.join("\n") + "\n")
}

fn upload_of(
    kind: &str,
    path: &str,
    folder: &Path,
    packages: &[Package],
    uploads: &mut BTreeMap<String, Bytes>,
) -> Result<String> {
    let (name, body) = if kind == "CodeUri" {
        let name = path.trim_end_matches('/').rsplit('/').next().unwrap_or(path);
        let package = packages.iter().find(|package| package.name == name);
        (format!("{name}.zip"), package.context(format!("the function of CodeUri {path}"))?.zip.clone())
    } else {
        let file = folder.join(path);
        let name = file.file_name().map(|name| name.to_string_lossy().into_owned()).context(path)?;
        (name, std::fs::read(&file).context(format!("reading {}", file.display()))?.into())
    };
    let key = format!("{}/{name}", &sha256(&body)[..16]);
    uploads.insert(key.clone(), body);
    Ok(key)
}

async fn create(aws: &Aws, parameters: &[(&str, &str)]) -> Result<()> {
    let url = format!("{}/{BUCKET}/template.yaml", aws.endpoint());
    let mut query: Vec<(String, &str)> = vec![
        ("StackName".into(), NAME),
        ("TemplateURL".into(), &url),
        ("Capabilities.member.1".into(), "CAPABILITY_IAM"),
        ("Capabilities.member.2".into(), "CAPABILITY_NAMED_IAM"),
        ("Capabilities.member.3".into(), "CAPABILITY_AUTO_EXPAND"),
    ];
    for (number, (name, value)) in OWN_PARAMETERS.iter().chain(parameters).enumerate() {
        query.push((format!("Parameters.member.{}.ParameterKey", number + 1), name));
        query.push((format!("Parameters.member.{}.ParameterValue", number + 1), value));
    }
    let query: Vec<(&str, &str)> = query.iter().map(|(name, value)| (name.as_str(), *value)).collect();
    aws.query("cloudformation", VERSION, "CreateStack", &query).await.map(drop)
}

async fn settle(aws: &Aws) -> Result<()> {
    let begin = Instant::now();
    loop {
        let answer = aws.query("cloudformation", VERSION, "DescribeStacks", &[("StackName", NAME)]).await?;
        let status = answer.value("StackStatus").unwrap_or_default();
        match status.as_str() {
            "CREATE_COMPLETE" => return Ok(()),
            "CREATE_IN_PROGRESS" if begin.elapsed() < CREATION => tokio::time::sleep(Duration::from_millis(100)).await,
            _ => {
                let events =
                    aws.query("cloudformation", VERSION, "DescribeStackEvents", &[("StackName", NAME)]).await?;
                let reasons: Vec<String> = events
                    .list("StackEvents")
                    .iter()
                    .filter(|event| event.value("ResourceStatus").is_some_and(|status| status.ends_with("FAILED")))
                    .filter_map(|event| {
                        Some(format!("{}: {}", event.value("LogicalResourceId")?, event.value("ResourceStatusReason")?))
                    })
                    .collect();
                return Err(Error::new(format!("the stack is {status}: {}", reasons.join("; "))));
            }
        }
    }
}

async fn describe(aws: &Aws) -> Result<Stack> {
    let pairs = |answer: &crate::xml::Element, list: &str, key: &str, value: &str| {
        let entries = answer.list(list).iter();
        entries.filter_map(|entry| Some((entry.value(key)?, entry.value(value)?))).collect::<BTreeMap<_, _>>()
    };
    let resources = aws.query("cloudformation", VERSION, "DescribeStackResources", &[("StackName", NAME)]).await?;
    let stacks = aws.query("cloudformation", VERSION, "DescribeStacks", &[("StackName", NAME)]).await?;
    Ok(Stack {
        resources: pairs(&resources, "StackResources", "LogicalResourceId", "PhysicalResourceId"),
        outputs: pairs(&stacks, "Outputs", "OutputKey", "OutputValue"),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn time_limits_shrink_with_the_waits_and_leave_time_for_one_call() {
        let template = "Globals:\n  Function:\n    Timeout: 120\nResources:\n  F:\n    Properties:\n      Timeout: 300\n      Description: Timeout: 300\n";
        assert_eq!(
            with_time_limits(template, |seconds| time_limit(seconds, 0.05)),
            "Globals:\n  Function:\n    Timeout: 10\nResources:\n  F:\n    Properties:\n      Timeout: 15\n      Description: Timeout: 300\n"
        );
    }

    #[test]
    fn only_the_local_paths_of_code_and_definitions_are_replaced() {
        let template =
            "Resources:\n  F:\n    Properties:\n      CodeUri: ../target/lambda/preflight/\n      Handler: bootstrap\n";
        let packaged = point_at_uploads(template, |kind, path| Ok(format!("{kind}-{}", path.len()))).unwrap();
        assert_eq!(
            packaged,
            "Resources:\n  F:\n    Properties:\n      CodeUri: s3://sandbox-artifacts/CodeUri-27\n      Handler: bootstrap\n"
        );
    }
}
