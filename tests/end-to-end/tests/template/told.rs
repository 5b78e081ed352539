//! What the template tells people: alarms, messages, events, and what could not be delivered.

use std::collections::{BTreeMap, BTreeSet};

use domain::ports::metrics::Metric;
use end_to_end::{machine::MACHINES, project, template::Template};
use serde_json::{Value, json};

/// EventBridge publishes to no topic whose key is for one account (awslabs/landing-zone-accelerator-on-aws#407), so observe does.
#[test]
fn every_end_is_told_to_people() {
    let template = Template::read();
    let rule = &template.resource("EndedRule")["Properties"];
    let pattern = &rule["EventPattern"];
    assert_eq!(pattern["source"], json!(["aws.states"]));
    assert_eq!(pattern["detail-type"], json!(["Step Functions Execution Status Change"]));
    let machines: Vec<String> = MACHINES.iter().map(|name| format!("{}Machine", project::pascal(name))).collect();
    let told: BTreeSet<&str> =
        pattern["detail"]["stateMachineArn"].as_array().unwrap().iter().filter_map(Value::as_str).collect();
    assert_eq!(told, machines.iter().map(String::as_str).collect());
    assert_eq!(pattern["detail"]["status"], json!(["SUCCEEDED", "FAILED", "TIMED_OUT", "ABORTED"]));
    assert_eq!(rule["Targets"][0]["Arn"], "ObserveFunction.Alias");
    let permission = &template.resource("EndedRulePermission")["Properties"];
    assert_eq!(
        (&permission["FunctionName"], &permission["SourceArn"]),
        (&json!("ObserveFunction.Alias"), &json!("EndedRule.Arn"))
    );
}

/// The report is of the same ends, and the plan of the audit's first entry.
#[test]
fn what_is_to_be_filed_is_told_to_decide_where_a_bucket_is_named() {
    let template = Template::read();
    let ended = &template.resource("EndedRule")["Properties"]["EventPattern"];
    let schema: Value = serde_json::from_str(&project::text("statemachine/events/audit-entry.schema.json")).unwrap();
    let pipe = &template.resource("EventPipe")["Properties"]["TargetParameters"]["EventBridgeEventBusParameters"];
    let opened =
        json!({ "source": [pipe["Source"]], "detail-type": [pipe["DetailType"]], "detail": { "what": ["opened"] } });
    assert!(schema["properties"]["what"]["examples"].as_array().unwrap().contains(&json!("opened")));
    for (id, pattern) in [("ReportRule", ended), ("PlanRule", &opened)] {
        let rule = template.resource(id);
        assert_eq!(rule["Properties"]["EventPattern"], *pattern, "{id}");
        assert_eq!(rule["Properties"]["Targets"][0]["Arn"], "DecideFunction.Alias", "{id}");
        let permission = template.resource(&format!("{id}Permission"));
        let granted = (&permission["Properties"]["FunctionName"], &permission["Properties"]["SourceArn"]);
        assert_eq!(granted, (&json!("DecideFunction.Alias"), &json!(format!("{id}.Arn"))));
        assert_eq!((&rule["Condition"], &permission["Condition"]), (&json!("KeepsReports"), &json!("KeepsReports")));
    }
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
    // A rule that is there under a condition is named under the same one.
    let source = |arn: &Value| {
        let id = arn.as_str().or(arn[1].as_str())?.strip_suffix(".Arn")?.to_owned();
        let expected = match &template.resource(&id)["Condition"] {
            Value::Null => json!(format!("{id}.Arn")),
            condition => json!([condition, format!("{id}.Arn"), "AWS::NoValue"]),
        };
        assert_eq!(*arn, expected);
        Some(id)
    };
    assert_eq!(
        sources.iter().filter_map(source).collect::<BTreeSet<_>>(),
        rules.iter().map(|id| (*id).to_owned()).collect()
    );

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
