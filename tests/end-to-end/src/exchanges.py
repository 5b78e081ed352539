"""What AWS's service models, as botocore carries them, say of the requests and answers in a file (a JSON object a line): a line of
text for each kind of problem. Requests are read by moto's parsers, written again by botocore's serializers, and compared, so that a
member that the model does not know is seen."""

import base64
import collections
import importlib.util
import json
import pathlib
import re
import sys
import urllib.parse
import xml.etree.ElementTree as ElementTree

import botocore.loaders
import botocore.serialize
import botocore.validate
import cbor2
from werkzeug.datastructures import Headers, MultiDict

# The signing name of a service and botocore's own, where they differ.
MODELS = {
    "elasticloadbalancing": "elbv2",
    "monitoring": "cloudwatch",
    "states": "stepfunctions",
}

# Errors that every operation may answer
# (https://docs.aws.amazon.com/apigateway/latest/api/CommonErrors.html, https://docs.aws.amazon.com/eks/latest/APIReference/CommonErrors.html).
COMMON = {"AccessDenied", "AccessDeniedException", "Throttling", "ThrottlingException", "UnrecognizedClientException", "ValidationError"}


def load(package, file):
    """A module of a package that is read as a file: the package itself would want its own dependencies."""
    path = pathlib.Path(importlib.util.find_spec(package).submodule_search_locations[0]) / file
    spec = importlib.util.spec_from_file_location(f"{package}_{path.stem}", path)
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    return module


parsers = load("moto", "core/parse.py").PROTOCOL_PARSERS
ServiceModel = load("moto", "core/model.py").ServiceModel
loader = botocore.loaders.Loader()
services = {}


def service(signing_name):
    """The model of a service."""
    name = MODELS.get(signing_name, signing_name)
    if name not in services:
        services[name] = ServiceModel(loader.load_service_model(name, "service-2"), name)
    return services[name]


def named(exchange):
    """The service of an exchange: HTTP APIs have the signing name of REST APIs, and paths and a model of their own."""
    is_http_api = exchange["service"] == "apigateway" and exchange["uri"].startswith("/v2/")
    return "apigatewayv2" if is_http_api else exchange["service"]


def template(uri):
    """The path of a `requestUri` as an expression, and the query that it fixes."""
    path, _, query = uri.partition("?")
    parts = re.split(r"(\{[^}]+\})", path)
    names, expression = [], ""
    for part in parts:
        if part.startswith("{"):
            names.append(part.strip("{}+"))
            expression += "(.+)" if part.endswith("+}") else "([^/]+)"
        else:
            expression += re.escape(part)
    return re.compile(f"{expression}/?"), names, urllib.parse.parse_qsl(query, keep_blank_values=True)


def find(model, method, path, query):
    """The operation of a REST protocol that a request is for, and what its path says."""
    found = []
    for name in model.operation_names:
        operation = model.operation_model(name)
        if operation.http["method"] != method or operation.input_shape is None:
            continue
        expression, names, fixed = template(operation.http["requestUri"])
        match = expression.fullmatch(path)
        # S3 tells GetObject and ListParts apart by a query parameter that one of them wants.
        wanted = {pair[0] for pair in fixed} | {
            member.serialization.get("name", name)
            for name, member in operation.input_shape.members.items()
            if member.serialization.get("location") == "querystring" and name in operation.input_shape.required_members
        }
        if match and all(pair in query for pair in fixed) and wanted <= {pair[0] for pair in query}:
            values = dict(zip(names, map(urllib.parse.unquote, match.groups())))
            found.append((len(wanted), -len(names), name, operation, values))
    if not found:
        return None, {}
    best = max(found, key=lambda one: one[:3])
    return best[3], best[4]


def scalars(value, path=""):
    """Every scalar of a JSON document by its path, `*` for a place in a list."""
    if isinstance(value, dict):
        for key, inner in value.items():
            yield from scalars(inner, f"{path}.{key}")
    elif isinstance(value, list):
        for inner in value:
            yield from scalars(inner, f"{path}.*")
    elif value is not None:
        yield path


def constraints(shape, value, path):
    """What botocore's own validation leaves out: patterns, enums and largest sizes."""
    if value is None:
        return
    if shape.type_name == "structure":
        for name, member in shape.members.items():
            if isinstance(value, dict) and name in value:
                yield from constraints(member, value[name], f"{path}.{name}")
    elif shape.type_name == "list":
        largest = shape.metadata.get("max")
        if largest is not None and len(value) > largest:
            yield f"{path}: {len(value)} items, at most {largest}"
        for inner in value:
            yield from constraints(shape.member, inner, f"{path}.*")
    elif shape.type_name == "map":
        for key, inner in value.items():
            yield from constraints(shape.key, key, f"{path} (key)")
            yield from constraints(shape.value, inner, f"{path}.*")
    elif shape.type_name == "string" and isinstance(value, str):
        enum, pattern, largest = (shape.metadata.get(name) for name in ("enum", "pattern", "max"))
        if enum and value not in enum:
            yield f"{path}: {value!r} is none of {enum}"
        if largest is not None and len(value) > largest:
            yield f"{path}: {len(value)} characters, at most {largest}"
        if pattern and not matches(pattern, value):
            yield f"{path}: {value!r} does not match {pattern}"
    elif shape.type_name in ("integer", "long") and isinstance(value, int):
        largest = shape.metadata.get("max")
        if largest is not None and value > largest:
            yield f"{path}: {value}, at most {largest}"


