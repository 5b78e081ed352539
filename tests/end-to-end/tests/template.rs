//! The template says what the folders, the state machines and the code say.

use domain::Condition;
use end_to_end::{
    machine::{MACHINES, Machine},
    permission, project, source,
    template::{Statement, Template},
};
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet};

/// What a statement allows, API Gateway's actions with the paths they are allowed on.
fn allowed(statement: &Statement) -> BTreeSet<String> {
    let paths = || statement.resources.iter().filter_map(|resource| resource.split("::/").nth(1));
    let with_paths = |action: &String| match action.as_str() {
        action if action.starts_with("apigateway:") => paths().map(|path| format!("{action} /{path}")).collect(),
        action => vec![action.to_owned()],
    };
    statement.actions.iter().flat_map(with_paths).collect()
}

fn all_allowed(statements: &[Statement]) -> BTreeSet<String> {
    statements.iter().flat_map(allowed).collect()
}

#[test]
fn every_folder_is_a_function_and_every_function_a_folder() {
    let template = Template::read();
    let functions: BTreeSet<String> = template
        .of_type("AWS::Serverless::Function")
        .into_iter()
        .map(|id| project::kebab(id.strip_suffix("Function").expect("ends with Function")))
        .collect();
    assert_eq!(functions, project::phases());
    for phase in project::phases() {
        let function = template.function(&phase);
        assert_eq!(function["FunctionName"], format!("bascule-{phase}"));
        // What `cargo lambda build` leaves.
        assert_eq!(function["CodeUri"], format!("../target/lambda/{phase}/"));
        let manifest = project::text(&format!("functions/{phase}/Cargo.toml"));
        assert!(manifest.contains(&format!("name = \"{phase}\"")), "{phase} is not the crate's name");
        let pascal = project::pascal(&phase);
        assert_eq!(function["Role"], format!("{pascal}Role.Arn"), "{phase} has a role of its own");
        assert_eq!(function["LoggingConfig"], json!({ "LogFormat": "JSON", "LogGroup": format!("{pascal}Logs") }));
        let logs = &template.resource(&format!("{pascal}Logs"))["Properties"];
        assert_eq!(logs["LogGroupName"], format!("/aws/lambda/bascule-{phase}"));
        assert_eq!(logs["RetentionInDays"], "LogRetentionDays");
    }
}

#[test]
fn cargo_lambda_builds_the_functions_and_nothing_else() {
    let manifest = project::text("Cargo.toml");
    let members = manifest.split("default-members = [").nth(1).unwrap().split(']').next().unwrap();
    let members: BTreeSet<String> =
        members.split('"').filter_map(|member| member.strip_prefix("functions/")).map(str::to_owned).collect();
    assert_eq!(members, project::phases());
}

#[test]
fn machines_call_published_versions_and_old_versions_stay() {
    let template = Template::read();
    assert_eq!(template.document["Globals"]["Function"]["AutoPublishAlias"], "live");
    for phase in project::phases() {
        // Without it a new version comes with new code only, and machines would go on with the old settings.
        assert_eq!(template.function(&phase)["AutoPublishAliasAllProperties"], true, "{phase}");
    }
    for name in MACHINES {
        let machine = Machine::read(name);
        let properties = &template.resource(&format!("{}Machine", project::pascal(name)))["Properties"];
        assert_eq!(properties["Name"], format!("bascule-{name}"));
        assert_eq!(properties["DefinitionUri"], format!("../statemachine/{name}.asl.json"));
        let text = machine.definition.to_string();
        let used: BTreeSet<&str> = text.split("${").skip(1).map(|rest| rest.split('}').next().unwrap()).collect();
        let given = properties["DefinitionSubstitutions"].as_object().unwrap();
        assert_eq!(given.keys().map(String::as_str).collect::<BTreeSet<_>>(), used, "{name}");
        for (key, value) in given {
            match key.as_str() {
                "RollbackMachineArn" => assert_eq!(value, "RollbackMachine"),
                "TopicArn" => assert_eq!(value, "Topic"),
                "Partition" => assert_eq!(value, "AWS::Partition"),
                key => assert_eq!(value, &format!("{}Function.Version", key.strip_suffix("Arn").unwrap())),
            }
        }
    }
}

#[test]
fn a_machine_may_invoke_what_its_states_run_and_nothing_else() {
    let template = Template::read();
    for name in MACHINES {
        let machine = Machine::read(name);
        let run: BTreeSet<String> = machine.states().iter().filter_map(end_to_end::machine::State::lambda).collect();
        let statements = template.statements(&format!("{}MachineRole", project::pascal(name)));
        let invoke = statements.iter().find(|statement| statement.actions.contains("lambda:InvokeFunction")).unwrap();
        let may: BTreeSet<String> = invoke
            .resources
            .iter()
            .map(|resource| {
                project::kebab(resource.strip_prefix("${").unwrap().strip_suffix("Function.Arn}:*").unwrap())
            })
            .collect();
        assert_eq!(may, run, "{name}");
    }
}

