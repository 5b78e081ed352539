//! No role may delete or change what is neither Bascule's own nor listed.

use end_to_end::{
    project,
    reference::{RESOURCE_TAG, Reference},
    template::{Statement, Template},
};
use regex_lite::Regex;
use serde_json::json;
use std::collections::BTreeSet;

/// Tags that bound a change to what is Bascule's, or what was left to it.
const TAGS: [(&str, &str); 7] = [
    ("aws:ResourceTag/bascule:migration", "Bascule made it"),
    ("aws:ResourceTag/bascule:side", "Bascule made it"),
    ("aws:ResourceTag/bascule:replaceable", "its owner gave it free"),
    ("aws:ResourceTag/cluster.k8s.amazonaws.com/name", "the Amazon VPC CNI made it and left it behind"),
    ("aws:ResourceTag/eks:eni:owner", "the Amazon VPC CNI, of a later version, made it and left it behind"),
    ("aws:ResourceTag/aws:eks:cluster-name", "EKS made it for a cluster"),
    ("aws:ResourceTag/eks:nodegroup-name", "EKS made it for a node group"),
];

/// Conditions on the request that leave one change of what is not Bascule's, with the value that they want.
const OF_THE_REQUEST: [(&str, &str); 1] = [
    // Of blue, where the input allows it, and nothing else of its configuration: EKS takes one change a request.
    ("eks:authenticationMode", "API_AND_CONFIG_MAP"),
];

/// Changes of what exists that no tag can bound, and why.
const UNBOUNDED: [(&str, &str); 29] = [
    (
        "apigateway:DELETE /apis/*/deployments/*",
        "nothing of an HTTP API inherits its tags; API Gateway keeps what a stage uses",
    ),
    (
        "apigateway:DELETE /restapis/*/deployments/*",
        "has the tags of the main API; API Gateway keeps what a stage uses",
    ),
    ("apigateway:PATCH /apis/*/integrations/*", "the main API is the user's"),
    ("apigateway:PATCH /apis/*/stages/*", "production's stage is the user's, and the switch is its change"),
    ("apigateway:PATCH /restapis/*/resources/*/methods/*/integration", "the main API is the user's"),
    ("apigateway:PATCH /restapis/*/stages/*", "production's stage is the user's, and the switch is its change"),
    ("apigateway:PUT /apis", "makes an API, which has no tags yet"),
    ("apigateway:PUT /tags/*", "AWS has no condition on the tagged resource there"),
    ("apigateway:UpdateRestApiPolicy /restapis", "a new API has no tags yet; allows no call by itself"),
    ("apigateway:UpdateRestApiPolicy /restapis/*", "allows no call without PATCH or PUT on the same API"),
    (
        "dynamodb:DeleteItem",
        "locks in a table of others that the deployment names, given back while they are Bascule's",
    ),
    ("dynamodb:PutItem", "locks and digests of states, in a table of others that the deployment names"),
    ("ec2:AuthorizeSecurityGroupEgress", "rules of others that name blue's groups are copied"),
    ("ec2:AuthorizeSecurityGroupIngress", "rules of others that name blue's groups are copied"),
    ("ec2:RevokeSecurityGroupEgress", "rules of others that name blue's or green's groups are removed"),
    ("ec2:RevokeSecurityGroupIngress", "rules of others that name blue's or green's groups are removed"),
    ("ec2:DeleteVpcEndpointServiceConfigurations", "API Gateway's own, made and deleted with a VPC link"),
    ("ec2:ModifyVpcEndpointServicePermissions", "API Gateway's own, made and deleted with a VPC link"),
    ("eks:AssociateAccessPolicy", "the entry was made a moment ago, and who makes entries decides on access anyway"),
    ("eks:TagResource", "AWS has no condition for tags given at creation"),
    (
        "events:PutEvents",
        "the default bus is of others too: events of the source bascule are added, and nothing is changed",
    ),
    ("iam:UpdateAssumeRolePolicy", "roles of others, those only that whoever deploys names, by default none"),
    (
        "lambda:AddPermission",
        "functions of others, which have no tag of Bascule's; bound to API Gateway as the principal",
    ),
    ("lambda:RemovePermission", "functions of others, too; the statement has an id of Bascule's"),
    ("s3:DeleteObject", "lock files beside states of others that the deployment names, and Bascule's copies"),
    (
        "s3:PutObject",
        "states of others that the deployment names, where they are still what was read; and plans and reports, in a bucket that it names for them",
    ),
    ("states:SendTask*", "a token names no resource"),
    ("xray:PutTelemetryRecords", "the account's traces name no resource, and are only added to"),
    ("xray:PutTraceSegments", "the account's traces name no resource, and are only added to"),
];

