//! API Gateway.

use super::{Gate, Road, document};
use domain::PhaseError;
use domain::Tags;
use domain::plan::edge::{Api, BasePath, Canary, Connection, Stage, UsagePlan, VpcLink};
use domain::ports::gateway::{ApiKey, Deployment, Method, Patch};
use domain::ports::probes::{Answered, Probe};
use domain::ports::{Apis, Probes, Stages, UsagePlans, VpcLinks};
use serde_json::Value;
use std::collections::BTreeMap;

fn key(api: &str, name: &str) -> (String, String) {
    (api.to_owned(), name.to_owned())
}

/// infra/template.yaml allows changes and the deletion of an API that carries the tag of a temporary one, and of no other.
fn may_change(road: &Road, api: &str) -> Result<(), PhaseError> {
    let side = |found: &Api| found.tags.get("bascule:side").cloned().unwrap_or_default();
    match road.apis.get(api).map(side) {
        Some(side) if side != "temporary" => Err(PhaseError::denied(format!("the API {api} is no temporary one"))),
        _ => Ok(()),
    }
}

impl Apis for Gate {
    async fn api(&self, id: &str) -> Result<Option<Api>, PhaseError> {
        self.read(|road| road.apis.get(id).cloned())
    }

    async fn apis(&self) -> Result<Vec<Api>, PhaseError> {
        self.read(|road| road.apis.values().cloned().collect())
    }

    async fn methods(&self, api: &str) -> Result<Vec<Method>, PhaseError> {
        self.read(|road| road.methods.get(api).cloned().unwrap_or_default())
    }

    async fn authorizers(&self, _: &str) -> Result<usize, PhaseError> {
        self.read(|_| 0)
    }

    async fn export(&self, api: &str, stage: &str) -> Result<Value, PhaseError> {
        let found = self.read(|road| {
            let found = road.stages.get(&key(api, stage))?;
            let (_, methods) = road.deployments.get(&key(api, &found.deployment_id))?;
            Some(document::write(road.apis.get(api)?, stage, methods))
        })?;
        found.ok_or_else(|| PhaseError::refused(format!("no stage {stage} of {api}")))
    }

    async fn import(&self, document: &Value, endpoint_type: &str) -> Result<String, PhaseError> {
        self.change(|road| {
            let id = road.next("api-");
            let api = Api {
                id: id.clone(),
                name: document::title(document),
                endpoint_type: endpoint_type.to_owned(),
                api_key_source: "HEADER".to_owned(),
                ..Api::default()
            };
            road.methods.insert(id.clone(), document::import(document, &id));
            road.apis.insert(id.clone(), api);
            Ok(id)
        })
    }

    async fn overwrite(&self, api: &str, document: &Value) -> Result<(), PhaseError> {
        self.change(|road| {
            let found = road.apis.get_mut(api).ok_or_else(|| PhaseError::refused("no such API"))?;
            *found = Api {
                name: document::title(document),
                api_key_source: "HEADER".to_owned(),
                binary_media_types: Vec::new(),
                minimum_compression_size: None,
                policy: None,
                ..found.clone()
            };
            road.methods.insert(api.to_owned(), document::import(document, api));
            Ok(())
        })
    }

    async fn update_api(&self, api: &str, patches: &[Patch]) -> Result<(), PhaseError> {
        self.change(|road| {
            may_change(road, api)?;
            let found = road.apis.get_mut(api).ok_or_else(|| PhaseError::refused("no such API"))?;
            for patch in patches {
                match patch {
                    Patch::Add(path, _) if path.starts_with("/binaryMediaTypes/") => {
                        let name = path.trim_start_matches("/binaryMediaTypes/").replace("~1", "/");
                        found.binary_media_types.push(name);
                    }
                    Patch::Replace(path, value) if path == "/minimumCompressionSize" => {
                        found.minimum_compression_size = value.parse().ok();
                    }
                    other => return Err(PhaseError::refused(format!("{other:?} is no patch of an API"))),
                }
            }
            Ok(())
        })
    }

    async fn tag(&self, api: &str, tags: &Tags) -> Result<(), PhaseError> {
        self.change(|road| {
            let found = road.apis.get_mut(api).ok_or_else(|| PhaseError::refused("no such API"))?;
            found.tags.extend(tags.clone());
            Ok(())
        })
    }

    async fn delete_api(&self, api: &str) -> Result<(), PhaseError> {
        self.change(|road| {
            may_change(road, api)?;
            road.apis.remove(api);
            road.methods.remove(api);
            road.deployments.retain(|(of, _), _| of != api);
            road.stages.retain(|(of, _), _| of != api);
            Ok(())
        })
    }

