//! The plan as people and programs read it: what will be created, changed and later deleted, in order, and the exact calls of the
//! switch. A pure function of input and plan: the same plan gives the same document, byte for byte.

use crate::{
    Input, Plan,
    approval::Question,
    markdown::{code, text},
    plan::{Planned, estimate::Estimate},
    usd::dollars,
};
use serde::Serialize;
use std::fmt::Write;

/// The plan of one migration. Its JSON is that of the types.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Document<'a> {
    /// The migration's name.
    pub migration: &'a str,
    /// What an approval is bound to.
    pub digest: String,
    /// The AWS account.
    pub account: &'a str,
    /// The AWS Region.
    pub region: &'a str,
    /// The cluster that serves now.
    pub blue: &'a str,
    /// The cluster that takes over.
    pub green: &'a str,
    /// The API and its stage; where there are several, separated by commas.
    pub stage: String,
    /// What will be created, in order.
    pub creates: &'a [Planned],
    /// What exists and will be changed, in order.
    pub changes: Vec<String>,
    /// The API calls of the switch, in order.
    pub switch: &'a [String],
    /// When what is listed under `deletes` is deleted.
    pub deleted_when: String,
    /// What of blue will be deleted, and nothing else that Bascule did not create.
    pub deletes: &'a [Planned],
    /// What people should know before they approve.
    pub advice: &'a [String],
    /// How long it takes, and what two clusters side by side cost more.
    pub estimate: &'a Estimate,
    /// Minutes to the question of qualification, about.
    pub minutes_to_question: u32,
    /// What two clusters side by side cost more, in US cents a day.
    pub extra_cents_per_day: u64,
    /// The same until the cleanup starts, where people answer at once.
    pub extra_cents_to_cleanup: u64,
    /// How long it takes, as people read it.
    #[serde(skip)]
    durations: Vec<String>,
    /// What it costs, as people read it.
    #[serde(skip)]
    money: Vec<String>,
}

impl<'a> Document<'a> {
    /// The document of a plan.
    #[must_use]
    pub fn of(migration: &'a str, input: &'a Input, plan: &'a Plan) -> Self {
        Self {
            migration,
            digest: plan.digest(),
            account: &plan.account,
            region: &plan.region,
            blue: &input.blue.cluster,
            green: &input.green.cluster,
            stage: stages(input),
            creates: &plan.creates,
            changes: plan.changes(input),
            switch: &plan.switch,
            deleted_when: Question::Qualification.deletion(&input.cleanup),
            deletes: &plan.deletes,
            advice: &plan.advice,
            estimate: &plan.estimate,
            minutes_to_question: plan.estimate.minutes_to_question(),
            extra_cents_per_day: plan.estimate.cents_per_day(),
            extra_cents_to_cleanup: plan.estimate.cents_to_cleanup(input),
            durations: plan.estimate.durations(input),
            money: plan.estimate.money(input),
        }
    }

    /// As Markdown (<https://spec.commonmark.org/>).
    #[must_use]
    pub fn markdown(&self) -> String {
        let mut page = format!("# Plan of {}\n\n", text(self.migration));
        let place = format!("account {}, {}", text(self.account), text(self.region));
        let lead = [
            format!("{} takes over from {} behind {} ({place}).", text(self.green), text(self.blue), code(&self.stage)),
            format!("Digest: {}", code(&self.digest)),
            format!(
                "About {} minutes until people are asked. Two clusters side by side cost about {} a day more.",
                self.minutes_to_question,
                dollars(self.extra_cents_per_day)
            ),
        ];
        for line in lead {
            // Writing to a String cannot fail.
            let _ = writeln!(page, "{line}\n");
        }
        let planned = |list: &[Planned]| list.iter().map(Planned::markdown).collect::<Vec<_>>();
        let plain = |list: &[String]| list.iter().map(|line| text(line)).collect::<Vec<_>>();
        let calls: Vec<String> = self.switch.iter().map(|call| code(call)).collect();
        for (title, lines) in [
            ("Will be created, in this order", planned(self.creates)),
            ("Will be changed, in this order", plain(&self.changes)),
            ("The calls of the switch, in this order", calls),
            (self.deleted_when.as_str(), planned(self.deletes)),
            ("How long it takes", plain(&self.durations)),
            ("What two clusters side by side cost more", plain(&self.money)),
            ("To know", plain(self.advice)),
        ] {
            let _ = writeln!(page, "## {title}\n");
            for (number, line) in (1..).zip(&lines) {
                let _ = writeln!(page, "{number}. {line}");
            }
            if lines.is_empty() {
                page.push_str("Nothing.\n");
            }
            page.push('\n');
        }
        page
    }
}

fn stages(input: &Input) -> String {
    let each = input.gateway.iter().map(|gateway| format!("{}/{}", gateway.api_id(), gateway.stage));
    each.collect::<Vec<_>>().join(", ")
}

