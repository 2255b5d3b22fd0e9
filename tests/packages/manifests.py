# SPDX-License-Identifier: Apache-2.0
"""
The manifests for Kubernetes as its own tools make them: Helm, and kubectl, of which kustomize
is a part.
"""

import copy
import json
import os
import subprocess

import yaml

from roots import SOURCE

KUBERNETES = SOURCE / "packaging/kubernetes"
CHART = SOURCE / "packaging/helm"

REMOVED = object()


class Tools:
    """Helm and kubectl, unpacked into FOLDER, where they also keep what is theirs."""

    def __init__(self, folder):
        self.folder = folder
        self.helm, self.kubectl = folder / "helm/helm", folder / "kubectl/kubectl"
        subprocess.run(["make", "--silent", "--directory", SOURCE, f"TOOLS={folder}", self.helm],
                       check=True)
        self.environment = {"PATH": os.environ["PATH"], "HOME": str(folder),
                            "HELM": str(self.helm), "KUBECTL": str(self.kubectl)}

    def run(self, *words):
        """Exit code, what it printed, what it complained of."""
        done = subprocess.run(words, env=self.environment, cwd=self.folder, timeout=60,
                              capture_output=True, text=True)
        return done.returncode, done.stdout, done.stderr

    def output(self, *words):
        code, output, complaint = self.run(*words)
        assert code == 0, f"{words}: exit code {code}:\n{output}{complaint}"
        return output

    def kustomized(self, folder):
        """What kustomize makes of FOLDER: {kind: object}."""
        return by_kind(self.output(self.kubectl, "kustomize", folder))

    def composed(self, base, *components):
        """The same for a kustomization of one's own, of a base and components."""
        folder = self.folder / "composed"
        folder.mkdir(exist_ok=True)
        here = os.path.relpath(KUBERNETES, folder)
        (folder / "kustomization.yaml").write_text(yaml.safe_dump({
            "resources": [f"{here}/{base}"],
            "components": [f"{here}/{component}" for component in components],
        }))
        return self.kustomized(folder)

    def install(self, values, chart=CHART):
        """
        What Helm would install with VALUES: exit code, its JSON, what it complained of. The
        release is called so that all has the name that it has by kustomize.
        """
        file = self.folder / "values.yaml"
        file.write_text(yaml.safe_dump(values))
        return self.run(self.helm, "install", "kernel-taint-exporter", chart, "--dry-run=client",
                        "--namespace=kernel-taint", "--output=json", "--values", file)

    def installed(self, values, chart=CHART):
        """({kind: object}, the notes)"""
        code, output, complaint = self.install(values, chart)
        assert code == 0, complaint
        answer = json.loads(output)
        return by_kind(answer["manifest"]), answer["info"]["notes"]

    def chart(self, values, chart=CHART):
        return self.installed(values, chart)[0]


def by_kind(text):
    """{kind: object} of what TEXT holds; there is one of each kind."""
    objects = [one for one in yaml.safe_load_all(text) if one]
    found = {one["kind"]: one for one in objects}
    assert len(found) == len(objects), text
    return found


def pod_of(objects):
    """The template of the pods."""
    return objects["DaemonSet"]["spec"]["template"]


def container_of(objects):
    """The only container of the pods."""
    (container,) = pod_of(objects)["spec"]["containers"]
    return container


def changed(thing, path, value):
    """
    A copy of THING with VALUE at PATH, keys and indices behind one another; what is missing
    on the way is made, and REMOVED takes it away.
    """
    thing = copy.deepcopy(thing)
    place = thing
    for key in path[:-1]:
        place = place.setdefault(key, {}) if isinstance(place, dict) else place[key]
    if value is REMOVED:
        del place[path[-1]]
    else:
        place[path[-1]] = value
    return thing
