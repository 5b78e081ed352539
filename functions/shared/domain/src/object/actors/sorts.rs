//! Sorts of the custom resources whose controllers work without being asked: a group, or its end where it begins with a dot, and kinds, all of
//! them where there is none.

/// Kinds of the table that have no namespace.
pub(super) const CLUSTER_WIDE: &[(&str, &[&str])] = &[
    ("olm.operatorframework.io", &["ClusterExtension"]),
    ("external-secrets.io", &["ClusterPushSecret"]),
    // Of Crossplane's providers all but those of groups with `.m.`: https://docs.crossplane.io/latest/whats-new/
    (".upbound.io", &[]),
    (".crossplane.io", &[]),
];

/// What sets a controller up and is none of its resources, such as providers' settings, and Crossplane's own packages
/// (<https://docs.crossplane.io/latest/api/>).
pub(super) const SETTINGS: &[(&str, &[&str])] = &[
    (".upbound.io", PROVIDERS),
    (".crossplane.io", PROVIDERS),
    ("apiextensions.crossplane.io", &[]),
    ("pkg.crossplane.io", &[]),
    ("meta.pkg.crossplane.io", &[]),
    ("protection.crossplane.io", &[]),
    ("secrets.crossplane.io", &[]),
];

const PROVIDERS: &[&str] =
    &["ClusterProviderConfig", "ClusterProviderConfigUsage", "ProviderConfig", "ProviderConfigUsage", "StoreConfig"];

/// Kinds of the table whose objects end, as a Job does: some delete themselves then, and others are deleted by who cleans up.
pub(super) const FINITE: &[(&str, &[&str])] = &[
    ("argoproj.io", &["Experiment", "Workflow"]),
    ("apps.kruise.io", &["BroadcastJob"]),
    ("jobset.x-k8s.io", &[]),
    ("workload.codeflare.dev", &[]),
    ("kubeflow.org", &["Experiment", "JAXJob", "MPIJob", "PaddleJob", "PyTorchJob", "TFJob", "Trial", "XGBoostJob"]),
    ("kubernetes.dask.org", &["DaskJob"]),
    ("trainer.kubeflow.org", &["TrainJob"]),
    ("ray.io", &["RayJob"]),
    ("sparkoperator.k8s.io", &["SparkApplication"]),
    ("spark.apache.org", &["SparkApplication"]),
    ("batch.volcano.sh", &["Job"]),
    ("flow.volcano.sh", &["JobFlow"]),
    ("tekton.dev", &["CustomRun", "PipelineRun", "TaskRun"]),
    ("actions.summerwind.dev", &["Runner"]),
    ("k6.io", &["K6", "TestRun"]),
    ("locust.io", &["LocustTest"]),
    ("agones.dev", &["GameServer"]),
    ("cr.kanister.io", &["ActionSet"]),
    // A backup lives as long as its `spec.ttl` says, a month where it says nothing: https://velero.io/docs/main/api-types/backup/
    ("velero.io", &["Backup", "Restore"]),
    ("k8up.io", &["Archive", "Backup", "Check", "Prune", "Restore"]),
];