#[test]
fn executions_are_logged_without_their_data() {
    let template = Template::read();
    for id in template.of_type("AWS::Serverless::StateMachine") {
        let logging = &template.resource(id)["Properties"]["Logging"];
        assert_eq!(logging["Level"], "ERROR", "{id}");
        assert_eq!(logging["IncludeExecutionData"], false, "{id}");
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
fn a_function_may_do_what_its_code_calls_and_nothing_else() {
    let template = Template::read();
    let ledger = all_allowed(&template.ledger_statements());
    let mut wrong = BTreeMap::new();
    for phase in project::phases() {
        let mut needed: BTreeSet<String> = BTreeSet::new();
        let reach = source::reach(&phase);
        for (service, operations) in &reach.operations {
            needed.extend(operations.iter().flat_map(|operation| permission::actions(service, operation)));
        }
        if reach.settings.contains("BASCULE_KUBERNETES_ROLE_ARN") && source::features(&phase).contains("kubernetes") {
            // The token for the clusters is signed with the role's own credentials.
            needed.insert("sts:AssumeRole".to_owned());
        }
        needed.retain(|action| !ledger.contains(action));
        let may = all_allowed(&template.statements(&format!("{}Role", project::pascal(&phase))));
        if may != needed {
            let missing: Vec<_> = needed.difference(&may).cloned().collect();
            let idle: Vec<_> = may.difference(&needed).cloned().collect();
            wrong.insert(phase, format!("missing {missing:?}, not called {idle:?}"));
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}

#[test]
fn the_ledger_policy_is_what_the_ledger_calls() {
    let called: BTreeSet<String> = project::phases()
        .iter()
        .flat_map(|phase| source::reach(phase).operations.remove("dynamodb").unwrap_or_default())
        .flat_map(|operation| permission::actions("dynamodb", &operation))
        .chain(["logs:CreateLogStream".to_owned(), "logs:PutLogEvents".to_owned()])
        .collect();
    assert_eq!(all_allowed(&Template::read().ledger_statements()), called);
}

#[test]
fn every_call_of_an_sdk_is_seen_by_these_tests() {
    let unseen = source::sends_without_an_operation();
    assert!(unseen.is_empty(), "these send something that is not recognised as an operation of a client: {unseen:?}");
}

#[test]
fn no_role_may_do_everything_and_roles_are_passed_to_one_service_only() {
    let template = Template::read();
    for role in template.of_type("AWS::IAM::Role") {
        for statement in template.statements(role) {
            assert!(statement.actions.iter().all(|action| !action.contains('*')), "{role}: {:?}", statement.actions);
            if statement.actions.contains("iam:PassRole") {
                let to = &statement.condition["StringEquals"]["iam:PassedToService"];
                assert!(to.is_string() || to.is_array(), "{role} passes roles to anybody");
                assert!(statement.resources.iter().all(|resource| resource != "*"), "{role} passes any role");
            }
        }
    }
}

#[test]
fn an_api_is_overwritten_only_where_its_tag_says_that_it_is_temporary() {
    let template = Template::read();
    let mut roles = Vec::new();
    for role in template.of_type("AWS::IAM::Role") {
        for statement in template.statements(role) {
            if allowed(&statement).contains("apigateway:PUT /restapis/*") {
                let side = &statement.condition["StringEquals"]["aws:ResourceTag/bascule:side"];
                assert_eq!(side, "temporary", "{role} may overwrite any API");
                roles.push(role);
            }
        }
    }
    assert_eq!(roles, ["ShiftTrafficRole"]);
}

#[test]
fn only_functions_that_talk_to_kubernetes_or_probe_run_in_the_subnets() {
    let template = Template::read();
    for phase in project::phases() {
        let features = source::features(&phase);
        let needs = features.contains("kubernetes") || features.contains("probes");
        assert_eq!(template.function(&phase)["VpcConfig"].is_array(), needs, "{phase}");
        let managed = template.resource(&format!("{}Role", project::pascal(&phase)))["Properties"]["ManagedPolicyArns"]
            .to_string();
        assert_eq!(managed.contains("AWSLambdaVPCAccessExecutionRole"), needs, "{phase}");
    }
}

#[test]
fn the_role_in_the_clusters_is_assumed_by_those_that_mint_tokens() {
    let template = Template::read();
    let trust = &template.resource("KubernetesRole")["Properties"]["AssumeRolePolicyDocument"]["Statement"][0]["Principal"]
        ["AWS"];
    let trusted: BTreeSet<String> = serde_json::from_value(trust.clone()).unwrap();
    let minting: BTreeSet<String> = project::phases()
        .into_iter()
        .filter(|phase| source::features(phase).contains("kubernetes"))
        .map(|phase| format!("{}Role.Arn", project::pascal(&phase)))
        .collect();
    assert_eq!(trusted, minting);
    assert!(template.statements("KubernetesRole").is_empty(), "it is an identity, not a permission");
}

/// China and GovCloud have partitions of their own: <https://docs.aws.amazon.com/IAM/latest/UserGuide/reference-arns.html>.
#[test]
fn no_partition_is_written_down() {
    let machines = MACHINES.map(|name| format!("statemachine/{name}.asl.json"));
    let mut found = Vec::new();
    for file in machines.iter().map(String::as_str).chain(["infra/template.yaml"]) {
        for (number, line) in project::text(file).lines().enumerate().filter(|(_, line)| line.contains("arn:aws")) {
            found.push(format!("{file}:{}: {}", number + 1, line.trim()));
        }
    }
    assert!(found.is_empty(), "{found:#?}");
}

#[test]
fn no_function_runs_longer_than_lambda_allows_and_decide_answers_people_quickly() {
    let template = Template::read();
    for phase in project::phases() {
        let timeout = template.timeout(&phase);
        assert!((30..=900).contains(&timeout), "{phase}: {timeout} s");
    }
    assert!(template.timeout("decide") <= 30);
}

#[test]
fn a_lease_that_outlives_its_lambda_is_waited_for() {
    let template = Template::read();
    // Undo waits for the leases of what it undoes, each at most as long as a Lambda runs; a retry waits for its own.
    for machine in Machine::all() {
        for state in machine.states() {
            let Some(lambda) = state.lambda() else { continue };
            let longest = if machine.name == "rollback" && state.name == "ShiftTraffic" {
                project::phases().iter().map(|phase| template.timeout(phase)).max().unwrap()
            } else {
                template.timeout(&lambda)
            };
            let waits = state.polls() * 15;
            assert!(
                waits >= longest,
                "{} {} polls for {waits} s, a lease is held for up to {longest} s",
                machine.name,
                state.name
            );
        }
    }
}

#[test]
fn the_ledger_cannot_be_lost() {
    let template = Template::read();
    let ledger = template.resource("Ledger");
    assert_eq!(ledger["DeletionPolicy"], "RetainExceptOnCreate");
    assert_eq!(ledger["UpdateReplacePolicy"], "Retain");
    let properties = &ledger["Properties"];
    assert_eq!(properties["PointInTimeRecoverySpecification"]["PointInTimeRecoveryEnabled"], true);
    assert_eq!(properties["SSESpecification"]["SSEType"], "KMS");
    assert_eq!(properties["DeletionProtectionEnabled"], "LedgerDeletionProtection");
    assert_eq!(template.document["Parameters"]["LedgerDeletionProtection"]["Default"], "true");
    assert_eq!(properties["TimeToLiveSpecification"], json!({ "AttributeName": "expiresAt", "Enabled": true }));
    assert_eq!(
        properties["KeySchema"],
        json!([{ "AttributeName": "pk", "KeyType": "HASH" }, { "AttributeName": "sk", "KeyType": "RANGE" }])
    );
}

#[test]
fn what_ends_badly_takes_the_way_back() {
    let template = Template::read();
    let rule = &template.resource("StatusRule")["Properties"];
    let detail = &rule["EventPattern"]["detail"];
    assert_eq!(detail["status"], json!(["FAILED", "TIMED_OUT", "ABORTED"]));
    assert_eq!(detail["stateMachineArn"], json!(["MigrateMachine"]));
    let target = &rule["Targets"][0];
    assert_eq!(target["Arn"], "RollbackMachine");
    let transformer = &target["InputTransformer"];
    assert_eq!(
        transformer["InputPathsMap"],
        json!({ "migration": "$.detail.executionArn", "status": "$.detail.status" })
    );
    let input =
        transformer["InputTemplate"].as_str().unwrap().replace("<migration>", "arn").replace("<status>", "FAILED");
    assert_eq!(serde_json::from_str::<Value>(&input).unwrap(), json!({ "migrationId": "arn", "reason": "FAILED" }));
}

#[test]
fn every_change_of_an_alarm_reaches_observe() {
    let template = Template::read();
    let rule = &template.resource("AlarmRule")["Properties"];
    assert_eq!(rule["EventPattern"]["source"], json!(["aws.cloudwatch"]));
    assert_eq!(
        rule["EventPattern"]["detail-type"],
        json!(["CloudWatch Alarm State Change", "CloudWatch Alarm Configuration Change"])
    );
    assert_eq!(rule["Targets"][0]["Arn"], "ObserveFunction.Alias");
    assert_eq!(template.resource("AlarmRulePermission")["Properties"]["FunctionName"], "ObserveFunction.Alias");
}

#[test]
fn schedules_may_do_what_they_are_made_for() {
    let statements = Template::read().statements("ScheduleRole");
    let targets: BTreeSet<&str> = statements
        .iter()
        .flat_map(|statement| &statement.resources)
        .map(|resource| {
            resource.split(":function:").nth(1).or(resource.split(":stateMachine:").nth(1)).unwrap_or(resource)
        })
        .collect();
    assert_eq!(targets, ["bascule-decide:live", "bascule-observe:live", "bascule-cleanup"].into());
}

#[test]
fn a_condition_never_looks_like_one_of_lambdas_own_errors() {
    for condition in Condition::ALL {
        assert!(!condition.name().contains('.'), "{condition}");
    }
}