    async fn connect(&self, api: &str, resource: &str, method: &str, link: &str) -> Result<(), PhaseError> {
        self.change(|road| {
            let methods = road.methods.get_mut(api).into_iter().flatten();
            let mut found = methods.filter(|found| found.resource_id == resource && found.method == method);
            let found = found.next().and_then(|method| method.integration.as_mut());
            let found = found.ok_or_else(|| PhaseError::conflict("no such integration"))?;
            found.connection = Connection::VpcLink(link.to_owned());
            Ok(())
        })
    }

    async fn base_paths(&self) -> Result<Vec<BasePath>, PhaseError> {
        self.read(|road| road.base_paths.clone())
    }
}

impl Stages for Gate {
    async fn stage(&self, api: &str, name: &str) -> Result<Option<Stage>, PhaseError> {
        self.read(|road| road.stages.get(&key(api, name)).cloned())
    }

    async fn stages(&self, api: &str) -> Result<Vec<Stage>, PhaseError> {
        self.read(|road| road.stages.iter().filter(|((of, _), _)| of == api).map(|(_, stage)| stage.clone()).collect())
    }

    async fn create_stage(&self, api: &str, stage: &Stage) -> Result<(), PhaseError> {
        self.change(|road| {
            if !road.deployments.contains_key(&key(api, &stage.deployment_id)) {
                return Err(PhaseError::refused("Deployment id does not exist"));
            }
            if road.stages.insert(key(api, &stage.name), stage.clone()).is_some() {
                return Err(PhaseError::refused("Stage already exists"));
            }
            Ok(())
        })
    }

    async fn update_stage(&self, api: &str, name: &str, patches: &[Patch]) -> Result<(), PhaseError> {
        self.change(|road| {
            road.stage_calls.push((name.to_owned(), patches.to_vec()));
            let stage = road.stages.get_mut(&key(api, name)).ok_or_else(|| PhaseError::refused("no such stage"))?;
            for patch in patches {
                match patch {
                    Patch::Replace(path, value) if path == "/deploymentId" => stage.deployment_id.clone_from(value),
                    Patch::Replace(path, value) if path == "/canarySettings/deploymentId" => {
                        stage.canary = Some(Canary { deployment_id: value.clone(), percent: 0.0 });
                    }
                    Patch::Replace(path, value) if path == "/canarySettings/percentTraffic" => {
                        let canary = stage.canary.as_mut().ok_or_else(|| PhaseError::refused("no canary"))?;
                        canary.percent = value.parse().map_err(|_| PhaseError::refused("no number"))?;
                    }
                    Patch::Remove(path) if path == "/canarySettings" => {
                        stage.canary.take().ok_or_else(|| PhaseError::conflict("Cannot remove method setting"))?;
                    }
                    other => return Err(PhaseError::refused(format!("{other:?} is no patch of a stage"))),
                }
            }
            Ok(())
        })
    }

    async fn delete_stage(&self, api: &str, name: &str) -> Result<(), PhaseError> {
        self.change(|road| {
            road.stages.remove(&key(api, name));
            Ok(())
        })
    }

    async fn deployments(&self, api: &str) -> Result<Vec<Deployment>, PhaseError> {
        self.read(|road| {
            let of = road.deployments.iter().filter(|((of, _), _)| of == api);
            of.map(|(_, (deployment, _))| deployment.clone()).collect()
        })
    }

    async fn create_deployment(&self, api: &str, description: &str) -> Result<String, PhaseError> {
        self.change(|road| {
            let methods = road.methods.get(api).cloned().unwrap_or_default();
            for link in methods.iter().filter_map(link_of) {
                if road.links.get(&link).is_none_or(|link| link.status != "AVAILABLE") {
                    return Err(PhaseError::conflict(format!("Vpc link '{link}' is not AVAILABLE")));
                }
            }
            let id = road.next("deployment-");
            let deployment = Deployment { id: id.clone(), description: description.to_owned(), created: String::new() };
            road.deployments.insert(key(api, &id), (deployment, methods));
            Ok(id)
        })
    }

    async fn delete_deployment(&self, api: &str, id: &str) -> Result<(), PhaseError> {
        self.change(|road| {
            let uses = |stage: &Stage| {
                stage.deployment_id == id || stage.canary.as_ref().is_some_and(|canary| canary.deployment_id == id)
            };
            if road.stages.iter().any(|((of, _), stage)| of == api && uses(stage)) {
                return Err(PhaseError::conflict("Active stages pointing to this deployment must be moved or deleted"));
            }
            road.deployments.remove(&key(api, id));
            Ok(())
        })
    }
}

