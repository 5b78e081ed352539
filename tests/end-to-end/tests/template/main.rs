//! The template says what the folders, the state machines and the code say.

mod conditions;
mod privileges;

use domain::Condition;
use domain::ports::metrics::Metric;
use end_to_end::{
    machine::{MACHINES, Machine},
    project,
    template::Template,
};
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet};

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

/// EventBridge publishes to no topic whose key is for one account (awslabs/landing-zone-accelerator-on-aws#407), so observe does.
#[test]
fn whatever_ends_badly_is_told_to_people() {
    let template = Template::read();
    let rule = &template.resource("EndedRule")["Properties"];
    let pattern = &rule["EventPattern"];
    assert_eq!(pattern["source"], json!(["aws.states"]));
    assert_eq!(pattern["detail-type"], json!(["Step Functions Execution Status Change"]));
    let machines: Vec<String> = MACHINES.iter().map(|name| format!("{}Machine", project::pascal(name))).collect();
    let told: BTreeSet<&str> =
        pattern["detail"]["stateMachineArn"].as_array().unwrap().iter().filter_map(Value::as_str).collect();
    assert_eq!(told, machines.iter().map(String::as_str).collect());
    assert_eq!(pattern["detail"]["status"], json!(["FAILED", "TIMED_OUT", "ABORTED"]));
    assert_eq!(rule["Targets"][0]["Arn"], "ObserveFunction.Alias");
    let permission = &template.resource("EndedRulePermission")["Properties"];
    assert_eq!(
        (&permission["FunctionName"], &permission["SourceArn"]),
        (&json!("ObserveFunction.Alias"), &json!("EndedRule.Arn"))
    );
}

