//! What the plan says of time and money.

use domain::{Input, plan::compute::Compute};

/// US cents a day for an EKS control plane: $0.10 an hour, $0.60 in extended support
/// (<https://aws.amazon.com/eks/pricing/>). Green is on its version's support; blue's own cost is no extra.
const CONTROL_PLANE: u32 = 240;

/// US cents a day for a Network Load Balancer without traffic, $0.0225 an hour in us-east-1, rounded up
/// (<https://aws.amazon.com/elasticloadbalancing/pricing/>).
const LOAD_BALANCER: u32 = 54;

/// US cents a day that two clusters side by side cost more, without the nodes, whose price depends on how they are bought.
#[must_use]
pub const fn extra_cents_per_day(_compute: &Compute) -> u32 {
    CONTROL_PLANE + LOAD_BALANCER
}

/// Minutes to the question of qualification: a control plane takes about 10 minutes, nodes and add-ons 5, workloads and checks 5.
/// AWS publishes no figures; these are what users report, and the plan says "about".
#[must_use]
pub const fn expected_minutes(_input: &Input) -> u32 {
    20
}
