//! The rules of a green that the user built, whole or in part.

use crate::input::{Input, Irsa};

pub(super) fn green(input: &Input, refuse: &mut impl FnMut(&str, String)) {
    let green = &input.green;
    if green.vpc_link.is_some() && green.load_balancer.is_none() {
        let message = "missing beside vpcLink; expected the ARN of the load balancer that the link leads to";
        refuse("$.green.loadBalancer", message.to_owned());
    }
    if input.keeps_blue() && input.cleanup.approval {
        let message = "found true, and blue is kept: there is no deletion to ask people about. Leave it out, or write \"blue\": \"delete\" beside it";
        refuse("$.cleanup.approval", message.to_owned());
    }
    if !green.existing {
        return;
    }
    for (path, is_set) in [
        ("$.green.version", green.version.is_some()),
        ("$.green.subnetIds", !green.subnet_ids.is_empty()),
        ("$.green.nodeGroups", !green.node_groups.is_empty()),
    ] {
        if is_set {
            let message =
                "found it beside \"existing\": true, and a cluster of your own is used as it is: leave it out";
            refuse(path, message.to_owned());
        }
    }
    if input.identities.irsa != Irsa::Refuse {
        let message = "found it beside \"existing\": true, and with green.existing how Pods get their roles is yours: leave it out; preflight says which \
                       roles do not name green's provider";
        refuse("$.identities.irsa", message.to_owned());
    }
    if !input.workloads.force_conflicts.is_empty() {
        let message = "found names, and on a cluster of your own the way back could not give these fields back to who manages them now: set them there \
                       as the bundles have them, and leave this out";
        refuse("$.workloads.forceConflicts", message.to_owned());
    }
}
