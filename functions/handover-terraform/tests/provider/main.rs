//! The written configuration against the schemas of Terraform's AWS provider: `terraform validate` accepts every file.
//!
//! Left out, which it says, where there is no Terraform, or no mirror of the provider, on this machine.
#![expect(clippy::unwrap_used, reason = "a test that panics has failed")]

#[path = "../adopt/eks_module.rs"]
mod eks_module;
#[path = "../adopt/shop.rs"]
mod shop;

use domain::adoption::{Adoption, Counterparts, File, files, groups_of_rules};
use domain::ports::SecurityGroupRules;
use domain::terraform::State;
use libtest_mimic::{Arguments, Failed, Trial};
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode};

const NAME: &str = "terraforms_aws_provider_accepts_the_configuration_of_a_merge_request";

/// Where mirrors of providers are, as for `cargo test -p end-to-end --test accounts`.
const MIRRORS: [&str; 3] = ["/opt/tf-plugins", "/usr/local/share/terraform/plugins", "/usr/share/terraform/plugins"];

fn main() -> ExitCode {
    let arguments = Arguments::from_args();
    let mirror =
        MIRRORS.iter().map(PathBuf::from).find(|folder| folder.join("registry.terraform.io/hashicorp/aws").is_dir());
    let mirror = mirror.filter(|_| Command::new("terraform").arg("version").output().is_ok());
    if mirror.is_none() {
        eprintln!("left out: {NAME}: no terraform with a mirror of terraform-provider-aws");
    }
    let missing = mirror.is_none();
    let trial = Trial::test(NAME, move || validate(&mirror.unwrap_or_default()));
    libtest_mimic::run(&arguments, vec![trial.with_ignored_flag(missing)]).exit_code()
}

/// ARNs and a version of the account in memory, which are none, and one of each kind.
const VALID: [(&str, &str); 5] = [
    ("v1", "v1.11.4-eksbuild.2"),
    ("arn:policy", "arn:aws:eks::aws:cluster-access-policy/AmazonEKSViewPolicy"),
    ("arn:role", "arn:aws:iam::123456789012:role/checkout"),
    ("arn:group-green", "arn:aws:elasticloadbalancing:eu-central-1:123456789012:targetgroup/web/1a2b3c4d5e6f7a8b"),
    (
        "arn:listener-green",
        "arn:aws:elasticloadbalancing:eu-central-1:123456789012:listener/net/shop/1a2b3c4d5e6f7a8b/1a2b3c4d5e6f7a8b",
    ),
];

/// The files of the shop's project, and of one that has blue in modules.
fn validate(mirror: &Path) -> Result<(), Failed> {
    let worlds = [("root", shop::opened(), shop::state()), ("modules", eks_module::shop(), eks_module::state())];
    for (world, (account, migration), text) in worlds {
        let entries = account.table().migrations[&migration.id].entries.values().cloned().collect::<Vec<_>>();
        let state = State::read(text.as_bytes())?;
        let counterparts = Counterparts::of(&migration, &entries);
        let groups = groups_of_rules(&state, &counterparts);
        let rules = tokio::runtime::Runtime::new()?.block_on(account.identified_rules(&groups))?;
        let adoption = Adoption::of(&state, &migration, &counterparts.with_rules(rules));
        assert!(adoption.taken.len() > 10, "{world}: {:?}", adoption.taken);
        let [_, green, blue, back] = files(&adoption, &shop::place(), "move");
        // After the first commit, after the second, and after a way back.
        for (folder, files) in [("first", vec![&green]), ("second", vec![&green, &blue]), ("back", vec![&back])] {
            accepts(mirror, &format!("{world}-{folder}"), &files)?;
        }
    }
    Ok(())
}

fn accepts(mirror: &Path, name: &str, files: &[&File]) -> Result<(), Failed> {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("adopt-{name}"));
    if folder.exists() {
        std::fs::remove_dir_all(&folder)?;
    }
    std::fs::create_dir_all(&folder)?;
    let head = "terraform {\n  required_providers {\n    aws = { source = \"hashicorp/aws\" }\n  }\n}\n\nprovider \"aws\" {\n  alias = \"frankfurt\"\n  \
                region = \"eu-central-1\"\n}\n";
    std::fs::write(folder.join("main.tf"), head)?;
    for file in files {
        let text = VALID
            .iter()
            .fold(file.text.clone(), |text, (found, arn)| text.replace(&format!("\"{found}\""), &format!("\"{arn}\"")));
        std::fs::write(folder.join(file.name), text)?;
    }
    let installation =
        format!("provider_installation {{\n  filesystem_mirror {{ path = \"{}\" }}\n}}\n", mirror.display());
    std::fs::write(folder.join("terraform.rc"), installation)?;
    for arguments in [&["init", "-input=false", "-no-color"][..], &["validate", "-no-color"]] {
        let mut command = Command::new("terraform");
        command.args(arguments).current_dir(&folder).env("CHECKPOINT_DISABLE", "1");
        let output = command.env("TF_CLI_CONFIG_FILE", folder.join("terraform.rc")).output()?;
        if !output.status.success() {
            return Err(Failed::from(format!("{name}: {arguments:?}: {}", String::from_utf8_lossy(&output.stderr))));
        }
    }
    Ok(())
}
