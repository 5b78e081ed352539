//! The arguments of the programs of a control plane.

use std::path::Path;

use serde_json::{Value, json};

/// The files of a control plane, below its directory.
pub(super) mod file {
    pub(crate) const ANONYMOUS: &str = "authentication.json";
    pub(crate) const AUTHORITY: &str = "authority.pem";
    pub(crate) const CERTIFICATE: &str = "server.pem";
    pub(crate) const KEY: &str = "server.key";
    pub(crate) const KUBECONFIG: &str = "kubeconfig";
    pub(crate) const SIGNING: &str = "service-accounts.key";
    pub(crate) const STAGES: &str = "kwok.yaml";
    pub(crate) const TOKENS: &str = "tokens.csv";
    pub(crate) const VERIFYING: &str = "service-accounts.pub";
    pub(crate) const WEBHOOK: &str = "webhook.json";
}

/// The loopback ports of a control plane.
#[derive(Debug, Clone, Copy)]
pub(super) struct Ports {
    pub(super) etcd: u16,
    pub(super) peers: u16,
    pub(super) api: u16,
}

/// One member without peers, which syncs nothing to disk: no data outlives the directory.
pub(super) fn etcd(directory: &Path, ports: Ports) -> Vec<String> {
    let client = format!("http://127.0.0.1:{}", ports.etcd);
    let peer = format!("http://127.0.0.1:{}", ports.peers);
    vec![
        format!("--data-dir={}", directory.join("etcd").display()),
        format!("--listen-client-urls={client}"),
        format!("--advertise-client-urls={client}"),
        format!("--listen-peer-urls={peer}"),
        format!("--initial-advertise-peer-urls={peer}"),
        format!("--initial-cluster=default={peer}"),
        "--unsafe-no-fsync=true".to_owned(),
        "--log-level=warn".to_owned(),
    ]
}

/// With authorization and token authentication as EKS has them
/// (<https://docs.aws.amazon.com/eks/latest/userguide/cluster-auth.html>).
pub(super) fn api_server(directory: &Path, ports: Ports) -> Vec<String> {
    let path = |file: &str| directory.join(file).display().to_string();
    vec![
        format!("--etcd-servers=http://127.0.0.1:{}", ports.etcd),
        "--bind-address=127.0.0.1".to_owned(),
        "--advertise-address=127.0.0.1".to_owned(),
        // It refuses a loopback address as the endpoint of the Service `kubernetes`.
        "--endpoint-reconciler-type=none".to_owned(),
        format!("--secure-port={}", ports.api),
        format!("--cert-dir={}", path("certificates")),
        format!("--tls-cert-file={}", path(file::CERTIFICATE)),
        format!("--tls-private-key-file={}", path(file::KEY)),
        "--service-account-issuer=https://kubernetes.default.svc".to_owned(),
        format!("--service-account-key-file={}", path(file::VERIFYING)),
        format!("--service-account-signing-key-file={}", path(file::SIGNING)),
        "--service-cluster-ip-range=10.100.0.0/16".to_owned(),
        "--authorization-mode=Node,RBAC".to_owned(),
        "--allow-privileged=true".to_owned(),
        format!("--authentication-config={}", path(file::ANONYMOUS)),
        format!("--token-auth-file={}", path(file::TOKENS)),
        format!("--authentication-token-webhook-config-file={}", path(file::WEBHOOK)),
        "--authentication-token-webhook-version=v1".to_owned(),
        "--authentication-token-webhook-cache-ttl=5s".to_owned(),
    ]
}

/// Every controller that needs no cloud.
pub(super) fn controller_manager(directory: &Path) -> Vec<String> {
    let path = |file: &str| directory.join(file).display().to_string();
    vec![
        format!("--kubeconfig={}", path(file::KUBECONFIG)),
        "--leader-elect=false".to_owned(),
        "--secure-port=0".to_owned(),
        format!("--service-account-private-key-file={}", path(file::SIGNING)),
        format!("--root-ca-file={}", path(file::AUTHORITY)),
        // A client of its own for each controller, which are many that list at the start.
        "--use-service-account-credentials=false".to_owned(),
    ]
}

pub(super) fn scheduler(directory: &Path) -> Vec<String> {
    vec![
        format!("--kubeconfig={}", directory.join(file::KUBECONFIG).display()),
        "--leader-elect=false".to_owned(),
        "--secure-port=0".to_owned(),
    ]
}

pub(super) fn kwok(directory: &Path) -> Vec<String> {
    vec![
        format!("--kubeconfig={}", directory.join(file::KUBECONFIG).display()),
        format!("--config={}", directory.join(file::STAGES).display()),
        "--manage-all-nodes=true".to_owned(),
        // The kubelet's default. Without leases nodes are not Ready any more after less than a minute
        // (https://kubernetes.io/docs/concepts/architecture/nodes/#node-heartbeats).
        "--node-lease-duration-seconds=40".to_owned(),
        "--cidr=10.64.0.0/16".to_owned(),
    ]
}

/// What kwok makes of nodes, and of Pods where it is to.
pub(super) fn stages(of_pods: bool) -> String {
    const ALL: &str = include_str!("../../../control-plane/kwok.yaml");
    let stages = ALL.split("\n---\n").filter(|stage| of_pods || !stage.contains("\n    kind: Pod\n"));
    stages.collect::<Vec<_>>().join("\n---\n")
}

/// From version 1.32 on EKS answers the anonymous at these paths and nowhere else
/// (<https://docs.aws.amazon.com/eks/latest/userguide/kubernetes-versions-standard.html>).
pub(super) fn anonymous() -> Value {
    json!({
        "apiVersion": "apiserver.config.k8s.io/v1", "kind": "AuthenticationConfiguration",
        "anonymous": {"enabled": true, "conditions": [{"path": "/healthz"}, {"path": "/livez"}, {"path": "/readyz"}]},
    })
}

/// How the API server finds the webhook that reviews tokens
/// (<https://kubernetes.io/docs/reference/access-authn-authz/authentication/#webhook-token-authentication>).
pub(super) fn webhook(port: u16) -> Value {
    json!({
        "apiVersion": "v1", "kind": "Config", "current-context": "tokens",
        "clusters": [{"name": "tokens", "cluster": {"server": format!("http://127.0.0.1:{port}/")}}],
        "users": [{"name": "api-server", "user": {}}],
        "contexts": [{"name": "tokens", "context": {"cluster": "tokens", "user": "api-server"}}],
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn kwok_is_told_of_pods_only_where_it_plays_them() {
        let kinds = |of_pods| {
            let count = |kind: &str| stages(of_pods).matches(&format!("\n    kind: {kind}\n")).count();
            (count("Node"), count("Pod"))
        };
        assert_eq!(kinds(true), (2, 3));
        assert_eq!(kinds(false), (2, 0));
    }
}
