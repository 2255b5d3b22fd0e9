# SPDX-License-Identifier: Apache-2.0
"""
What the published schemas say of objects of Kubernetes: those of the API and of the
Prometheus Operator, as the package kubernetes-models has them. Its validators know types,
patterns and what is missing; its types, by way of the compiler of TypeScript, for which each
object becomes a literal, also know which fields there are.
"""

import json
import pathlib
import re
import subprocess
import tempfile

HERE = pathlib.Path(__file__).resolve().parent
PACKAGES = HERE.parent / "node_modules"
TSC = PACKAGES / "typescript/bin/tsc"
COMPLAINT = re.compile(r"(\d+)\.ts\(\d+,\d+\): error (TS\d+: .*)")


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


def by_types(objects):
    names = list(objects)
    with tempfile.TemporaryDirectory() as folder:
        files = []
        for number, one in enumerate(objects.values()):
            files.append(pathlib.Path(folder) / f"{number}.ts")
            files[-1].write_text(
                f"import type {{ I{one['kind']} }} from '{PACKAGES}/{module_of(one)}';\n"
                f"export const object: I{one['kind']} = {json.dumps(one, indent=1)};\n",
                encoding="utf-8",
            )
        run = subprocess.run(
            ["node", TSC, "--noEmit", "--strict", "--skipLibCheck", "--target", "es2022",
             "--module", "esnext", "--moduleResolution", "bundler", "--pretty", "false",
             *files],
            cwd=folder, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
        )
    found = {}
    for number, complaint in COMPLAINT.findall(run.stdout):
        found.setdefault(names[int(number)], []).append(complaint)
    assert bool(found) == bool(run.returncode), run.stdout
    return found


def complaints(objects):
    """What is to be said against OBJECTS, by their names: {name: [complaint]}."""
    found = by_validators(objects)
    for name, more in by_types(objects).items():
        found.setdefault(name, []).extend(more)
    return found