def matches(pattern, value):
    """Whether AWS's pattern, which is Java's, holds; one that Python cannot read holds."""
    try:
        return re.fullmatch(re.sub(r"\\p\{(\w+)\}", r"\\w", pattern), value) is not None
    except re.error:
        return True


class Asked:
    """A request: its operation and protocol, and where its members are."""

    def __init__(self, exchange):
        model = service(named(exchange))
        uri = urllib.parse.urlsplit(exchange["uri"])
        self.headers = Headers(list(exchange["headers"].items()))
        self.body = base64.b64decode(exchange["body"])
        self.method, self.path = exchange["method"], uri.path
        self.query = urllib.parse.parse_qsl(uri.query, keep_blank_values=True)
        self.form, self.variables = [], {}
        if self.headers.get("smithy-protocol") == "rpc-v2-cbor":
            self.protocol = "cbor"
            self.operation = model.operation_model(uri.path.rsplit("/", 1)[-1])
        elif "x-amz-target" in self.headers:
            self.protocol = "json"
            self.operation = model.operation_model(self.headers["x-amz-target"].rsplit(".", 1)[-1])
        elif model.resolved_protocol in ("query", "ec2") or (
            "query" in model.metadata.get("protocols", []) and self.headers.get("content-type", "").startswith("application/x-www-form-urlencoded")
        ):
            self.protocol = "ec2" if model.service_name == "ec2" else "query"
            self.form = urllib.parse.parse_qsl(self.body.decode(), keep_blank_values=True)
            self.operation = model.operation_model(dict(self.form)["Action"])
        else:
            self.protocol = model.resolved_protocol
            self.operation, self.variables = find(model, self.method, self.path, self.query)

    def problems(self):
        """What is wrong with it."""
        if self.protocol == "cbor":
            return list(judged(self.operation, cbor2.loads(self.body) if self.body else {}, [], []))
        parser = parsers[self.protocol](self.operation, timestamp_parser=lambda value: value)
        members = {
            "body": self.body,
            "headers": self.headers,
            "method": self.method,
            "url_params": self.variables,
            "url_path": self.path,
            "values": MultiDict(self.form or self.query),
        }
        params = parser.parse(members)
        serializer = botocore.serialize.create_serializer(self.protocol, include_validation=False)
        again = serializer.serialize_to_request(params, self.operation)
        sent = {name for name, _ in self.form} or {f"?{name}" for name, _ in self.query} | set(document(self.protocol, self.operation, self.body))
        return list(judged(self.operation, params, sent, written(self.protocol, self.operation, again)))


def document(protocol, operation, body):
    """Where a JSON body has scalars; a body that is a member of its own has no model inside."""
    payload = operation.input_shape and operation.input_shape.serialization.get("payload")
    if "json" not in protocol or not body or payload:
        return []
    return scalars(json.loads(body))


def written(protocol, operation, again):
    """The names in what botocore would send."""
    body = again["body"]
    if protocol in ("query", "ec2"):
        return set(body)
    _, names, fixed = template(operation.http["requestUri"])
    query = again.get("query_string") or {}
    names = {f"?{name}" for name in query} | {f"?{name}" for name, _ in fixed}
    return names | set(document(protocol, operation, body))


def judged(operation, params, sent, known):
    """The problems of one request."""
    if operation.input_shape is None:
        return
    report = botocore.validate.ParamValidator().validate(params, operation.input_shape)
    if report.has_errors():
        yield from report.generate_report().splitlines()
    yield from constraints(operation.input_shape, params, "")
    # `x-id` tells S3's operations apart in logs.
    for name in sorted(set(sent) - set(known) - {"?x-id"}):
        yield f"{name} is not in the model"


def answer(operation, exchange):
    """The problems of an answer."""
    model = operation.service_model
    headers, body = Headers(list(exchange["answerHeaders"].items())), base64.b64decode(exchange["answer"])
    if exchange["status"] >= 400:
        yield from refusal(operation, exchange["status"], headers, body)
        return
    expected = operation.http.get("responseCode", 200)
    if model.resolved_protocol.startswith("rest") and exchange["status"] != expected:
        yield f"status {exchange['status']}, expected {expected}"
    shape = operation.output_shape
    if shape is None or not body or shape.serialization.get("payload"):
        return
    if "json" in model.resolved_protocol:
        yield from json_value(shape, json.loads(body), "")
    else:
        root = ElementTree.fromstring(body)
        wrapper = shape.serialization.get("resultWrapper")
        node = next((child for child in root if tag(child) == wrapper), None) if wrapper else root
        if node is None:
            yield f"no <{wrapper}>"
        else:
            yield from xml_value(shape, node, "", model.resolved_protocol)


