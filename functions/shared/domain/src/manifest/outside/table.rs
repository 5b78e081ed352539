//! Who makes what outside of the cluster, as the documents of each controller say.

/// Controllers of `IngressClass` that make a load balancer in AWS.
pub(super) const INGRESS: [(&str, &str); 5] = [
    // IngressClassControllerALB in https://github.com/kubernetes-sigs/aws-load-balancer-controller/blob/main/pkg/ingress/class_loader.go
    ("ingress.k8s.aws/alb", ALB),
    // https://docs.aws.amazon.com/eks/latest/userguide/auto-configure-alb.html
    ("eks.amazonaws.com/alb", ALB),
    // https://ngrok.com/docs/getting-started/kubernetes/ingress, https://tailscale.com/kb/1439/kubernetes-operator-cluster-ingress and
    // https://github.com/STRRL/cloudflare-tunnel-ingress-controller
    ("k8s.ngrok.com/ingress-controller", TUNNEL),
    ("tailscale.com/ts-ingress", TUNNEL),
    ("strrl.dev/cloudflare-tunnel-ingress-controller", TUNNEL),
];

/// Controllers of `GatewayClass` that make a load balancer in AWS, by themselves or by a Service of type LoadBalancer a Gateway.
pub(super) const GATEWAY: [(&str, &str); 12] = [
    // https://github.com/kubernetes-sigs/aws-load-balancer-controller/blob/main/pkg/gateway/constants/controller_constants.go
    ("gateway.k8s.aws/alb", ALB),
    ("gateway.k8s.aws/nlb", "makes a Network Load Balancer"),
    // LatticeGatewayControllerName in https://github.com/aws/aws-application-networking-k8s/blob/main/pkg/config/controller_config.go
    ("application-networking.k8s.aws/gateway-api-controller", "makes a service network of VPC Lattice"),
    // https://gateway.envoyproxy.io/docs/tasks/operations/customize-envoyproxy/
    ("gateway.envoyproxy.io/gatewayclass-controller", BY_SERVICE),
    // https://istio.io/latest/docs/tasks/traffic-management/ingress/gateway-api/#automated-deployment
    ("istio.io/gateway-controller", BY_SERVICE),
    // https://docs.cilium.io/en/stable/network/servicemesh/gateway-api/gateway-api/
    ("io.cilium/gateway-controller", BY_SERVICE),
    // https://projectcontour.io/docs/main/guides/gateway-api/
    ("projectcontour.io/gateway-controller", BY_SERVICE),
    // https://docs.nginx.com/nginx-gateway-fabric/
    ("gateway.nginx.org/nginx-gateway-controller", BY_SERVICE),
    // GatewayControllerName in https://github.com/kgateway-dev/kgateway/blob/main/internal/kgateway/wellknown/controller.go, and of the
    // proxy that came out of it
    ("kgateway.dev/kgateway", BY_SERVICE),
    ("agentgateway.dev/agentgateway", BY_SERVICE),
    // https://docs.solo.io/gateway/latest/ and https://developer.konghq.com/operator/dataplanes/get-started/kic/create-gateway/
    ("solo.io/gloo-gateway", BY_SERVICE),
    ("konghq.com/gateway-operator", BY_SERVICE),
];

/// Classes that a controller or a chart makes itself under this name, for bundles that lack them.
pub(super) const CUSTOMARY: [(&str, &str); 4] = [
    ("alb", "ingress.k8s.aws/alb"),
    ("amazon-vpc-lattice", "application-networking.k8s.aws/gateway-api-controller"),
    ("istio", "istio.io/gateway-controller"),
    ("cilium", "io.cilium/gateway-controller"),
];

const ALB: &str = "makes an Application Load Balancer";
pub(super) const BY_SERVICE: &str = "makes a Service of type LoadBalancer";
const NODES: &str = "makes nodes outside of managed node groups, which Bascule does not move yet";
const LATTICE: &str = "makes resources of VPC Lattice, which Bascule does not know";
const TARGETS: &str =
    "would register green's Pods in a target group of blue, which would send them requests before anybody approved";
const RECORDS: &str = "makes DNS records: a controller of them on green would take the names before anybody approved";
const TUNNEL: &str =
    "makes an endpoint of a tunnel, by which requests from outside would reach green before anybody approved";
const SNAPSHOTS: &str = "makes snapshots of volumes, which Bascule does not move";