/// Every asynchronous delivery: rules, schedules, and what Lambda queues for functions that rules and schedules invoke.
#[test]
fn what_cannot_be_delivered_is_kept_and_an_alarm_tells_people() {
    let template = Template::read();
    let queue = json!({ "Arn": "DeadLetters.Arn" });
    let rules = template.of_type("AWS::Events::Rule");
    for rule in &rules {
        for target in template.resource(rule)["Properties"]["Targets"].as_array().unwrap() {
            assert_eq!(target["DeadLetterConfig"], queue, "{rule}");
        }
    }
    let statement = &template.resource("DeadLettersPolicy")["Properties"]["PolicyDocument"]["Statement"][0];
    assert_eq!(statement["Principal"]["Service"], "events.amazonaws.com");
    let sources = statement["Condition"]["ArnEquals"]["aws:SourceArn"].as_array().unwrap();
    let sources: BTreeSet<&str> = sources.iter().filter_map(|arn| arn.as_str()?.strip_suffix(".Arn")).collect();
    assert_eq!(sources, rules);

    // Scheduler keeps what it gives up with the role of the schedule
    // (https://docs.aws.amazon.com/scheduler/latest/UserGuide/configuring-schedule-dlq.html).
    let keeps = |role: &str| {
        let statements = template.all_statements(role);
        let keeping = statements.iter().filter(|statement| statement.actions.contains("sqs:SendMessage"));
        keeping.flat_map(|statement| statement.resources.clone()).collect::<Vec<_>>()
    };
    assert_eq!(keeps("ScheduleRole"), ["DeadLetters.Arn"]);
    for phase in project::phases() {
        let arn = format!("function:bascule-{phase}:live");
        let scheduled = template
            .statements("ScheduleRole")
            .iter()
            .any(|statement| statement.resources.iter().any(|resource| resource.ends_with(&arn)));
        let letters = &template.function(&phase)["DeadLetterQueue"];
        let expected = if scheduled { json!({ "Type": "SQS", "TargetArn": "DeadLetters.Arn" }) } else { Value::Null };
        assert_eq!(*letters, expected, "{phase}");
    }

    let alarm = &template.resource("DeadLettersAlarm")["Properties"];
    assert_eq!(
        (&alarm["Namespace"], &alarm["MetricName"]),
        (&json!("AWS/SQS"), &json!("ApproximateNumberOfMessagesVisible"))
    );
    assert_eq!(alarm["Dimensions"], json!([{ "Name": "QueueName", "Value": "DeadLetters.QueueName" }]));
    assert_eq!(alarm["AlarmActions"], json!(["Topic"]));
    // https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/AlarmThatSendsEmail.html: the topic's key is CloudWatch's to use.
    let key = template.resource("EncryptionKey")["Properties"]["KeyPolicy"]["Statement"].as_array().unwrap();
    let used = key.iter().find(|statement| statement["Principal"]["Service"] == "cloudwatch.amazonaws.com").unwrap();
    assert_eq!(used["Action"], json!(["kms:Decrypt", "kms:GenerateDataKey*"]));
    assert_eq!(used["Condition"]["StringEquals"]["aws:SourceAccount"], "AWS::AccountId");
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
fn a_condition_never_looks_like_one_of_lambdas_own_errors() {
    for condition in Condition::ALL {
        assert!(!condition.name().contains('.'), "{condition}");
    }
}

/// The pipe's template, as its values by name: attributes of the ledger's items, or constants.
fn event_template(template: &Template) -> BTreeMap<String, String> {
    let text =
        template.resource("EventPipe")["Properties"]["TargetParameters"]["InputTemplate"].as_str().unwrap_or_default();
    let inner = text.trim().trim_start_matches('{').trim_end_matches('}');
    let pair = |part: &str| {
        let (name, value) = part.split_once(": ").unwrap_or((part, ""));
        (name.trim().trim_matches('"').to_owned(), value.trim().trim_matches('"').to_owned())
    };
    inner.split(',').map(pair).collect()
}

#[test]
fn events_have_the_form_that_their_schema_gives_them() {
    let template = Template::read();
    let schema: Value = serde_json::from_str(&project::text("statemachine/events/audit-entry.schema.json")).unwrap();
    let fields = event_template(&template);
    let known: BTreeSet<&str> = schema["properties"].as_object().unwrap().keys().map(String::as_str).collect();
    assert_eq!(fields.keys().map(String::as_str).collect::<BTreeSet<_>>(), known);
    assert_eq!(fields["version"], schema["properties"]["version"]["const"]);
    let ledger = project::text("functions/shared/clients/src/ledger.rs");
    for (name, path) in fields.iter().filter(|(name, _)| *name != "version") {
        let attribute = path.strip_prefix("<$.dynamodb.NewImage.").and_then(|rest| rest.strip_suffix(".S>"));
        let attribute = attribute.unwrap_or_else(|| panic!("{name} is {path}"));
        assert!(ledger.contains(&format!("item(\"{attribute}\", text(")), "the ledger writes no {attribute}");
    }
    let pipe = &template.resource("EventPipe")["Properties"];
    let target = &pipe["TargetParameters"]["EventBridgeEventBusParameters"];
    assert_eq!((&target["Source"], &target["DetailType"]), (&json!("bascule"), &json!("Bascule audit entry")));
    let filter = pipe["SourceParameters"]["FilterCriteria"]["Filters"][0]["Pattern"].as_str().unwrap();
    let filter: Value = serde_json::from_str(filter).unwrap();
    let image = &filter["dynamodb"]["NewImage"];
    assert_eq!(image["sk"]["S"][0]["prefix"], "EVENT#");
    assert_eq!(image["migration"]["S"][0]["exists"], true);
}

#[test]
fn every_alarm_tells_people_and_is_in_the_table_of_the_readme() {
    let (template, readme) = (Template::read(), project::text("README.md"));
    let table = readme.split("## Operate").nth(1).unwrap().split("\n## ").next().unwrap();
    for id in template.of_type("AWS::CloudWatch::Alarm") {
        let alarm = &template.resource(id)["Properties"];
        assert_eq!(alarm["AlarmActions"], json!(["Topic"]), "{id}");
        assert_eq!(alarm["TreatMissingData"], "notBreaching", "{id}");
        let name = alarm["AlarmName"].as_str().unwrap_or_else(|| panic!("{id} has no name"));
        assert!(table.contains(&format!("| `{name}` |")), "{name} is not in the README");
        let body = template.resource("Dashboard")["Properties"]["DashboardBody"].to_string();
        assert!(body.contains(&format!("${{{id}.Arn}}")), "{id} is not on the dashboard");
    }
    let named = template.of_type("AWS::CloudWatch::Alarm").into_iter();
    let metrics: Vec<&str> = named
        .map(|id| &template.resource(id)["Properties"])
        .filter(|alarm| alarm["Namespace"] == "Bascule")
        .filter_map(|alarm| alarm["MetricName"].as_str())
        .collect();
    assert_eq!(metrics.len(), 2);
    let body = template.resource("Dashboard")["Properties"]["DashboardBody"].to_string();
    for metric in Metric::all() {
        assert!(body.contains(metric.name()), "{} is not on the dashboard", metric.name());
    }
    for metric in metrics {
        assert!(Metric::all().iter().any(|known| known.name() == metric), "nobody reports {metric}");
    }
}