def refusal(operation, status, headers, body):
    """The problems of an answer that refuses: a code that the operation does not have, or another status than the code's."""
    code = headers.get("x-amzn-errortype", "")
    if not code and body.lstrip().startswith(b"<"):
        code = next((node.text for node in ElementTree.fromstring(body).iter() if tag(node) == "Code"), "")
    elif not code and body:
        described = json.loads(body)
        code = described.get("__type") or described.get("code") or ""
    code = code.split(":")[0].rsplit("#", 1)[-1]
    modelled = {}
    for shape in operation.error_shapes:
        error = shape.metadata.get("error", {})
        modelled[error.get("code", shape.name)] = error.get("httpStatusCode")
    if operation.service_model.service_name == "ec2":
        # EC2's model names no errors.
        return
    if code not in modelled and code not in COMMON:
        yield f"{code!r} is none of {sorted(modelled)}"
    elif modelled.get(code) not in (None, status):
        yield f"{code} has the status {status}, expected {modelled[code]}"


def tag(node):
    return re.sub(r"\{.*\}", "", node.tag)


JSON_TYPES = {
    "string": str,
    "character": str,
    "blob": str,
    "boolean": bool,
    "integer": int,
    "long": int,
    "float": (int, float),
    "double": (int, float),
    "timestamp": (int, float),
    "structure": dict,
    "map": dict,
    "list": list,
}


def json_value(shape, value, path):
    """The problems of a JSON value."""
    if value is None:
        return
    kind = JSON_TYPES[shape.type_name]
    if shape.type_name == "timestamp" and shape.serialization.get("timestampFormat") == "iso8601":
        kind = str
    if not isinstance(value, kind) or (kind is int and isinstance(value, bool)):
        yield f"{path}: {value!r} is no {shape.type_name}"
    elif shape.type_name == "structure" and not shape.is_document_type:
        members = {member.serialization.get("name", name): member for name, member in shape.members.items()}
        for name, inner in value.items():
            if name in members:
                yield from json_value(members[name], inner, f"{path}.{name}")
            else:
                yield f"{path}.{name} is not in the model"
    elif shape.type_name == "map":
        for inner in value.values():
            yield from json_value(shape.value, inner, f"{path}.*")
    elif shape.type_name == "list":
        for inner in value:
            yield from json_value(shape.member, inner, f"{path}.*")
    elif shape.type_name == "string" and shape.metadata.get("enum") and value not in shape.metadata["enum"]:
        yield f"{path}: {value!r} is none of {shape.metadata['enum']}"


def xml_value(shape, node, path, protocol):
    """The problems of an XML element."""
    if shape.type_name == "structure":
        members = {xml_name(member, name): member for name, member in shape.members.items()}
        for child in node:
            name = tag(child)
            if name in members:
                yield from xml_value(members[name], child, f"{path}.{name}", protocol)
            elif name not in ("requestId", "ResponseMetadata"):
                yield f"{path}.{name} is not in the model"
    elif shape.type_name == "list":
        name = shape.member.serialization.get("name", "item" if protocol == "ec2" else "member")
        if shape.serialization.get("flattened"):
            yield from xml_value(shape.member, node, f"{path}.*", protocol)
            return
        for child in node:
            if tag(child) == name:
                yield from xml_value(shape.member, child, f"{path}.*", protocol)
            else:
                yield f"{path}.{tag(child)}, expected {name}"
    elif shape.type_name in ("integer", "long") and not re.fullmatch(r"-?\d+", node.text or ""):
        yield f"{path}: {node.text!r} is no {shape.type_name}"
    elif shape.type_name == "boolean" and node.text not in ("true", "false"):
        yield f"{path}: {node.text!r} is no boolean"
    elif shape.type_name == "string" and shape.metadata.get("enum") and (node.text or "") not in shape.metadata["enum"]:
        yield f"{path}: {node.text!r} is none of {shape.metadata['enum']}"


def xml_name(member, name):
    if member.type_name == "list" and member.serialization.get("flattened"):
        return member.member.serialization.get("name", member.serialization.get("name", name))
    return member.serialization.get("name", name)


def main():
    problems, operations, judged_answers = collections.Counter(), set(), 0
    for line in pathlib.Path(sys.argv[1]).read_text().splitlines():
        exchange = json.loads(line)
        asked = Asked(exchange)
        is_administrator = exchange["accessKeyId"] == sys.argv[2]
        if asked.operation is None and is_administrator:
            # Function URLs are called by people and are no API of AWS.
            continue
        if asked.operation is None:
            problems[f"{named(exchange)}: no operation has {asked.method} {asked.path}"] += 1
            continue
        name = f"{named(exchange)}:{asked.operation.name}"
        # What the administrator's plain requests look like is nobody's promise.
        if not is_administrator:
            operations.add(name)
            problems.update(f"{name}: request: {problem}" for problem in asked.problems())
        if exchange["isSimulated"]:
            judged_answers += 1
            problems.update(f"{name}: answer: {problem}" for problem in answer(asked.operation, exchange))
    found = {
        "operations": sorted(operations),
        "answers": judged_answers,
        "problems": [f"{problem} ({times} times)" for problem, times in sorted(problems.items())],
    }
    json.dump(found, sys.stdout)


main()