/// A group, or its end where it begins with a dot; kinds, all where there is none; what is made.
type Maker = ((&'static str, &'static [&'static str]), &'static str);

/// Custom resources whose controllers make something outside of the cluster that is left behind, or that takes what is blue's.
pub(super) const MAKERS: &[Maker] = &[
    // https://kubernetes-sigs.github.io/aws-load-balancer-controller/latest/guide/targetgroupbinding/targetgroupbinding/ and
    // https://docs.aws.amazon.com/eks/latest/userguide/auto-configure-nlb.html
    (("elbv2.k8s.aws", &["TargetGroupBinding"]), TARGETS),
    (("eks.amazonaws.com", &["TargetGroupBinding"]), TARGETS),
    // https://kubernetes-sigs.github.io/aws-load-balancer-controller/latest/guide/globalaccelerator/aga-controller/
    (
        ("aga.k8s.aws", &["GlobalAccelerator"]),
        "makes an accelerator of AWS Global Accelerator, which Bascule does not know",
    ),
    // https://www.gateway-api-controller.eks.aws.dev/latest/api-reference/
    (
        (
            "application-networking.k8s.aws",
            &["AccessLogPolicy", "IAMAuthPolicy", "ServiceExport", "ServiceNetwork", "VpcAssociationPolicy"],
        ),
        LATTICE,
    ),
    // Nodes that no NodePool of the bundles makes, https://karpenter.sh/docs/concepts/nodeclaims/, and the kinds before v1beta1,
    // https://karpenter.sh/v0.32/upgrading/v1beta1-migration/
    (("karpenter.sh", &["Machine", "NodeClaim", "Provisioner"]), NODES),
    (("karpenter.k8s.aws", &["AWSNodeTemplate"]), NODES),
    // https://github.com/keikoproj/instance-manager
    (("instancemgr.keikoproj.io", &["InstanceGroup"]), NODES),
    // https://kubernetes-sigs.github.io/external-dns/latest/docs/sources/crd/
    (("externaldns.k8s.io", &["DNSEndpoint"]), RECORDS),
    // The same of NGINX's controller, for external-dns: https://docs.nginx.com/nginx-ingress-controller/configuration/global-configuration/
    (("externaldns.nginx.org", &["DNSEndpoint"]), RECORDS),
    // https://gardener.github.io/external-dns-management/, https://docs.kuadrant.io/latest/dns-operator/ and https://www.k8gb.io/
    (("dns.gardener.cloud", &["DNSEntry"]), RECORDS),
    (("kuadrant.io", &["DNSPolicy", "DNSRecord"]), RECORDS),
    (("k8gb.absa.oss", &["Gslb"]), RECORDS),
    (("k8gb.io", &["Gslb"]), RECORDS),
    // https://github.com/aws/aws-cloud-map-mcs-controller-for-k8s
    (
        ("multicluster.x-k8s.io", &["ServiceExport"]),
        "would give green's Pods to the callers of blue's exported Service before anybody approved",
    ),
    // https://github.com/adyanth/cloudflare-operator and https://ngrok.com/docs/k8s/crds
    (("networking.cfargotunnel.com", &["ClusterTunnel", "Tunnel", "TunnelBinding"]), TUNNEL),
    (("ngrok.k8s.ngrok.com", &["AgentEndpoint", "CloudEndpoint"]), TUNNEL),
    // https://aws.github.io/aws-app-mesh-controller-for-k8s/reference/api_spec/
    (("appmesh.k8s.aws", &[]), "makes resources of AWS App Mesh, which Bascule does not know"),
    // https://kubernetes.io/docs/concepts/storage/volume-snapshots/
    (("snapshot.storage.k8s.io", &["VolumeSnapshot", "VolumeSnapshotContent"]), SNAPSHOTS),
    (("groupsnapshot.storage.k8s.io", &["VolumeGroupSnapshot", "VolumeGroupSnapshotContent"]), SNAPSHOTS),
];

/// Custom resources whose controllers make volumes without a word of Kubernetes in them, or by default.
pub(super) const MAKERS_OF_VOLUMES: &[(&str, &[&str])] = &[
    // https://cloudnative-pg.io/documentation/current/storage/
    ("postgresql.cnpg.io", &["Cluster"]),
    // https://www.enterprisedb.com/docs/postgres_for_kubernetes/latest/storage/
    ("postgresql.k8s.enterprisedb.io", &["Cluster"]),
    // https://stackgres.io/doc/latest/reference/crd/sgcluster/
    ("stackgres.io", &["SGCluster", "SGShardedCluster"]),
    // https://postgres-operator.readthedocs.io/en/latest/reference/cluster_manifest/#volume-properties
    ("acid.zalan.do", &["postgresql"]),
    // https://www.rabbitmq.com/kubernetes/operator/using-operator#persistence
    ("rabbitmq.com", &["RabbitmqCluster"]),
    // https://www.elastic.co/docs/deploy-manage/deploy/cloud-on-k8s/volume-claim-templates: 1 GiB for each Pod where nothing is said
    ("elasticsearch.k8s.elastic.co", &["Elasticsearch"]),
    // https://github.com/mongodb/mongodb-kubernetes/tree/master/docs
    ("mongodbcommunity.mongodb.com", &["MongoDBCommunity"]),
    ("mongodb.com", &["MongoDB", "MongoDBMultiCluster", "MongoDBOpsManager"]),
    // https://dev.mysql.com/doc/mysql-operator/en/mysql-operator-properties.html
    ("mysql.oracle.com", &["InnoDBCluster"]),
    // https://github.com/mariadb-operator/mariadb-operator/blob/main/docs/storage.md
    ("k8s.mariadb.com", &["MariaDB"]),
    // https://operator.docs.scylladb.com/stable/reference/api/groups/scylla.scylladb.com/scyllaclusters.html
    ("scylla.scylladb.com", &["ScyllaCluster", "ScyllaDBDatacenter"]),
    // https://docs.confluent.io/operator/current/co-storage.html (dataVolumeCapacity)
    ("platform.confluent.io", &["ControlCenter", "KRaftController", "Kafka", "KsqlDB", "Zookeeper"]),
    // https://docs.redpanda.com/current/manage/kubernetes/storage/k-configure-storage/
    ("cluster.redpanda.com", &["Redpanda"]),
    // https://docs.pingcap.com/tidb-in-kubernetes/stable/configure-storage-class/
    ("pingcap.com", &["DMCluster", "TidbCluster"]),
    // https://docs.opensearch.org/latest/install-and-configure/install-opensearch/operator/ (diskSize)
    ("opensearch.opster.io", &["OpenSearchCluster"]),
    // https://infinispan.org/docs/infinispan-operator/main/operator.html#configuring-persistent-storage_storage: 1 GiB where nothing is said
    ("infinispan.org", &["Infinispan"]),
    // https://arangodb.github.io/kube-arangodb/docs/api/ArangoDeployment.V1.html: 8 GiB where nothing is said
    ("database.arangodb.com", &["ArangoDeployment"]),
    // https://github.com/pravega/zookeeper-operator (storageType)
    ("zookeeper.pravega.io", &["ZookeeperCluster"]),
    // https://docs.streamnative.io/operator/
    ("bookkeeper.streamnative.io", &["BookKeeperCluster"]),
    ("zookeeper.streamnative.io", &["ZooKeeperCluster"]),
    // https://docs.yugabyte.com/stable/deploy/kubernetes/
    ("yugabyte.com", &["YBCluster"]),
    // https://docs.stackable.tech/home/stable/ (config.resources.storage)
    ("hdfs.stackable.tech", &["HdfsCluster"]),
    ("kafka.stackable.tech", &["KafkaCluster"]),
    ("nifi.stackable.tech", &["NifiCluster"]),
    ("zookeeper.stackable.tech", &["ZookeeperCluster"]),
    // https://docs.singlestore.com/db/latest/reference/singlestore-operator-reference/ (storageGB)
    ("memsql.com", &["MemsqlCluster"]),
    // https://redis.io/docs/latest/operate/kubernetes/reference/redis_enterprise_cluster_api/ (persistentSpec)
    ("app.redislabs.com", &["RedisEnterpriseCluster"]),
    // https://loki-operator.dev/docs/api.md/ and https://grafana.com/docs/tempo/latest/set-up-for-tracing/setup-tempo/deploy/kubernetes/operator/
    ("loki.grafana.com", &["LokiStack"]),
    ("tempo.grafana.com", &["TempoStack"]),
    // https://kubevirt.io/user-guide/storage/containerized_data_importer/
    ("cdi.kubevirt.io", &["DataVolume"]),
];

/// Custom resources that describe others and make nothing themselves.
pub(super) const DESCRIPTIONS: &[(&str, &[&str])] = &[
    // https://kyverno.io/docs/policy-types/ and https://open-policy-agent.github.io/gatekeeper/website/docs/
    ("kyverno.io", &[]),
    ("policies.kyverno.io", &[]),
    ("templates.gatekeeper.sh", &[]),
    ("mutations.gatekeeper.sh", &[]),
    // https://docs.crossplane.io/latest/composition/ and https://kro.run/docs/concepts/rgd/overview
    ("apiextensions.crossplane.io", &[]),
    ("kro.run", &["ResourceGraphDefinition"]),
    // https://argo-workflows.readthedocs.io/en/latest/workflow-templates/
    ("argoproj.io", &["ClusterWorkflowTemplate", "WorkflowTemplate"]),
    // https://www.kubeflow.org/docs/components/trainer/operator-guides/runtime/
    ("trainer.kubeflow.org", &["ClusterTrainingRuntime", "TrainingRuntime"]),
];
