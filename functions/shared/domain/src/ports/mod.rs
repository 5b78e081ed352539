//! The ports through which phases reach the world: small traits in AWS's and Kubernetes' own terms. `clients`
//! implements them on the SDKs; tests implement them in memory. Every method answers `Unavailable` where AWS did not
//! answer or throttled, and `Denied` where a permission is missing.

pub mod alarms;
pub mod approvals;
pub mod audit;
pub mod clusters;
pub mod executions;
pub mod functions;
pub mod gateway;
pub mod kubernetes;
pub mod leases;
pub mod ledger;
pub mod load_balancers;
pub mod log_groups;
pub mod manifests;
pub mod messages;
pub mod metrics;
pub mod migrations;
pub mod network;
pub mod oidc_providers;
pub mod probes;
pub mod quotas;
pub mod roles;
pub mod scaling;
pub mod schedules;
pub mod settings;
pub mod signatures;
pub mod terraform_states;
pub mod tokens;

pub use alarms::Alarms;
pub use approvals::Approvals;
pub use audit::Audit;
pub use clusters::{Access, Addons, Clusters, FargateProfiles, IdentityProviders, NodeGroups};
pub use executions::Executions;
pub use functions::Functions;
pub use gateway::{Apis, Stages, UsagePlans, VpcLinks};
pub use kubernetes::{Kubernetes, KubernetesApi};
pub use leases::Leases;
pub use ledger::Ledger;
pub use load_balancers::{Flows, LoadBalancers, Neighbours, TargetGroups};
pub use log_groups::LogGroups;
pub use manifests::Manifests;
pub use messages::Messages;
pub use metrics::Metrics;
pub use migrations::Migrations;
pub use network::{LaunchTemplates, Network};
pub use oidc_providers::OidcProviders;
pub use probes::Probes;
pub use quotas::Quotas;
pub use roles::Roles;
pub use scaling::Scaling;
pub use schedules::Schedules;
pub use settings::{Clock, Settings};
pub use signatures::Signatures;
pub use terraform_states::TerraformStates;
pub use tokens::Tokens;