/// The link that a method names by its id.
fn link_of(method: &Method) -> Option<String> {
    method.integration.as_ref()?.connection.vpc_link(&BTreeMap::new())
}

/// What refers to a link: the configurations, and what stages serve.
fn referred_to(road: &Road, link: &str) -> bool {
    let uses = |methods: &[Method]| methods.iter().filter_map(link_of).any(|id| id == link);
    let served = road.stages.iter().flat_map(|((api, _), stage)| {
        let canary = stage.canary.as_ref().map(|canary| &canary.deployment_id);
        [Some(&stage.deployment_id), canary].into_iter().flatten().filter_map(|id| road.deployments.get(&key(api, id)))
    });
    road.methods.values().any(|methods| uses(methods)) || served.into_iter().any(|(_, methods)| uses(methods))
}

impl VpcLinks for Gate {
    async fn vpc_link(&self, id: &str) -> Result<Option<VpcLink>, PhaseError> {
        self.read(|road| road.links.get(id).cloned())
    }

    async fn vpc_links(&self) -> Result<Vec<VpcLink>, PhaseError> {
        self.read(|road| road.links.values().cloned().collect())
    }

    async fn create_vpc_link(&self, name: &str, load_balancer_arn: &str, tags: &Tags) -> Result<String, PhaseError> {
        self.change(|road| {
            let id = road.next("link-");
            let link = VpcLink {
                id: id.clone(),
                name: name.to_owned(),
                target_arns: vec![load_balancer_arn.to_owned()],
                status: "PENDING".to_owned(),
                tags: tags.clone(),
                ..VpcLink::default()
            };
            road.links.insert(id.clone(), link);
            Ok(id)
        })
    }

    async fn delete_vpc_link(&self, id: &str) -> Result<(), PhaseError> {
        self.change(|road| {
            if referred_to(road, id) {
                return Err(PhaseError::conflict(format!("Cannot delete vpc link. Vpc link '{id}', is referenced")));
            }
            if let Some(link) = road.links.get_mut(id) {
                "DELETING".clone_into(&mut link.status);
            }
            Ok(())
        })
    }
}

impl UsagePlans for Gate {
    async fn usage_plans(&self, api: Option<&str>) -> Result<Vec<UsagePlan>, PhaseError> {
        self.read(|road| {
            let mut plans: Vec<UsagePlan> = road.plans.values().cloned().collect();
            for plan in &mut plans {
                if !plan.stages.iter().any(|(id, _)| api.is_none_or(|api| api == id)) {
                    plan.key_ids.clear();
                }
            }
            plans
        })
    }

    async fn create_usage_plan(&self, plan: &UsagePlan) -> Result<String, PhaseError> {
        self.change(|road| {
            let id = road.next("plan-");
            road.plans.insert(id.clone(), UsagePlan { id: id.clone(), key_ids: Vec::new(), ..plan.clone() });
            Ok(id)
        })
    }

    async fn add_key(&self, plan: &str, key: &str) -> Result<(), PhaseError> {
        self.change(|road| {
            let plan = road.plans.get_mut(plan).ok_or_else(|| PhaseError::refused("no such usage plan"))?;
            plan.key_ids.push(key.to_owned());
            plan.key_ids.dedup();
            Ok(())
        })
    }

    async fn remove_stage(&self, plan: &str, api: &str, stage: &str) -> Result<(), PhaseError> {
        self.change(|road| {
            if let Some(plan) = road.plans.get_mut(plan) {
                plan.stages.retain(|covered| *covered != key(api, stage));
            }
            Ok(())
        })
    }

    async fn delete_usage_plan(&self, plan: &str) -> Result<(), PhaseError> {
        self.change(|road| {
            if road.plans.get(plan).is_some_and(|plan| !plan.stages.is_empty()) {
                return Err(PhaseError::conflict("Cannot delete Usage Plan because it is associated with stages"));
            }
            road.plans.remove(plan);
            Ok(())
        })
    }

    async fn api_key(&self, id: &str) -> Result<Option<ApiKey>, PhaseError> {
        self.read(|_| Some(ApiKey::new(format!("secret of {id}"))))
    }
}

impl Probes for Gate {
    async fn probe(&self, probe: &Probe) -> Result<Answered, PhaseError> {
        self.read(|road| Answered {
            status: road.answers.get(&key(&probe.api, &probe.stage)).copied().unwrap_or(200),
            body: String::new(),
        })
    }
}
