use super::*;
use serde_json::json;

fn object(api_version: &str, kind: &str, name: &str, spec: &Value) -> Object {
    let value = json!({ "apiVersion": api_version, "kind": kind, "metadata": { "name": name }, "spec": spec });
    Object::new(1, 1, value).unwrap()
}

fn class(name: &str, controller: &str) -> Object {
    object("networking.k8s.io/v1", "IngressClass", name, &json!({ "controller": controller }))
}

fn ingress(spec: &Value) -> Object {
    object("networking.k8s.io/v1", "Ingress", "i", spec)
}

#[test]
fn an_ingress_makes_what_the_controller_of_its_class_makes() {
    let mut default = class("inner", "ingress.k8s.aws/alb");
    default.value["metadata"]["annotations"] = json!({ "ingressclass.kubernetes.io/is-default-class": "true" });
    for (classes, ingress_class, made) in [
        (vec![class("inner", "ingress.k8s.aws/alb")], json!({ "ingressClassName": "inner" }), true),
        (vec![class("inner", "eks.amazonaws.com/alb")], json!({ "ingressClassName": "inner" }), true),
        (vec![class("alb", "traefik.io/ingress-controller")], json!({ "ingressClassName": "alb" }), false),
        (vec![], json!({ "ingressClassName": "alb" }), true),
        (vec![], json!({}), false),
        (vec![default.clone()], json!({}), true),
        (vec![default], json!({ "ingressClassName": "nginx" }), false),
    ] {
        let found = made_for(&ingress(&ingress_class), &Controllers::of(classes.iter()));
        assert_eq!(found.is_some(), made, "{ingress_class} {classes:?}");
    }
}

#[test]
fn a_gateway_makes_what_the_controller_of_its_class_makes() {
    let class = |controller: &str| {
        object("gateway.networking.k8s.io/v1", "GatewayClass", "c", &json!({ "controllerName": controller }))
    };
    let gateway = object("gateway.networking.k8s.io/v1", "Gateway", "g", &json!({ "gatewayClassName": "c" }));
    for (controller, made) in [
        ("gateway.k8s.aws/nlb", true),
        ("application-networking.k8s.aws/gateway-api-controller", true),
        ("istio.io/gateway-controller", true),
        ("traefik.io/gateway-controller", false),
    ] {
        assert_eq!(made_for(&gateway, &Controllers::of([class(controller)].iter())).is_some(), made, "{controller}");
    }
    let mut inner = gateway;
    inner.value["metadata"]["annotations"] = json!({ "networking.istio.io/service-type": "ClusterIP" });
    assert_eq!(made_for(&inner, &Controllers::of([class("istio.io/gateway-controller")].iter())), None);
}

#[test]
fn custom_resources_make_resources_of_aws_records_and_volumes() {
    let claim = json!({ "spec": { "resources": { "requests": { "storage": "1Gi" } } } });
    for (api_version, kind, spec, made) in [
        ("s3.aws.upbound.io/v1beta1", "Bucket", json!({}), true),
        ("ec2.aws.crossplane.io/v1", "VPC", json!({}), true),
        ("rds.services.k8s.aws/v1alpha1", "DBInstance", json!({}), true),
        ("infrastructure.cluster.x-k8s.io/v1beta2", "AWSMachinePool", json!({}), true),
        ("external-secrets.io/v1", "PushSecret", json!({}), true),
        ("external-secrets.io/v1", "ExternalSecret", json!({}), false),
        ("externaldns.k8s.io/v1alpha1", "DNSEndpoint", json!({}), true),
        ("monitoring.coreos.com/v1", "Prometheus", json!({ "storage": { "volumeClaimTemplate": claim } }), true),
        ("monitoring.coreos.com/v1", "Prometheus", json!({ "replicas": 2 }), false),
        ("monitoring.coreos.com/v1", "Prometheus", json!({ "storage": { "emptyDir": {} } }), false),
        (
            "elasticsearch.k8s.elastic.co/v1",
            "Elasticsearch",
            json!({ "nodeSets": [{ "volumeClaimTemplates": [claim] }] }),
            true,
        ),
        ("kafka.strimzi.io/v1", "KafkaNodePool", json!({ "storage": { "type": "persistent-claim" } }), true),
        ("operator.victoriametrics.com/v1beta1", "VMSingle", json!({ "storage": claim["spec"] }), true),
        ("postgresql.cnpg.io/v1", "Cluster", json!({}), true),
        ("karpenter.sh/v1", "NodePool", json!({}), true),
        ("traefik.io/v1alpha1", "IngressRoute", json!({ "routes": [] }), false),
    ] {
        let found = made_for(&object(api_version, kind, "x", &spec), &Controllers::default());
        assert_eq!(found.is_some(), made, "{api_version} {kind} {spec}: {found:?}");
    }
}
