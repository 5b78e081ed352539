//! The custom resources whose controllers work without being asked. Each row was compared with the definitions or the source of its
//! project; where a project has no field that stops its controller, or one that only its newest versions know, nothing suspends it.

/// A path of fields.
pub(super) type Path = &'static [&'static str];

/// What a field is set to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Word {
    /// `true`.
    True,
    /// No replicas.
    Zero,
    /// A text.
    Text(&'static str),
    /// A text, where the field's own parent is there: without it the resource is of another sort.
    TextWithin(&'static str),
}

/// What a controller does with some resources.
pub(super) struct Row {
    /// Their group, or its end where it begins with a dot.
    pub(super) group: &'static str,
    /// Their kinds; all of the group where there is none.
    pub(super) kinds: &'static [&'static str],
    /// In words that follow a name.
    pub(super) does: &'static str,
    /// The fields that suspend them; none where their controller cannot be told to leave them alone.
    pub(super) suspend: &'static [(Path, Word)],
}

const fn row(
    group: &'static str,
    kinds: &'static [&'static str],
    does: &'static str,
    suspend: &'static [(Path, Word)],
) -> Row {
    Row { group, kinds, does, suspend }
}

const PODS: &str = "starts Pods";
const MANIFESTS: &str =
    "applies other manifests, unclassed, and takes suspensions and temporary hosts of what it manages back";
const SCHEDULE: &str = "works on a schedule";
const EVENTS: &str = "takes events from outside of the cluster";
const HARM: &str = "injects faults";
const BUCKET: &str = "writes to a bucket";
const SCHEMA: &str = "changes the schema of a database";
const OUTSIDE: &str =
    "manages a resource outside of the cluster, in AWS for instance: both clusters would manage the same one";

const NEVER: &[(Path, Word)] = &[];
const SUSPEND: &[(Path, Word)] = &[(&["spec", "suspend"], Word::True)];
const PAUSED: &[(Path, Word)] = &[(&["spec", "paused"], Word::True)];
const REPLICAS: &[(Path, Word)] = &[(&["spec", "replicas"], Word::Zero)];
const RUN_POLICY: &[(Path, Word)] = &[(&["spec", "runPolicy", "suspend"], Word::True)];
const FLINK_JOB: &[(Path, Word)] = &[(&["spec", "job", "state"], Word::TextWithin("suspended"))];
const CROSSPLANE: &[(Path, Word)] = &[(&["metadata", "annotations", "crossplane.io/paused"], Word::Text("true"))];
const NOTEBOOK: &[(Path, Word)] = &[(&["metadata", "annotations", "kubeflow-resource-stopped"], Word::Text("true"))];
const STACKABLE: &[(Path, Word)] = &[(&["spec", "clusterOperation", "stopped"], Word::True)];
const FLUX_OPERATOR: &[(Path, Word)] =
    &[(&["metadata", "annotations", "fluxcd.controlplane.io/reconcile"], Word::Text("disabled"))];

const KNATIVE_SOURCES: &[&str] = &[
    "ApiServerSource",
    "ContainerSource",
    "GitHubSource",
    "GitLabSource",
    "IntegrationSource",
    "PingSource",
    "RabbitmqSource",
    "RedisStreamSource",
];