/// What a change of something that exists begins with; what creates is not among it.
const CHANGES: [&str; 22] = [
    "Add",
    "Associate",
    "Attach",
    "Authorize",
    "CreateTags",
    "DELETE",
    "Delete",
    "Detach",
    "Disassociate",
    "Modify",
    "PATCH",
    "PUT",
    "Put",
    "Remove",
    "Revoke",
    "SendTask",
    "Set",
    "Start",
    "Stop",
    "TagResource",
    "Terminate",
    "Update",
];

fn changes(action: &str) -> bool {
    let name = action.split_once(':').map_or(action, |(_, name)| name);
    CHANGES.iter().any(|change| name.starts_with(change))
}

/// A resource of the stack itself, or of a name that only Bascule's have.
fn is_own(resource: &str) -> bool {
    let is_logical = resource.chars().all(|letter| letter.is_ascii_alphanumeric() || letter == '.');
    is_logical
        || ["bascule", "${ScheduleGroup}", "Function.Arn}", "StepFunctionsGetEvents"]
            .iter()
            .any(|own| resource.contains(own))
}

fn is_bounded(statement: &Statement) -> bool {
    let conditions = statement.conditions();
    let by_tag = conditions.iter().any(|(key, _)| TAGS.iter().any(|(tag, _)| tag == key));
    let by_creation = conditions.iter().any(|(key, _)| key.ends_with(":CreateAction"));
    let by_request = conditions
        .iter()
        .any(|(key, values)| OF_THE_REQUEST.iter().any(|(of, wanted)| of == key && *values == [*wanted]));
    by_tag || by_creation || by_request || statement.resources.iter().all(|resource| is_own(resource))
}

fn roles(template: &Template) -> impl Iterator<Item = (String, Statement)> {
    let roles = template.of_type("AWS::IAM::Role").into_iter();
    roles.flat_map(|role| template.all_statements(role).into_iter().map(|statement| (role.to_owned(), statement)))
}

