//! The template says what the folders, the state machines and the code say.

mod conditions;
mod privileges;
mod told;

use domain::Condition;
use end_to_end::{
    machine::{MACHINES, Machine},
    project,
    template::Template,
};
use serde_json::{Value, json};
use std::collections::BTreeSet;

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

/// China and the US government have partitions of their own: <https://docs.aws.amazon.com/IAM/latest/UserGuide/reference-arns.html>.
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

/// IAM is global: a second stack, in another Region, would find a name without the Region taken.
#[test]
fn a_role_with_a_name_carries_the_region() {
    let template = Template::read();
    for role in template.of_type("AWS::IAM::Role") {
        let name = &template.resource(role)["Properties"]["RoleName"];
        assert!(name.as_str().is_none_or(|name| name.contains("${AWS::Region}")), "{role}: {name}");
    }
    for policy in template.of_type("AWS::IAM::ManagedPolicy") {
        assert!(template.resource(policy)["Properties"]["ManagedPolicyName"].is_null(), "{policy}");
    }
}

#[test]
fn a_flood_of_the_public_page_cannot_take_the_accounts_concurrency() {
    let template = Template::read();
    for phase in project::phases() {
        let function = template.function(&phase);
        let is_public = function["FunctionUrlConfig"].is_object();
        // https://docs.aws.amazon.com/lambda/latest/dg/urls-configuration.html#urls-throttling
        let reserved = &function["ReservedConcurrentExecutions"];
        assert_eq!(
            reserved == &json!(["ReservesConcurrency", "ApprovalConcurrency", "AWS::NoValue"]),
            is_public,
            "{phase}"
        );
    }
    assert_eq!(template.document["Parameters"]["ApprovalConcurrency"]["Default"], 5);
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
            let waits = state.waits(0, 1.0);
            assert!(
                waits >= f64::from(u32::try_from(longest).unwrap()),
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
    // `automatic`: what the rule starts after a bake that ended well changes nothing.
    let expected = json!({ "migrationId": "arn", "reason": "FAILED", "automatic": true });
    assert_eq!(serde_json::from_str::<Value>(&input).unwrap(), expected);
}

/// <https://docs.aws.amazon.com/lambda/latest/dg/urls-auth.html>: since October 2025 a URL that anybody may open needs both.
#[test]
fn the_page_takes_signed_requests_only_where_the_deployment_asks_for_it() {
    let template = Template::read();
    let parameter = &template.document["Parameters"]["ApproverAuth"];
    assert_eq!((&parameter["AllowedValues"], &parameter["Default"]), (&json!(["link", "iam"]), &json!("link")));
    let conditions = &template.document["Conditions"];
    assert_eq!(conditions["ApproversSign"], json!(["ApproverAuth", "iam"]));
    assert_eq!(conditions["ApproversHaveALink"], json!(["ApproverAuth", "link"]));
    assert_eq!(
        template.function("decide")["FunctionUrlConfig"]["AuthType"],
        json!(["ApproversSign", "AWS_IAM", "NONE"])
    );
    let anybody: Vec<_> = template
        .of_type("AWS::Lambda::Permission")
        .into_iter()
        .filter(|id| template.resource(id)["Properties"]["Principal"] == "*")
        .collect();
    assert_eq!(anybody, ["PublicPagePermission", "PublicPageUrlPermission"]);
    for id in anybody {
        assert_eq!(template.resource(id)["Condition"], "ApproversHaveALink", "{id}");
        assert_eq!(template.resource(id)["Properties"]["FunctionName"], "DecideFunction.Alias", "{id}");
    }
    let (page, url) = (template.resource("PublicPagePermission"), template.resource("PublicPageUrlPermission"));
    assert_eq!(page["Properties"]["Action"], "lambda:InvokeFunction");
    assert_eq!(page["Properties"]["InvokedViaFunctionUrl"], true);
    assert_eq!(url["Properties"]["Action"], "lambda:InvokeFunctionUrl");
    assert_eq!(url["Properties"]["FunctionUrlAuthType"], "NONE");
}

#[test]
fn a_condition_never_looks_like_one_of_lambdas_own_errors() {
    for condition in Condition::ALL {
        assert!(!condition.name().contains('.'), "{condition}");
    }
}