/// The table; sources stand above the rows that they are of.
pub(super) const ROWS: &[Row] = &[
    // https://keda.sh/docs/2.19/concepts/scaling-jobs/#pausing-autoscaling
    row(
        "keda.sh",
        &["ScaledJob"],
        PODS,
        &[(&["metadata", "annotations", "autoscaling.keda.sh/paused"], Word::Text("true"))],
    ),
    // https://argo-workflows.readthedocs.io/en/latest/fields/#cronworkflowspec and #workflowspec
    row("argoproj.io", &["CronWorkflow", "Workflow"], PODS, SUSPEND),
    // https://argo-rollouts.readthedocs.io/en/stable/features/specification/
    row("argoproj.io", &["Rollout"], PODS, REPLICAS),
    row("argoproj.io", &["Experiment"], PODS, NEVER),
    // No replicas are one to Argo Events: GetReplicas in
    // https://github.com/argoproj/argo-events/blob/master/pkg/apis/events/v1alpha1/eventsource_types.go and sensor_types.go
    row("argoproj.io", &["EventSource", "Sensor"], EVENTS, NEVER),
    // https://argo-cd.readthedocs.io/en/stable/user-guide/skip_reconcile/: of Applications only
    row(
        "argoproj.io",
        &["Application"],
        MANIFESTS,
        &[(&["metadata", "annotations", "argocd.argoproj.io/skip-reconcile"], Word::Text("true"))],
    ),
    row("argoproj.io", &["ApplicationSet"], MANIFESTS, NEVER),
    // https://fluxcd.io/flux/components/kustomize/kustomizations/#suspend and
    // https://fluxcd.io/flux/components/helm/helmreleases/#suspend; sources, receivers and alerts of Flux apply nothing
    row("kustomize.toolkit.fluxcd.io", &["Kustomization"], MANIFESTS, SUSPEND),
    row("helm.toolkit.fluxcd.io", &["HelmRelease"], MANIFESTS, SUSPEND),
    // https://fluxcd.io/flux/components/image/imageupdateautomations/#suspend
    row("image.toolkit.fluxcd.io", &["ImageUpdateAutomation"], "commits to Git", SUSPEND),
    // ReconcileAnnotation in https://github.com/controlplaneio-fluxcd/flux-operator/blob/main/api/v1/common_types.go
    row("fluxcd.controlplane.io", &["FluxInstance", "ResourceSet"], MANIFESTS, FLUX_OPERATOR),
    // https://fleet.rancher.io/ref-gitrepo and https://fleet.rancher.io/ref-bundle
    row("fleet.cattle.io", &["GitRepo", "Bundle"], MANIFESTS, PAUSED),
    // https://docs.k3s.io/helm
    row("helm.cattle.io", &["HelmChart"], MANIFESTS, NEVER),
    // https://carvel.dev/kapp-controller/docs/latest/app-spec/ and package-consumer-concepts
    row("kappctrl.k14s.io", &["App"], MANIFESTS, PAUSED),
    row("packaging.carvel.dev", &["PackageInstall"], MANIFESTS, PAUSED),
    // https://olm.operatorframework.io/docs/concepts/crds/subscription/ and
    // https://operator-framework.github.io/operator-controller/
    row("operators.coreos.com", &["Subscription"], MANIFESTS, NEVER),
    row("olm.operatorframework.io", &["ClusterExtension"], MANIFESTS, NEVER),
    // https://kluctl.io/docs/gitops/spec/v1beta1/kluctldeployment/#suspend
    row("gitops.kluctl.io", &["KluctlDeployment"], MANIFESTS, SUSPEND),
    // https://cloud.google.com/kubernetes-engine/config-sync/docs/reference/rootsync-reposync-fields
    row("configsync.gke.io", &["RepoSync", "RootSync"], MANIFESTS, NEVER),
    // https://fluxcd.io/legacy/helm-operator/, from before Flux 2
    row("helm.fluxcd.io", &["HelmRelease"], MANIFESTS, NEVER),
    // https://projectsveltos.github.io/sveltos/addons/addons/
    row("config.projectsveltos.io", &["ClusterProfile", "Profile"], MANIFESTS, NEVER),
    // https://argocd-image-updater.readthedocs.io/en/stable/ and https://docs.kargo.io/user-guide/how-to-guides/working-with-stages
    row("argocd-image-updater.argoproj.io", &["ImageUpdater"], "commits to Git", NEVER),
    row("kargo.akuity.io", &["Stage"], "commits to Git", NEVER),
    // https://open-cluster-management.io/docs/concepts/work-distribution/manifestwork/
    row("work.open-cluster-management.io", &["ManifestWork"], MANIFESTS, NEVER),
    // https://kubevela.io/docs/getting-started/core-concept/
    row("core.oam.dev", &["Application"], MANIFESTS, NEVER),
    // https://github.com/crossplane-contrib/provider-helm and provider-kubernetes; paused as managed resources are
    row("helm.crossplane.io", &["Release"], MANIFESTS, CROSSPLANE),
    row("helm.m.crossplane.io", &["Release"], MANIFESTS, CROSSPLANE),
    row("kubernetes.crossplane.io", &["Object"], MANIFESTS, CROSSPLANE),
    row("kubernetes.m.crossplane.io", &["Object"], MANIFESTS, CROSSPLANE),
    // https://openkruise.io/docs/user-manuals/cloneset, advancedstatefulset, uniteddeployment, advancedcronjob, broadcastjob
    row("apps.kruise.io", &["CloneSet", "StatefulSet", "UnitedDeployment"], PODS, REPLICAS),
    row("apps.kruise.io", &["AdvancedCronJob", "BroadcastJob"], PODS, PAUSED),
    row("apps.kruise.io", &["DaemonSet"], PODS, NEVER),
    // https://jobset.sigs.k8s.io/docs/reference/jobset.v1alpha2/ and
    // https://lws.sigs.k8s.io/docs/reference/leaderworkerset.v1/
    row("jobset.x-k8s.io", &["JobSet"], PODS, SUSPEND),
    row("leaderworkerset.x-k8s.io", &["LeaderWorkerSet"], PODS, REPLICAS),
    // https://github.com/project-codeflare/appwrapper/blob/main/api/v1beta2/appwrapper_types.go
    row("workload.codeflare.dev", &["AppWrapper"], PODS, SUSPEND),
    // https://www.kubeflow.org/docs/components/trainer/legacy-v1/ (RunPolicy.suspend) and trainer v2 (spec.suspend)
    row("kubeflow.org", &["JAXJob", "MPIJob", "PaddleJob", "PyTorchJob", "TFJob", "XGBoostJob"], PODS, RUN_POLICY),
    row("trainer.kubeflow.org", &["TrainJob"], PODS, SUSPEND),
    // STOP_ANNOTATION in https://github.com/kubeflow/kubeflow/blob/master/components/notebook-controller/pkg/culler/culler.go: whatever
    // its value
    row("kubeflow.org", &["Notebook"], PODS, NOTEBOOK),
    // https://www.kubeflow.org/docs/components/katib/user-guides/hp-tuning/configure-experiment/ and pipelines/user-guides/core-functions/
    row("kubeflow.org", &["Experiment", "ScheduledWorkflow", "Trial"], PODS, NEVER),
    // https://kubernetes.dask.org/en/latest/operator_resources.html
    row("kubernetes.dask.org", &["DaskCluster", "DaskJob"], PODS, NEVER),
    // https://ray-project.github.io/kuberay/reference/api/; a RayService has its own field in the newest versions only
    row("ray.io", &["RayCluster", "RayCronJob", "RayJob"], PODS, SUSPEND),
    row("ray.io", &["RayService"], PODS, NEVER),
    // https://github.com/kubeflow/spark-operator/blob/master/docs/api-docs.md
    row("sparkoperator.k8s.io", &["ScheduledSparkApplication", "SparkApplication"], PODS, SUSPEND),
    row("sparkoperator.k8s.io", &["SparkConnect"], PODS, NEVER),
    // https://apache.github.io/spark-kubernetes-operator/: a field in the newest versions only
    row("spark.apache.org", &["SparkApplication", "SparkCluster"], PODS, NEVER),
    // https://nightlies.apache.org/flink/flink-kubernetes-operator-docs-main/docs/custom-resource/job-management/; a session cluster has
    // no job to suspend
    row("flink.apache.org", &["FlinkDeployment", "FlinkSessionJob"], PODS, FLINK_JOB),
    row("flink.apache.org", &["FlinkBlueGreenDeployment"], PODS, NEVER),
    // https://github.com/volcano-sh/apis/blob/master/pkg/apis/batch/v1alpha1/job.go and flow/v1alpha1/jobflow_types.go
    row("batch.volcano.sh", &["CronJob"], PODS, SUSPEND),
    row("batch.volcano.sh", &["Job"], PODS, NEVER),
    row("flow.volcano.sh", &["JobFlow"], PODS, NEVER),
    // One that has begun cannot be made to wait: https://tekton.dev/docs/pipelines/pipelineruns/#pending-pipelineruns
    row("tekton.dev", &["CustomRun", "PipelineRun", "TaskRun"], PODS, NEVER),
    // https://strimzi.io/docs/operators/latest/configuring: no replicas are a cluster without Pods
    row("kafka.strimzi.io", &["KafkaConnect", "KafkaMirrorMaker", "KafkaMirrorMaker2"], PODS, REPLICAS),
    row("kafka.strimzi.io", &["KafkaConnector"], "moves records", &[(&["spec", "state"], Word::Text("stopped"))]),
    // https://docs.confluent.io/operator/current/co-manage-connectors.html and co-link-clusters.html
    row("platform.confluent.io", &["Connect"], PODS, NEVER),
    row("platform.confluent.io", &["ClusterLink", "Connector"], "moves records", NEVER),
    // https://github.com/debezium/debezium-operator
    row("debezium.io", &["DebeziumServer"], PODS, NEVER),
    // https://www.rabbitmq.com/kubernetes/operator/using-topology-operator
    row("rabbitmq.com", &["Federation", "Shovel"], "moves messages", NEVER),
    // https://numaflow.numaproj.io/user-guide/reference/pipeline-operations/
    row(
        "numaflow.numaproj.io",
        &["MonoVertex", "Pipeline"],
        "moves records",
        &[(&["spec", "lifecycle", "desiredPhase"], Word::Text("Paused"))],
    ),
    // https://github.com/temporalio/temporal-worker-controller: workers poll for tasks
    row("temporal.io", &["TemporalWorkerDeployment"], PODS, REPLICAS),
    // https://knative.dev/docs/eventing/sources/; only Kafka's has a number of consumers, which may be none
    row("sources.knative.dev", &["KafkaSource"], EVENTS, &[(&["spec", "consumers"], Word::Zero)]),
    row("sources.knative.dev", KNATIVE_SOURCES, EVENTS, NEVER),
    // https://docs.triggermesh.io/1.26/sources/awssqs/ and its neighbours
    row("sources.triggermesh.io", &[], EVENTS, NEVER),
    // https://fission.io/docs/usage/triggers/
    row("fission.io", &["KubernetesWatchTrigger", "MessageQueueTrigger", "TimeTrigger"], EVENTS, NEVER),
    // https://keda.sh/docs/2.19/concepts/cloudevents/
    row("eventing.keda.sh", &[], "sends events outside of the cluster", NEVER),
    // https://camel.apache.org/camel-k/latest/apis/camel-k.html
    row("camel.apache.org", &["Integration", "KameletBinding", "Pipe"], PODS, REPLICAS),
    // https://github.com/actions/actions-runner-controller; the fewest runners of a set cannot be more than the most
    row("actions.summerwind.dev", &["RunnerDeployment", "RunnerReplicaSet", "RunnerSet"], PODS, REPLICAS),
    row("actions.summerwind.dev", &["Runner"], PODS, NEVER),
    row(
        "actions.github.com",
        &["AutoscalingRunnerSet"],
        PODS,
        &[(&["spec", "maxRunners"], Word::Zero), (&["spec", "minRunners"], Word::Zero)],
    ),
    // https://grafana.com/docs/k6/latest/set-up/set-up-distributed-k6/
    row("k6.io", &["K6", "TestRun"], PODS, &[(&["spec", "paused"], Word::Text("true"))]),
    // https://github.com/AbdelrhmanHamouda/locust-k8s-operator
    row("locust.io", &["LocustTest"], PODS, NEVER),
    // https://agones.dev/site/docs/reference/fleet/ and gameserver/
    row("agones.dev", &["Fleet"], PODS, REPLICAS),
    row("agones.dev", &["GameServer"], PODS, NEVER),
    // https://docs.gitlab.com/runner/install/operator/ and https://jenkinsci.github.io/kubernetes-operator/docs/
    row("apps.gitlab.com", &["Runner"], PODS, NEVER),
    row("jenkins.io", &["Jenkins"], PODS, NEVER),
    // https://docs.stackable.tech/home/stable/concepts/operations/cluster_operations
    row("airflow.stackable.tech", &["AirflowCluster"], SCHEDULE, STACKABLE),
    row("nifi.stackable.tech", &["NifiCluster"], "moves records", STACKABLE),
    // https://github.com/litmuschaos/chaos-operator/blob/master/api/litmuschaos/v1alpha1/chaosengine_types.go
    row("litmuschaos.io", &["ChaosEngine"], HARM, &[(&["spec", "engineState"], Word::Text("stop"))]),
    // https://litmuschaos.github.io/litmus/experiments/concepts/chaos-resources/chaos-scheduler/state/
    row("litmuschaos.io", &["ChaosSchedule"], HARM, &[(&["spec", "scheduleState"], Word::Text("halt"))]),
    // https://chaosblade.io/en/docs/getting-started/installation-and-deployment/tool-chaosblade-install/
    row("chaosblade.io", &["ChaosBlade"], HARM, NEVER),
    // https://chaos-mesh.org/docs/run-a-chaos-experiment/#pause-or-resume-chaos-experiments-using-commands
    row(
        "chaos-mesh.org",
        &[],
        HARM,
        &[(&["metadata", "annotations", "experiment.chaos-mesh.org/pause"], Word::Text("true"))],
    ),
    // https://velero.io/docs/main/api-types/schedule/, backup/ and restore/
    row("velero.io", &["Schedule"], SCHEDULE, PAUSED),
    row("velero.io", &["Backup"], BUCKET, NEVER),
    row("velero.io", &["Restore"], MANIFESTS, NEVER),
    // https://cloudnative-pg.io/documentation/current/cloudnative-pg.v1/
    row("postgresql.cnpg.io", &["ScheduledBackup"], SCHEDULE, SUSPEND),
    row("postgresql.cnpg.io", &["Backup"], BUCKET, NEVER),
    // https://docs.percona.com/percona-operator-for-mongodb/backups-ondemand.html, and the same of its neighbours
    row("psmdb.percona.com", &["PerconaServerMongoDBBackup", "PerconaServerMongoDBRestore"], BUCKET, NEVER),
    row("pxc.percona.com", &["PerconaXtraDBClusterBackup", "PerconaXtraDBClusterRestore"], BUCKET, NEVER),
    row("ps.percona.com", &["PerconaServerMySQLBackup", "PerconaServerMySQLRestore"], BUCKET, NEVER),
    row("pgv2.percona.com", &["PerconaPGBackup", "PerconaPGRestore"], BUCKET, NEVER),
    // https://github.com/mariadb-operator/mariadb-operator/blob/main/docs/physical_backup.md and logical_backup.md
    row("k8s.mariadb.com", &["Backup", "PhysicalBackup"], BUCKET, NEVER),
    // https://stash.run/docs/latest/concepts/crds/backupconfiguration/ and https://kubestash.com/docs/latest/concepts/crds/backupconfiguration/
    row("stash.appscode.com", &["BackupBatch", "BackupConfiguration"], SCHEDULE, PAUSED),
    row("core.kubestash.com", &["BackupConfiguration"], SCHEDULE, PAUSED),
    // https://docs.kanister.io/architecture.html#actionsets and https://docs.kasten.io/latest/api/policies.html
    row("cr.kanister.io", &["ActionSet"], PODS, NEVER),
    row("config.kio.kasten.io", &["Policy"], SCHEDULE, NEVER),
    // https://longhorn.io/docs/latest/snapshots-and-backups/scheduling-backups-and-snapshots/
    row("longhorn.io", &["RecurringJob"], SCHEDULE, NEVER),
    // https://docs.k8up.io/k8up/references/api-reference.html
    row("k8up.io", &["Archive", "Backup", "Check", "Prune", "Restore", "Schedule"], SCHEDULE, NEVER),
    // https://volsync.readthedocs.io/en/stable/usage/index.html
    row("volsync.backube", &["ReplicationDestination", "ReplicationSource"], "copies volumes", PAUSED),
    // https://backube.github.io/snapscheduler/usage.html
    row("snapscheduler.backube", &["SnapshotSchedule"], SCHEDULE, &[(&["spec", "disabled"], Word::True)]),
    // https://kube-green.dev/docs/configuration/
    row("kube-green.com", &["SleepInfo"], "stops and starts workloads on a schedule", NEVER),
    // https://aws-controllers-k8s.github.io/community/reference/
    row(".services.k8s.aws", &[], OUTSIDE, NEVER),
    row("services.k8s.aws", &["AdoptedResource"], OUTSIDE, NEVER),
    // https://docs.crossplane.io/latest/managed-resources/managed-resources/#paused, of the families of providers for AWS
    row(".aws.upbound.io", &[], OUTSIDE, CROSSPLANE),
    row(".aws.m.upbound.io", &[], OUTSIDE, CROSSPLANE),
    row(".aws.crossplane.io", &[], OUTSIDE, CROSSPLANE),
    row("tf.upbound.io", &["Workspace"], OUTSIDE, CROSSPLANE),
    row("opentofu.upbound.io", &["Workspace"], OUTSIDE, CROSSPLANE),
    // https://docs.crossplane.io/latest/operations/cronoperation/ and watchoperation/
    row("ops.crossplane.io", &["CronOperation", "WatchOperation"], SCHEDULE, SUSPEND),
    // All other providers, of databases, Git, monitoring: https://marketplace.upbound.io/providers
    row(".upbound.io", &[], OUTSIDE, CROSSPLANE),
    row(".crossplane.io", &[], OUTSIDE, CROSSPLANE),
    // https://flux-iac.github.io/tofu-controller/References/terraform/
    row("infra.contrib.fluxcd.io", &["Terraform"], OUTSIDE, SUSPEND),
    // https://developer.hashicorp.com/terraform/cloud-docs/integrations/kubernetes
    row("app.terraform.io", &[], OUTSIDE, NEVER),
    // https://www.pulumi.com/docs/iac/using-pulumi/continuous-delivery/pulumi-kubernetes-operator/
    row("pulumi.com", &["Stack"], OUTSIDE, NEVER),
    // https://www.mongodb.com/docs/atlas/operator/current/ak8so-annotations/
    row(
        "atlas.mongodb.com",
        &[],
        OUTSIDE,
        &[(&["metadata", "annotations", "mongodb.com/atlas-reconciliation-policy"], Word::Text("skip"))],
    ),
    // https://github.com/DataDog/datadog-operator/tree/main/docs: what is kept at Datadog, and not its agents
    row(
        "datadoghq.com",
        &["DatadogDashboard", "DatadogGenericResource", "DatadogMonitor", "DatadogSLO"],
        OUTSIDE,
        NEVER,
    ),
    // https://aiven.github.io/aiven-operator/
    row("aiven.io", &[], OUTSIDE, NEVER),
    // https://github.com/movetokube/postgres-operator: in a server that is there
    row("db.movetokube.com", &["Postgres", "PostgresUser"], OUTSIDE, NEVER),
    // https://atlasgo.io/integrations/kubernetes and https://schemahero.io/docs/managing-tables/
    row("db.atlasgo.io", &["AtlasMigration", "AtlasSchema"], SCHEMA, NEVER),
    row("schemas.schemahero.io", &["Migration", "Table"], SCHEMA, NEVER),
    // https://github.com/keikoproj/iam-manager
    row("iammanager.keikoproj.io", &["Iamrole"], OUTSIDE, NEVER),
    // https://cluster-api.sigs.k8s.io/developer/providers/contracts/infra-cluster#infracluster-pausing: whatever its value
    row(
        "cluster.x-k8s.io",
        &[],
        OUTSIDE,
        &[(&["metadata", "annotations", "cluster.x-k8s.io/paused"], Word::Text("true"))],
    ),
    row(
        ".cluster.x-k8s.io",
        &[],
        OUTSIDE,
        &[(&["metadata", "annotations", "cluster.x-k8s.io/paused"], Word::Text("true"))],
    ),
    // https://external-secrets.io/latest/api/pushsecret/: what reads secrets only is not here
    row("external-secrets.io", &["ClusterPushSecret", "PushSecret"], "writes secrets outside of the cluster", NEVER),
];