#[test]
fn nothing_is_deleted_or_changed_without_a_condition() {
    let template = Template::read();
    let mut wrong = Vec::new();
    let mut used = BTreeSet::new();
    for (role, statement) in roles(&template).filter(|(_, statement)| !is_bounded(statement)) {
        for action in statement.allowed().into_iter().filter(|action| changes(action)) {
            // Delivery of logs is not tied to a resource.
            if action.starts_with("logs:") {
                continue;
            }
            let is_excuse = |excuse: &&(&str, &str)| match excuse.0.strip_suffix("Task*") {
                Some(prefix) => action.starts_with(prefix),
                None => excuse.0 == action,
            };
            match UNBOUNDED.iter().find(is_excuse) {
                Some((excuse, _)) => drop(used.insert(*excuse)),
                None => wrong.push(format!("{role} may {action} of anybody")),
            }
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
    let excuses: BTreeSet<&str> = UNBOUNDED.iter().map(|(excuse, _)| *excuse).collect();
    assert_eq!(used, excuses, "excuses that nobody needs any more");
}

/// A condition on a key that AWS does not evaluate for an action denies it always.
#[test]
fn every_condition_is_one_that_aws_evaluates_for_the_action() {
    let template = Template::read();
    let reference = Reference::get();
    let mut wrong = Vec::new();
    for (role, statement) in roles(&template) {
        for action in &statement.actions {
            let known = reference.action(action).unwrap_or_else(|| panic!("{role}: AWS has no action {action}"));
            // API Gateway's REST APIs share their prefix with its HTTP APIs, whose entries hide some of theirs: tags are evaluated
            // (https://docs.aws.amazon.com/apigateway/latest/developerguide/apigateway-tagging-iam-policy.html).
            let is_rest = action.starts_with("apigateway:");
            for (key, _) in statement.conditions() {
                let is_tag = key.starts_with("aws:ResourceTag/");
                // Global keys: https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_condition-keys.html.
                let is_global = key == "aws:ResourceAccount";
                if !(is_global || known.evaluates(&key) || (is_rest && is_tag)) {
                    wrong.push(format!("{role}: {action} has no {key}"));
                }
            }
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}

/// The other way round: what AWS can bound by a tag has no excuse, but for what the tags of others are needed.
#[test]
fn an_excuse_says_why_where_aws_could_bound_it() {
    let reference = Reference::get();
    for (action, why) in UNBOUNDED.iter().filter(|(action, _)| !action.starts_with("apigateway:")) {
        let Some(known) = reference.action(action) else { continue };
        let could = known.conditions.contains(RESOURCE_TAG);
        let explains =
            ["others", "API Gateway's own", "a moment ago", "at creation"].iter().any(|word| why.contains(word));
        assert!(!could || explains, "{action} could be bound by a tag: {why}");
    }
}

#[test]
fn blue_is_deleted_only_where_its_owner_gave_it_free_unless_the_deployment_says_otherwise() {
    let template = Template::read();
    let parameter = &template.document["Parameters"]["CleanupDeletes"];
    assert_eq!(
        (&parameter["AllowedValues"], &parameter["Default"]),
        (&json!(["tagged", "approved"]), &json!("tagged"))
    );
    assert_eq!(template.document["Conditions"]["CleansTaggedOnly"], json!(["CleanupDeletes", "tagged"]));
    let conditional: Vec<_> = roles(&template).filter(|(_, statement)| statement.condition.is_array()).collect();
    assert!(!conditional.is_empty());
    for (role, statement) in conditional {
        assert_eq!(role, "CleanupRole");
        let only = json!(["CleansTaggedOnly", { "StringEquals": { "aws:ResourceTag/bascule:replaceable": "true" } }, "AWS::NoValue"]);
        assert_eq!(statement.condition, only);
    }
}

#[test]
fn no_role_may_do_everything() {
    let template = Template::read();
    for (role, statement) in roles(&template) {
        assert!(statement.actions.iter().all(|action| !action.contains('*')), "{role}: {:?}", statement.actions);
    }
}

#[test]
fn an_api_is_overwritten_only_where_its_tag_says_that_it_is_temporary() {
    let template = Template::read();
    for overwrite in ["apigateway:PUT /restapis/*", "apigateway:PUT /apis/*"] {
        let mut owners = Vec::new();
        for (role, statement) in roles(&template) {
            if statement.allowed().contains(overwrite) {
                let side = &statement.condition["StringEquals"]["aws:ResourceTag/bascule:side"];
                assert_eq!(side, "temporary", "{role} may overwrite any API");
                owners.push(role);
            }
        }
        assert_eq!(owners, ["ShiftTrafficRole"], "{overwrite}");
    }
}

#[test]
fn manifests_come_from_a_bucket_that_the_deployment_names_in_an_account_that_it_names() {
    let template = Template::read();
    let parameters = template.document["Parameters"].as_object().unwrap();
    let anything: Vec<_> = parameters.iter().filter(|(_, parameter)| parameter["Default"] == "*").collect();
    assert!(anything.is_empty(), "{anything:?}");
    assert!(parameters["ManifestsBucket"]["Default"].is_null(), "a bucket is named by whoever deploys");
    let mut readers = 0;
    let states = states();
    for (role, statement) in roles(&template).filter(|(_, statement)| statement.actions.contains("s3:GetObject")) {
        if statement.resources.first() == Some(&states) {
            continue;
        }
        let account = &statement.condition["StringEquals"]["aws:ResourceAccount"];
        assert_eq!(account, &json!(["HasManifestsAccount", "ManifestsAccount", "AWS::AccountId"]), "{role}");
        assert_eq!(statement.resources, ["arn:${AWS::Partition}:s3:::${ManifestsBucket}/*"], "{role}");
        readers += 1;
    }
    assert!(readers > 0);
}

fn states() -> String {
    "arn:${AWS::Partition}:s3:::${TerraformStates}".to_owned()
}

#[test]
fn objects_are_written_among_the_states_that_the_deployment_names_by_the_hand_over_alone() {
    let template = Template::read();
    // No bucket and no table has this name.
    for parameter in ["TerraformStates", "TerraformLocks"] {
        assert_eq!(template.document["Parameters"][parameter]["Default"], "-");
    }
    let writes = |action: &String| ["s3:PutObject", "s3:DeleteObject"].contains(&action.as_str());
    let mut found = BTreeSet::new();
    // Another test is about its reports.
    let hand_over =
        |(role, statement): &(String, Statement)| role != "DecideRole" && statement.actions.iter().any(writes);
    for (role, statement) in roles(&template).filter(hand_over) {
        for resource in &statement.resources {
            let beside = resource.strip_prefix(&states()).unwrap_or_else(|| panic!("{role} writes {resource}"));
            let deletes = statement.actions.contains("s3:DeleteObject");
            assert!(
                [".tflock", ".before-bascule-*", ".bascule-adopt-*"].contains(&beside)
                    || (beside.is_empty() && !deletes),
                "{resource}"
            );
        }
        found.insert(role);
    }
    assert_eq!(found, ["HandoverTerraformRole".to_owned()].into());
}

#[test]
fn plans_and_reports_are_written_where_the_deployment_names_a_bucket_of_its_own_account_and_nothing_else_is() {
    let template = Template::read();
    let parameters = &template.document["Parameters"];
    assert_eq!(parameters["ReportBucket"]["Default"], "");
    assert_eq!(template.document["Conditions"]["KeepsReports"], json!([["ReportBucket", ""]]));
    let written = &template.resource("DecideRole")["Properties"]["Policies"][0]["PolicyDocument"]["Statement"];
    let written: Vec<_> = written.as_array().unwrap().iter().filter(|statement| statement.is_array()).collect();
    let [written] = written.as_slice() else { panic!("{written:?}") };
    assert_eq!((&written[0], &written[2]), (&json!("KeepsReports"), &json!("AWS::NoValue")));
    let files = ["plan.json", "plan.md", "report.html", "report.md"];
    let resources =
        files.map(|file| format!("arn:${{AWS::Partition}}:s3:::${{ReportBucket}}/${{ReportPrefix}}*/{file}"));
    let only = json!({
        "Effect": "Allow",
        "Action": "s3:PutObject",
        "Resource": resources,
        "Condition": { "StringEquals": { "aws:ResourceAccount": "AWS::AccountId" } },
    });
    assert_eq!(written[1], only);
    // With a slash at its end the prefix is a folder, and no pattern of IAM.
    let prefix = Regex::new(parameters["ReportPrefix"]["AllowedPattern"].as_str().unwrap()).unwrap();
    for (text, is_allowed) in [
        ("", true),
        ("bascule/", true),
        ("a/b.c-d_e/", true),
        ("bascule", false),
        ("*/", false),
        ("/", false),
        ("${x}/", false),
    ] {
        assert_eq!(prefix.is_match(text), is_allowed, "{text:?}");
    }
}

#[test]
fn the_public_function_writes_answers_of_migrations_and_nothing_else() {
    let template = Template::read();
    let public: Vec<_> = project::phases()
        .into_iter()
        .filter(|phase| template.function(phase)["FunctionUrlConfig"].is_object())
        .collect();
    assert_eq!(public, ["decide"]);
    let statements = template.all_statements("DecideRole");
    let ledger =
        statements.iter().filter(|statement| statement.actions.iter().any(|action| action.starts_with("dynamodb:")));
    for statement in ledger {
        // https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/specifying-conditions.html: an absent key would pass
        // `ForAllValues` by itself.
        assert_eq!(statement.condition["ForAllValues:StringLike"], json!({ "dynamodb:LeadingKeys": ["MIGRATION#*"] }));
        assert_eq!(statement.condition["Null"], json!({ "dynamodb:LeadingKeys": "false" }));
        let writes = statement.actions.iter().any(|action| changes(action));
        assert_eq!(statement.condition["StringEquals"]["dynamodb:EnclosingOperation"] == "TransactWriteItems", writes);
        assert!(!statement.actions.contains("dynamodb:DeleteItem"));
    }
    let writes: BTreeSet<String> = statements
        .iter()
        .flat_map(|statement| statement.actions.iter().cloned())
        .filter(|action| changes(action) && !["logs:", "xray:"].iter().any(|own| action.starts_with(own)))
        .collect();
    let expected = [
        "dynamodb:PutItem",
        "dynamodb:UpdateItem",
        "s3:PutObject",
        "scheduler:DeleteSchedule",
        "states:SendTaskSuccess",
        "states:StartExecution",
    ];
    assert_eq!(writes, expected.map(str::to_owned).into());
    // Of the machines, the way back, which people start on the status page with its code.
    let started = statements.iter().filter(|statement| statement.actions.contains("states:StartExecution"));
    let machines: Vec<&String> = started.flat_map(|statement| &statement.resources).collect();
    assert!(machines.len() == 1 && machines[0].ends_with(":stateMachine:bascule-rollback"), "{machines:?}");
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
    let expected = ["bascule-decide:live", "bascule-observe:live", "bascule-cleanup", "DeadLetters.Arn"];
    assert_eq!(targets, expected.into());
}
