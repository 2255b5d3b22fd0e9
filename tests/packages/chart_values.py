# SPDX-License-Identifier: Apache-2.0
"""
Values for the chart: one set in which every option is in use, with names that YAML takes for
something else, and what must be refused, found by going through the schema.
"""

import json

from manifests import CHART

SCHEMA = json.loads((CHART / "values.schema.json").read_text())

MONITOR = {
    "enabled": True,
    "labels": {"release": "prometheus"},
    "interval": "1m30s",
    "scrapeTimeout": "10s",
    "sampleLimit": 1000000,
    "labelLimit": 30,
    "scheme": "https",
    "tlsConfig": {"serverName": "taint.example.org",
                  "ca": {"configMap": {"name": "ca", "key": "ca.crt"}}},
    "basicAuth": {"username": {"name": "web", "key": "user"},
                  "password": {"name": "web", "key": "password"}},
    "relabelings": [{"targetLabel": "cluster", "replacement": "one"}],
    "metricRelabelings": [
        {"action": "drop", "sourceLabels": ["__name__"], "regex": "process_.*"},
    ],
}
EVERYTHING = {
    "image": {"repository": "mirror.example.org/taint", "tag": "1.0",
              "digest": "sha256:" + 64 * "0", "pullPolicy": "Always"},
    "imagePullSecrets": [{"name": "pull"}],
    "nameOverride": "no",
    "fullnameOverride": "true",
    "extraArgs": ["--log.format=json", "--collector.signature.modules=all"],
    "modules": {"enabled": True},
    "webConfig": {"existingSecret": "1"},
    "service": {"port": 9100, "annotations": {"example.org/team": "kernel"}},
    "podMonitor": MONITOR,
    "serviceMonitor": MONITOR,
    "networkPolicy": {"enabled": True, "from": [{"ipBlock": {"cidr": "10.0.0.0/8"}}]},
    "serviceAccount": {"create": True, "name": "2",
                       "annotations": {"example.org/team": "kernel"}},
    "probes": {"scheme": "HTTPS",
               "httpHeaders": [{"name": "Authorization", "value": "Basic cDpw"}]},
    "resources": {"limits": {"cpu": "100m", "memory": "64Mi"}},
    "updateStrategy": {"type": "OnDelete"},
    "priorityClassName": "3",
    "nodeSelector": {"kubernetes.io/arch": "amd64"},
    "affinity": {"nodeAffinity": {"requiredDuringSchedulingIgnoredDuringExecution": {
        "nodeSelectorTerms": [{"matchExpressions": [
            {"key": "example.org/pool", "operator": "NotIn", "values": ["virtual"]}]}]}}},
    "tolerations": [{"key": "node-role.kubernetes.io/control-plane", "operator": "Exists",
                     "effect": "NoSchedule"}],
    "podAnnotations": {"example.org/team": "kernel"},
    "podLabels": {"example.org/team": "kernel"},
}


def resolved(schema):
    """SCHEMA, or the definition that it refers to."""
    if "$ref" in schema:
        return SCHEMA["definitions"][schema["$ref"].removeprefix("#/definitions/")]
    return schema


def options(schema=SCHEMA, path=()):
    """The path of each option that has no options of its own."""
    schema = resolved(schema)
    if "properties" not in schema:
        yield path
    for key, inner in schema.get("properties", {}).items():
        yield from options(inner, (*path, key))


def at(values, path):
    """What VALUES have at PATH; KeyError without it."""
    for key in path:
        values = values[key]
    return values


def placed(value, path):
    """Values with nothing but VALUE at PATH; a list has it as its only item."""
    for key in reversed(path):
        value = [value] if key == 0 else {key: value}
    return value


def wrong_values(schema=SCHEMA, path=()):
    """(path, value that must not be there) for each way in which SCHEMA can be missed."""
    schema = resolved(schema)
    if "enum" in schema:
        yield path, "nonsense"
        return
    kind = schema["type"]
    if path:
        yield path, 5 if kind == "string" else "text"
    if "pattern" in schema:
        yield path, "!"
    if "minLength" in schema:
        yield path, ""
    if kind == "integer":
        yield path, 1.5
    if "minimum" in schema:
        yield path, schema["minimum"] - 1
    if "maximum" in schema:
        yield path, schema["maximum"] + 1
    if "required" in schema:
        yield path, {}
    if "properties" in schema:
        yield path, {"nonsense": 1}
    elif "additionalProperties" in schema:
        yield from wrong_values(schema["additionalProperties"], (*path, "key"))
    for key, inner in schema.get("properties", {}).items():
        yield from wrong_values(inner, (*path, key))
    if "items" in schema:
        yield from wrong_values(schema["items"], (*path, 0))


def merged(left, right):
    """Both, where neither has anything in the place of the other's."""
    if isinstance(left, list):
        return [merged(left[0], right[0])]
    return {**left, **right, **{key: merged(left[key], right[key])
                                for key in left.keys() & right.keys()}}


def batches(wrong):
    """
    The same paths and values in few lists, in each of which no path leads through another:
    they fit into one file.
    """
    found = []
    for path, value in wrong:
        for batch in found:
            if not any(path[:len(other)] == other[:len(path)] for other, _ in batch):
                batch.append((path, value))
                break
        else:
            found.append([(path, value)])
    return found
