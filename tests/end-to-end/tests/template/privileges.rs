//! A function may do what its code can reach, and nothing else.

use end_to_end::{
    permission::{self, Needs},
    project,
    reference::Reference,
    source,
    template::{Statement, Template},
};
use std::collections::{BTreeMap, BTreeSet};

/// The role of a phase's function.
fn role(phase: &str) -> String {
    format!("{}Role", project::pascal(phase))
}

fn all_allowed(statements: &[Statement]) -> BTreeSet<String> {
    statements.iter().flat_map(Statement::allowed).collect()
}

/// What a phase needs, and how its code comes to it.
fn needs(phase: &str) -> (Needs, BTreeMap<String, String>) {
    let reference = Reference::get();
    let mut all = Needs::default();
    let mut ways = BTreeMap::new();
    for operation in source::reach(phase).operations {
        let own = permission::needs(reference, &operation);
        let way = || source::way_to(phase, |reach| reach.operations.contains(&operation)).join(" > ");
        for action in &own.actions {
            ways.entry(action.clone()).or_insert_with(way);
        }
        all.actions.extend(own.actions);
        all.passes_to.extend(own.passes_to);
    }
    (all, ways)
}

#[test]
fn a_function_may_do_what_its_code_calls_and_nothing_else() {
    let template = Template::read();
    let mut wrong = Vec::new();
    for phase in project::phases() {
        let (mut needs, ways) = needs(&phase);
        // Lambda writes a function's logs with its role
        // (https://docs.aws.amazon.com/lambda/latest/dg/monitoring-cloudwatchlogs.html).
        needs.actions.extend(["logs:CreateLogStream".to_owned(), "logs:PutLogEvents".to_owned()]);
        // And its traces (https://docs.aws.amazon.com/lambda/latest/dg/services-xray.html).
        needs.actions.extend(["xray:PutTelemetryRecords".to_owned(), "xray:PutTraceSegments".to_owned()]);
        // And keeps with it the events that the function failed for
        // (https://docs.aws.amazon.com/lambda/latest/dg/invocation-async-retain-records.html#invocation-dlq).
        if template.function(&phase)["DeadLetterQueue"].is_object() {
            needs.actions.insert("sqs:SendMessage".to_owned());
        }
        let may = all_allowed(&template.all_statements(&role(&phase)));
        for missing in needs.actions.difference(&may) {
            wrong.push(format!("{phase} lacks {missing}: {}", ways.get(missing).map_or("", String::as_str)));
        }
        wrong.extend(may.difference(&needs.actions).map(|idle| format!("{phase} never calls {idle}")));
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}

#[test]
fn roles_are_passed_to_the_services_that_use_them_and_to_no_other() {
    let template = Template::read();
    for phase in project::phases() {
        let statements = template.all_statements(&role(&phase));
        let passing = statements.iter().filter(|statement| statement.actions.contains("iam:PassRole"));
        let mut passed = BTreeSet::new();
        for statement in passing {
            assert!(statement.resources.iter().all(|resource| resource != "*"), "{phase} passes any role");
            let to: Vec<_> =
                statement.conditions().into_iter().filter(|(key, _)| key == "iam:PassedToService").collect();
            assert!(!to.is_empty(), "{phase} passes roles to anybody");
            passed.extend(to.into_iter().flat_map(|(_, services)| services));
        }
        assert_eq!(passed, needs(&phase).0.passes_to, "{phase}");
    }
}

#[test]
fn a_function_gets_the_settings_that_its_code_reads_and_no_other() {
    let template = Template::read();
    let globals = template.document["Globals"]["Function"]["Environment"]["Variables"].as_object().unwrap();
    let mut wrong = BTreeMap::new();
    for phase in project::phases() {
        let own = template.function(&phase)["Environment"]["Variables"].as_object();
        let given: BTreeSet<String> =
            globals.keys().chain(own.into_iter().flat_map(|own| own.keys())).cloned().collect();
        let read = source::reach(&phase).settings;
        if given != read {
            let missing: Vec<_> = read.difference(&given).cloned().collect();
            let idle: Vec<_> = given.difference(&read).cloned().collect();
            wrong.insert(phase, format!("missing {missing:?}, not read {idle:?}"));
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}

#[test]
fn only_functions_that_talk_to_clusters_or_probe_run_in_the_subnets() {
    let template = Template::read();
    let mut wrong = Vec::new();
    for phase in project::phases() {
        let needs = source::reach(&phase).connects;
        let managed = template.resource(&role(&phase))["Properties"]["ManagedPolicyArns"].to_string();
        for (what, has) in [
            ("VpcConfig", template.function(&phase)["VpcConfig"].is_array()),
            ("AWSLambdaVPCAccessExecutionRole", managed.contains("AWSLambdaVPCAccessExecutionRole")),
        ] {
            if has != needs {
                let way = source::way_to(&phase, |reach| reach.connects).join(" > ");
                wrong.push(format!("{phase} {} {what} {way}", if has { "has for nothing" } else { "lacks" }));
            }
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}

#[test]
fn the_role_in_the_clusters_is_assumed_by_those_that_mint_tokens() {
    let template = Template::read();
    let trust = &template.resource("KubernetesRole")["Properties"]["AssumeRolePolicyDocument"]["Statement"][0]["Principal"]
        ["AWS"];
    let trusted: BTreeSet<String> = serde_json::from_value(trust.clone()).unwrap();
    let mints =
        |phase: &String| source::reach(phase).operations.iter().any(|operation| operation.name == "assume_role");
    let minting: BTreeSet<String> =
        project::phases().into_iter().filter(mints).map(|phase| format!("{}.Arn", role(&phase))).collect();
    assert_eq!(trusted, minting);
    assert!(template.statements("KubernetesRole").is_empty(), "it is an identity, not a permission");
}

#[test]
fn a_function_links_the_clients_that_it_calls_and_no_other() {
    let wrong: Vec<_> = project::phases()
        .into_iter()
        .filter_map(|phase| {
            let (asked, needed) = (source::features(&phase), source::reach(&phase).features);
            (asked != needed).then(|| format!("{phase} asks for {asked:?} and reaches {needed:?}"))
        })
        .collect();
    assert!(wrong.is_empty(), "{wrong:#?}");
}

#[test]
fn every_call_is_seen_by_these_tests() {
    let unseen = source::sends_without_an_operation();
    assert!(unseen.is_empty(), "these send something that is not recognised as an operation of a client: {unseen:?}");
    let lost = source::lost();
    assert!(lost.is_empty(), "these paths lead nowhere: {lost:?}");
}

/// The reading itself, on ways that an earlier one missed or made up.
#[test]
fn calls_are_followed_through_the_clients_and_unused_code_is_not() {
    let way = |phase: &str, name: &str| {
        source::way_to(phase, |reach| reach.operations.iter().any(|operation| operation.name == name)).join(" > ")
    };
    // A function beside the phases that calls a port.
    let way_of_failure = way("request-approval", "send_task_failure");
    assert!(
        way_of_failure.ends_with("domain::answered::answered > clients::account::Account::fail"),
        "{way_of_failure}"
    );
    // A function beside a module of the same name; a closure that is handed on; a port.
    let way_of_lease = way("handover-terraform", "update_item");
    assert!(way_of_lease.contains("domain::invocation::hold > clients::account::Account::lease"), "{way_of_lease}");
    // A shared trait: both clusters and integrations are connected to.
    assert_eq!(way("observe", "update_integration"), "");
    assert!(way("prepare-cutover", "update_integration").ends_with("clients::account::Account::connect"));
    // An unauthenticated GET /version.
    assert_eq!(way("preflight", "assume_role"), "");
    assert!(source::reach("preflight").connects);
}

/// What stands as `ACTIONS` in a kind's file.
fn listed(kind: &str) -> BTreeSet<String> {
    let text = project::text(&format!("functions/shared/domain/src/resources/{kind}.rs"));
    let list = text.split("pub const ACTIONS: &[&str] =").nth(1).and_then(|rest| rest.split(';').next());
    let list = list.unwrap_or_else(|| panic!("{kind}.rs has no ACTIONS"));
    list.split('"').skip(1).step_by(2).map(str::to_owned).collect()
}

#[test]
fn a_kind_of_resource_lists_the_actions_of_the_calls_in_its_file() {
    let folder = project::root().join("functions/shared/domain/src/resources");
    let mut wrong = Vec::new();
    let anybody: BTreeSet<String> = project::phases().iter().flat_map(|phase| needs(phase).0.actions).collect();
    for file in std::fs::read_dir(folder).unwrap() {
        let kind = file.unwrap().path().file_stem().unwrap().to_string_lossy().into_owned();
        if kind == "mod" {
            continue;
        }
        let calls = source::reach_of_resource(&kind).operations;
        let own = calls.iter().filter_map(|operation| permission::own_action(Reference::get(), operation));
        let own: BTreeSet<String> =
            own.map(|(_, written)| written).filter(|action| !action.starts_with("dynamodb:")).collect();
        let listed = listed(&kind);
        wrong.extend(own.difference(&listed).map(|action| format!("{kind} calls {action} and does not list it")));
        wrong.extend(listed.difference(&anybody).map(|action| format!("{kind} lists {action}, which nobody calls")));
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}
