//! Settings of the Kubernetes components of a control plane. Those that are Kubernetes' own defaults are neither read nor sent, so
//! that a cluster on which nobody set anything is created as before EKS had these settings.

use aws_sdk_eks::types::{
    Cluster, HorizontalPodAutoscalerControllerConfigRequest, KubeApiServerConfigRequest,
    KubeControllerManagerConfigRequest, KubeSchedulerConfigRequest, NodeResourcesFitConfig,
    PodGcControllerConfigRequest, ResourceWeight, ScoringStrategy, ScoringStrategyType, ServiceNodePortRange,
};
use domain::plan::compute::Components;

/// The defaults of <https://kubernetes.io/docs/reference/command-line-tools-reference/kube-apiserver/> and
/// <https://kubernetes.io/docs/reference/command-line-tools-reference/kube-controller-manager/>.
const NODE_PORTS: (i32, i32) = (30_000, 32_767);
const EVENT_TTL: [&str; 3] = ["1h", "1h0m0s", "60m"];
const ENDED_PODS: i32 = 12_500;
const AUTOSCALER_PERIOD: [&str; 2] = ["15s", "0m15s"];
/// Of <https://kubernetes.io/docs/reference/config-api/kube-scheduler-config.v1/>: by cpu and memory, both with the weight 1.
const SCORING: &str = "LeastAllocated";

pub(super) fn read(cluster: &Cluster) -> Components {
    let server = cluster.kube_api_server_config();
    let manager = cluster.kube_controller_manager_config();
    let scoring = cluster
        .kube_scheduler_config()
        .and_then(|scheduler| scheduler.node_resources_fit())
        .and_then(|fit| fit.scoring_strategy());
    let weight =
        |resource: &ResourceWeight| (resource.name().unwrap_or_default().to_owned(), resource.weight().unwrap_or(1));
    Components {
        node_ports: server
            .and_then(|server| server.service_node_port_range())
            .map(|range| (range.min_port(), range.max_port()))
            .filter(|range| *range != NODE_PORTS),
        event_ttl: server
            .and_then(|server| server.event_ttl())
            .filter(|ttl| !EVENT_TTL.contains(ttl))
            .map(ToOwned::to_owned),
        scoring: scoring
            .map(|scoring| {
                let strategy = scoring.r#type().map_or(SCORING, ScoringStrategyType::as_str).to_owned();
                (strategy, scoring.resources().iter().map(weight).collect::<Vec<_>>())
            })
            .filter(|(strategy, weights)| {
                strategy != SCORING || weights.iter().any(|(name, weight)| !is_default(name, *weight))
            }),
        ended_pods: manager
            .and_then(|manager| manager.pod_gc_controller_config())
            .and_then(|config| config.terminated_pod_gc_threshold())
            .filter(|count| *count != ENDED_PODS),
        autoscaler_period: manager
            .and_then(|manager| manager.horizontal_pod_autoscaler_controller_config())
            .and_then(|config| config.horizontal_pod_autoscaler_sync_period())
            .filter(|period| !AUTOSCALER_PERIOD.contains(period))
            .map(ToOwned::to_owned),
    }
}

fn is_default(resource: &str, weight: i32) -> bool {
    matches!(resource, "cpu" | "memory") && weight == 1
}

pub(super) fn api_server(components: &Components) -> Option<KubeApiServerConfigRequest> {
    let range = components.node_ports;
    let range = range.map(|(first, last)| ServiceNodePortRange::builder().min_port(first).max_port(last).build());
    let set = components.event_ttl.is_some() || range.is_some();
    let request = KubeApiServerConfigRequest::builder().set_event_ttl(components.event_ttl.clone());
    set.then(|| request.set_service_node_port_range(range).build())
}

pub(super) fn scheduler(components: &Components) -> Option<KubeSchedulerConfigRequest> {
    let (strategy, weights) = components.scoring.as_ref()?;
    let weights = weights.iter().map(|(name, weight)| ResourceWeight::builder().name(name).weight(*weight).build());
    let strategy = ScoringStrategy::builder()
        .r#type(ScoringStrategyType::from(strategy.as_str()))
        .set_resources(Some(weights.collect::<Vec<_>>()).filter(|weights| !weights.is_empty()))
        .build();
    let fit = NodeResourcesFitConfig::builder().scoring_strategy(strategy).build();
    Some(KubeSchedulerConfigRequest::builder().node_resources_fit(fit).build())
}

pub(super) fn controller_manager(components: &Components) -> Option<KubeControllerManagerConfigRequest> {
    if components.ended_pods.is_none() && components.autoscaler_period.is_none() {
        return None;
    }
    let ended = components
        .ended_pods
        .map(|count| PodGcControllerConfigRequest::builder().terminated_pod_gc_threshold(count).build());
    let period = components.autoscaler_period.as_ref().map(|period| {
        HorizontalPodAutoscalerControllerConfigRequest::builder().horizontal_pod_autoscaler_sync_period(period).build()
    });
    Some(
        KubeControllerManagerConfigRequest::builder()
            .set_pod_gc_controller_config(ended)
            .set_horizontal_pod_autoscaler_controller_config(period)
            .build(),
    )
}