impl Planned {
    fn markdown(&self) -> String {
        let id = self.id.as_deref().filter(|id| *id != self.name).map(|id| format!(" ({})", code(id)));
        let left = self.destroyed_by.as_ref().map(|command| format!(", left to Terraform: {}", text(command)));
        format!("{} {}{}{}", self.kind, text(&self.name), id.unwrap_or_default(), left.unwrap_or_default())
    }
}

impl Plan {
    /// What exists already and will be changed, in order.
    #[must_use]
    pub fn changes(&self, input: &Input) -> Vec<String> {
        let mut changes = Vec::new();
        let edges = self.edge.per_api();
        for edge in edges.iter().filter(|edge| !edge.integrations.is_empty()) {
            let methods = edge.integrations.len();
            changes.push(format!(
                "the integrations of {methods} method{} of {} point at green's VPC link while deployment G is taken, about a minute, \
                 and then at blue's again",
                if methods == 1 { "" } else { "s" },
                edge.api.name
            ));
        }
        let holds: Vec<String> = self.workloads.holds().map(|hold| hold.id.to_string()).collect();
        if !holds.is_empty() {
            changes.push(format!("suspended on blue by the switch, and then resumed on green: {}", holds.join(", ")));
        }
        let steps: Vec<String> = input.cutover.steps.iter().map(|step| format!("{step} %")).collect();
        let steps = steps.join(", then ");
        for gateway in input.gateway.iter() {
            let of = if input.gateway.are_several() { format!(" of {}", gateway.api_id()) } else { String::new() };
            changes.push(format!("the stage {}{of} serves deployment G: {steps} of the requests", gateway.stage));
        }
        for edge in edges.iter().filter(|edge| !edge.integrations.is_empty()) {
            changes.push(format!(
                "after the bake the integrations of {} point at green's VPC link for good",
                edge.api.name
            ));
        }
        changes
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        Kind,
        plan::{edge::LinkedMethod, estimate::Cost},
        usd::PerHour,
    };
    use serde_json::json;

    fn input() -> Input {
        let input = json!({
            "blue": { "cluster": "shop-blue" }, "green": { "cluster": "shop-green" },
            "gateway": { "restApiId": "a1", "stage": "prod" }, "workloads": { "manifests": ["s3://b/k"] },
            "cutover": { "steps": [5, 100] },
        });
        Input::read(&input).unwrap()
    }

    fn plan() -> Plan {
        let load_balancer = Cost { of: "load-balancer".into(), count: 1, per_hour: Some(PerHour::from_micros(22_500)) };
        let mut plan = Plan {
            creates: vec![Planned::new(Kind::Cluster, "shop-green"), Planned::new(Kind::VpcLink, "shop_link")],
            deletes: vec![
                Planned::existing(Kind::VpcLink, "link", "vpcl-1"),
                Planned::existing(Kind::Cluster, "b", "b"),
            ],
            switch: vec!["UpdateStage a1/prod deploymentId=`G`".to_owned()],
            estimate: Estimate { costs: vec![load_balancer], ..Estimate::default() },
            ..Plan::default()
        };
        plan.edge.api.name = "shop".to_owned();
        plan.edge.integrations = vec![LinkedMethod::default()];
        plan
    }

    #[test]
    fn a_document_has_what_is_created_changed_called_and_deleted_in_order() {
        let (input, plan) = (input(), plan());
        let page = Document::of("move", &input, &plan).markdown();
        let expected = [
            "# Plan of move\n",
            "shop-green takes over from shop-blue behind `a1/prod`",
            "cost about $0.54 a day more",
            "## Will be created, in this order\n\n1. Cluster shop-green\n2. VpcLink shop\\_link\n",
            "## Will be changed, in this order\n\n1. the integrations of 1 method of shop",
            "\n2. the stage prod serves deployment G: 5 %, then 100 % of the requests\n",
            "## The calls of the switch, in this order\n\n1. `` UpdateStage a1/prod deploymentId=`G` ``\n",
            "## Will be deleted 7d after the bake, without being asked again\n\n1. VpcLink link (`vpcl-1`)\n2. Cluster b\n",
            "## How long it takes\n\n1. the cluster's branch about",
            "## What two clusters side by side cost more\n\n1. 1 × load-balancer: about $0.54 a day\n2. together about $0.54 a day",
            "## To know\n\nNothing.\n",
        ];
        let mut rest = page.as_str();
        for part in expected {
            let (_, after) = rest.split_once(part).unwrap_or_else(|| panic!("{part:?} is not in {rest}"));
            rest = after;
        }
    }

    #[test]
    fn the_same_plan_gives_the_same_document_and_digest_and_another_one_another() {
        let (input, plan) = (input(), plan());
        // As the ledger keeps it.
        let kept: Plan = serde_json::from_str(&serde_json::to_string(&plan).unwrap()).unwrap();
        let (one, same) = (Document::of("move", &input, &plan), Document::of("move", &input, &kept));
        assert_eq!(one.markdown(), same.markdown());
        assert_eq!(serde_json::to_string(&one).unwrap(), serde_json::to_string(&same).unwrap());
        let other = Plan { deletes: Vec::new(), ..plan.clone() };
        assert_ne!(Document::of("move", &input, &other).digest, one.digest);
    }
}
