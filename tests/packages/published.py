# SPDX-License-Identifier: Apache-2.0
"""
What the published schemas say of objects of Kubernetes: those of the API and of the
Prometheus Operator, as the package kubernetes-models has them. Its validators know types,
patterns and what is missing; its types also know which fields there are.
"""

import json
import pathlib
import subprocess

import typescript
from typescript import PACKAGES

HERE = pathlib.Path(__file__).resolve().parent


def module_of(thing):
    """Where the package has the type of the object THING."""
    group = thing["apiVersion"]
    package = "kubernetes-models"
    if group.startswith("monitoring.coreos.com/"):
        package = "@kubernetes-models/prometheus-operator"
    return f"{package}/{group}/{thing['kind']}"


def by_validators(objects):
    given = {name: {"module": module_of(one), "object": one} for name, one in objects.items()}
    run = subprocess.run(["node", HERE / "published.mjs"], input=json.dumps(given),
                         check=True, stdout=subprocess.PIPE, text=True)
    return json.loads(run.stdout)


def type_of(thing):
    """The interface of the object THING, and its module."""
    return f"I{thing['kind']}", PACKAGES / module_of(thing)


def complaints(objects):
    """What is to be said against OBJECTS, by their names: {name: [complaint]}."""
    found = by_validators(objects)
    for name, more in typescript.complaints(objects, type_of, "--skipLibCheck").items():
        found.setdefault(name, []).extend(more)
    return found
