use std::{
    io::Write as _,
    path::{Path, PathBuf},
};

use tokio::process::Command;

use crate::{
    support::{Stage, tools},
    trials::Tests,
};

/// The tests of this file.
pub(crate) fn enter(tests: &mut Tests) {
    tests.both(kubectl_applies_a_shop_waits_for_it_scales_it_and_deletes_it);
    tests.both(kubectl_applies_from_the_client_side_and_changes_only_what_changed);
    tests.both(kubectl_is_told_about_an_unknown_field);
}

/// Runs kubectl with its own kubeconfig, and returns its output.
struct Kubectl {
    binary: PathBuf,
    directory: PathBuf,
}

impl Kubectl {
    async fn new(stage: &Stage) -> Self {
        let binary = tools().await.kubectl().unwrap();
        let directory =
            Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("kubectl-{}-{}", std::process::id(), stage.namespace));
        std::fs::create_dir_all(&directory).unwrap();
        std::fs::write(directory.join("config"), stage.kubeconfig()).unwrap();
        Self { binary, directory }
    }

    async fn run(&self, arguments: &[&str]) -> (bool, String) {
        let mut command = Command::new(&self.binary);
        command.args(arguments).env("KUBECONFIG", self.directory.join("config")).env("HOME", &self.directory);
        let output = command.output().await.unwrap();
        let text = String::from_utf8_lossy(&output.stdout).into_owned() + &String::from_utf8_lossy(&output.stderr);
        (output.status.success(), text)
    }

    async fn ok(&self, arguments: &[&str]) -> String {
        let (success, text) = self.run(arguments).await;
        assert!(success, "kubectl {arguments:?}: {text}");
        text
    }
}

impl Drop for Kubectl {
    fn drop(&mut self) {
        std::fs::remove_dir_all(&self.directory).unwrap();
    }
}

fn shared(file: &str) -> String {
    format!("{}/../data/{file}", env!("CARGO_MANIFEST_DIR"))
}

async fn kubectl_applies_a_shop_waits_for_it_scales_it_and_deletes_it(stage: Stage) {
    let kubectl = Kubectl::new(&stage).await;
    let boutique = shared("online-boutique.yaml");
    let applied = kubectl.ok(&["apply", "--server-side", "-f", &boutique]).await;
    assert_eq!(applied.matches("serverside-applied").count(), 35, "{applied}");
    kubectl.ok(&["rollout", "status", "deployment/frontend", "--timeout=90s"]).await;
    kubectl.ok(&["wait", "--for=condition=Available", "deployment", "--all", "--timeout=90s"]).await;
    kubectl.ok(&["scale", "deployment/frontend", "--replicas=3"]).await;
    kubectl.ok(&["rollout", "status", "deployment/frontend", "--timeout=90s"]).await;
    let replicas = kubectl.ok(&["get", "deployment", "frontend", "-o", "jsonpath={.status.readyReplicas}"]).await;
    assert_eq!(replicas, "3");
    kubectl.ok(&["rollout", "restart", "deployment/frontend"]).await;
    kubectl.ok(&["rollout", "status", "deployment/frontend", "--timeout=90s"]).await;
    let deployments = kubectl.ok(&["get", "deployments"]).await;
    let row: Vec<&str> =
        deployments.lines().find(|line| line.starts_with("frontend ")).unwrap().split_whitespace().collect();
    assert_eq!(row[..4], ["frontend", "3/3", "3", "3"]);
    kubectl.ok(&["delete", "-f", &boutique, "--timeout=90s"]).await;
    let (_, left) = kubectl.run(&["get", "deployments"]).await;
    assert!(left.contains("No resources found"), "{left}");
}

async fn kubectl_applies_from_the_client_side_and_changes_only_what_changed(stage: Stage) {
    let kubectl = Kubectl::new(&stage).await;
    let boutique = shared("online-boutique.yaml");
    kubectl.ok(&["apply", "-f", &boutique]).await;
    let again = kubectl.ok(&["apply", "-f", &boutique]).await;
    assert_eq!(again.matches(" unchanged").count(), 35, "{again}");
    let changed = std::fs::read_to_string(&boutique).unwrap().replace("PRODUCT_CATALOG_SERVICE_ADDR", "CATALOGUE");
    let file = kubectl.directory.join("changed.yaml");
    std::fs::File::create(&file).unwrap().write_all(changed.as_bytes()).unwrap();
    let configured = kubectl.ok(&["apply", "-f", file.to_str().unwrap()]).await;
    assert!(configured.contains("deployment.apps/frontend configured"), "{configured}");
    let names = kubectl
        .ok(&["get", "deployment", "frontend", "-o", "jsonpath={.spec.template.spec.containers[0].env[*].name}"])
        .await;
    assert!(names.contains("CATALOGUE") && !names.contains("PRODUCT_CATALOG_SERVICE_ADDR"), "{names}");
}

async fn kubectl_is_told_about_an_unknown_field(stage: Stage) {
    let kubectl = Kubectl::new(&stage).await;
    let file = kubectl.directory.join("typo.yaml");
    std::fs::write(&file, "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: a}\ndta: {x: y}\n").unwrap();
    let (success, text) = kubectl.run(&["apply", "-f", file.to_str().unwrap()]).await;
    assert!(!success && text.contains("unknown field \"dta\""), "{text}");
}
