# SPDX-License-Identifier: Apache-2.0
"""
test_kubernetes.py FOLDER: packaging/kubernetes and packaging/helm as kubectl and Helm see
them, without a cluster: against the published schemas, against the Pod Security Standard
"restricted", against the program, its image and its dashboards, and against each other.
Works in FOLDER/kubernetes.
"""

import pathlib
import re
import shutil
import sys

sys.dont_write_bytecode = True
sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "lib"))

import yaml

import pod_security
import published
from broken import ALLOWED, BREACHES, CONTAINER, POD, WRONG
from chart_values import EVERYTHING, at, batches, merged, options, placed, wrong_values
from exporter import tap
from manifests import CHART, KUBERNETES, SOURCE, Tools, changed, container_of, pod_of

FOLDER = pathlib.Path(sys.argv[1]).resolve() / "kubernetes"
shutil.rmtree(FOLDER, ignore_errors=True)
FOLDER.mkdir(parents=True)
TOOLS = Tools(FOLDER)

CORE = {"Namespace", "ServiceAccount", "DaemonSet", "Service", "NetworkPolicy"}
MONITORS = {"PodMonitor", "ServiceMonitor"}
DEFAULTS = yaml.safe_load((CHART / "values.yaml").read_text())
NOTHING = {"networkPolicy": {"enabled": False}, "serviceAccount": {"create": False},
           "modules": {"enabled": True}}

BASE = TOOLS.kustomized(KUBERNETES / "base")
MODULES = TOOLS.kustomized(KUBERNETES / "modules")
MONITORED = TOOLS.composed("base", "pod-monitor", "service-monitor")
CHART_BASE = TOOLS.chart({})
CHART_MODULES = TOOLS.chart({"modules": {"enabled": True}})
CHART_MONITORED = TOOLS.chart({"podMonitor": {"enabled": True},
                               "serviceMonitor": {"enabled": True}})
CHART_EVERYTHING = TOOLS.chart(EVERYTHING)
CHART_NOTHING = TOOLS.chart(NOTHING)
ALL = {
    "base": BASE,
    "modules": MODULES,
    "base with monitors": MONITORED,
    "modules with monitors": TOOLS.composed("modules", "pod-monitor", "service-monitor"),
    "chart": CHART_BASE,
    "chart with modules": CHART_MODULES,
    "chart with monitors": CHART_MONITORED,
    "chart with everything": CHART_EVERYTHING,
    "chart with nothing": CHART_NOTHING,
}


def text_of(path):
    return (SOURCE / path).read_text()


MANUAL = text_of("packaging/reference/output/kernel_taint_exporter.8").replace("\\-", "-")
PORT = int(re.search(r"--web\.listen-address\\fR=\\fI:(\d+)", MANUAL)[1])

# {flag: whether a value belongs to it}, as the shells know them.
FLAGS = {
    f"--{name}": bool(takes) for name, takes in re.findall(
        r"^complete .* -l (\S+)( -[xr])?",
        text_of("packaging/reference/output/kernel_taint_exporter.fish"), re.M)
}


# ---- all of them ----


def every_kustomization_renders():
    assert BASE.keys() == MODULES.keys() == CORE
    assert MONITORED.keys() == CORE | MONITORS
    assert TOOLS.kustomized(KUBERNETES / "pod-monitor").keys() == {"PodMonitor"}
    assert TOOLS.kustomized(KUBERNETES / "service-monitor").keys() == {"ServiceMonitor"}


def the_chart_renders_what_is_enabled():
    assert CHART_BASE.keys() == CORE - {"Namespace"}
    assert CHART_EVERYTHING.keys() == CORE - {"Namespace"} | MONITORS
    assert CHART_NOTHING.keys() == {"DaemonSet", "Service"}


def everything_is_as_the_published_schemas_want_it():
    objects = {f"{name}: {kind}": one for name, rendered in ALL.items()
               for kind, one in rendered.items()}
    found = published.complaints(objects)
    assert not found, found


def each_wrong_object_is_refused():
    broken = {name: changed(MONITORED, path, value)[path[0]]
              for name, (path, value) in WRONG.items()}
    assert not broken.keys() - published.complaints(broken).keys()


# ---- security ----


def the_core_passes_restricted():
    for name in ("base", "base with monitors", "chart", "chart with monitors"):
        assert pod_security.violations(pod_of(ALL[name])) == [], name
    labels = BASE["Namespace"]["metadata"]["labels"]
    assert labels["pod-security.kubernetes.io/enforce"] == "restricted"


def each_breach_of_restricted_is_seen():
    assert list(BREACHES) == [control.__name__ for control in pod_security.CONTROLS]
    for name, breaches in BREACHES.items():
        for path, value in breaches:
            found = pod_security.violations(changed(pod_of(BASE), path, value))
            assert name in found, (name, path, found)


def what_restricted_allows_is_not_seen():
    for path, value in ALLOWED:
        assert pod_security.violations(changed(pod_of(BASE), path, value)) == [], path


def no_pod_writes_or_knows_the_cluster():
    for name, rendered in ALL.items():
        spec, context = pod_of(rendered)["spec"], container_of(rendered)["securityContext"]
        assert context["readOnlyRootFilesystem"] is True, name
        assert spec["automountServiceAccountToken"] is False, name
        assert spec["enableServiceLinks"] is False, name
        for mount in container_of(rendered).get("volumeMounts", []):
            assert mount["readOnly"] is True, name
        assert rendered["DaemonSet"]["metadata"]["namespace"] == "kernel-taint"
        account = rendered.get("ServiceAccount")
        if account:
            assert account["automountServiceAccountToken"] is False, name
        assert spec["serviceAccountName"] == (account["metadata"]["name"] if account
                                              else "default"), name


def the_core_has_nothing_of_the_host():
    for name in ("base", "base with monitors", "chart", "chart with monitors"):
        assert not pod_of(ALL[name])["spec"].get("volumes"), name
        assert not container_of(ALL[name]).get("volumeMounts"), name


def without_what_modules_change(objects):
    for path in ((*POD, "volumes"), (*CONTAINER, "volumeMounts"), (*CONTAINER, "args")):
        objects = changed(objects, path, [])
    return {kind: one for kind, one in objects.items() if kind != "Namespace"}


def modules_add_one_folder_of_the_host_that_is_read_only():
    mount = {"name": "modules", "mountPath": "/lib/modules", "readOnly": True}
    volume = {"name": "modules", "hostPath": {"path": "/lib/modules", "type": "Directory"}}
    for core, rendered in ((BASE, MODULES), (CHART_BASE, CHART_MODULES)):
        assert pod_of(rendered)["spec"]["volumes"] == [volume]
        assert container_of(rendered)["volumeMounts"] == [mount]
        assert not container_of(rendered).get("args")
        assert pod_security.violations(pod_of(rendered)) == ["host_path_volumes", "volume_types"]
        assert without_what_modules_change(rendered) == without_what_modules_change(core)


def the_namespace_of_modules_lets_them_in():
    labels = MODULES["Namespace"]["metadata"]["labels"]
    assert labels["pod-security.kubernetes.io/enforce"] == "privileged"
    assert MODULES["Namespace"]["metadata"]["name"] == BASE["Namespace"]["metadata"]["name"]


def a_web_configuration_is_a_secret_that_the_pod_may_read():
    rendered = TOOLS.chart({"webConfig": {"existingSecret": "web"}})
    (volume,) = pod_of(rendered)["spec"]["volumes"]
    (mount,) = container_of(rendered)["volumeMounts"]
    context = pod_of(rendered)["spec"]["securityContext"]
    assert volume["name"] == mount["name"]
    assert volume["secret"] == {"secretName": "web", "defaultMode": 0o440}
    assert context["fsGroup"] == context["runAsGroup"]
    assert f"--web.config.file={mount['mountPath']}/web.yml" in container_of(rendered)["args"]
    assert pod_security.violations(pod_of(rendered)) == []


# ---- what they are about ----


def the_flags_are_known_to_the_program():
    for name, rendered in ALL.items():
        for argument in container_of(rendered).get("args") or []:
            flag, equals, _ = argument.partition("=")
            assert flag in FLAGS, (name, argument)
            assert FLAGS[flag] == bool(equals), (name, argument)


def the_port_and_the_paths_are_those_of_the_program():
    for name, rendered in ALL.items():
        (port,) = container_of(rendered)["ports"]
        assert port == {"name": "metrics", "containerPort": PORT}, name
        for kind, path in (("liveness", "/-/healthy"), ("readiness", "/-/ready")):
            asked = container_of(rendered)[f"{kind}Probe"]["httpGet"]
            assert (asked["path"], asked["port"]) == (path, "metrics"), name
            assert path in MANUAL
    assert BASE["Service"]["spec"]["ports"][0]["port"] == PORT
    assert DEFAULTS["service"]["port"] == PORT
    assert f"127.0.0.1:{PORT}" in TOOLS.installed({})[1]


def the_port_and_the_user_are_those_of_the_image():
    image = text_of("packaging/image/image.py")
    assert int(re.search(r"^PORT = (\d+)", image, re.M)[1]) == PORT
    user = int(re.search(r"^USER = (\d+)", image, re.M)[1])
    for name, rendered in ALL.items():
        context = pod_of(rendered)["spec"]["securityContext"]
        assert context["runAsUser"] == context["runAsGroup"] == user, name


def a_probe_that_only_connects_is_one_for_certificates_of_clients():
    container = container_of(TOOLS.chart({"probes": {"scheme": "TCP"}}))
    for kind in ("liveness", "readiness"):
        assert container[f"{kind}Probe"] == {"tcpSocket": {"port": "metrics"}}


def the_image_is_never_just_the_latest():
    image = "registry.example.org/kernel-taint-exporter:unreleased"
    assert container_of(BASE)["image"] == container_of(CHART_BASE)["image"] == image
    assert container_of(CHART_EVERYTHING)["image"] == (
        f"mirror.example.org/taint@{EVERYTHING['image']['digest']}")


def is_picked(selector, labels):
    """Whether SELECTOR, which is not empty, is for what has LABELS."""
    assert selector
    return selector.items() <= labels.items()


def selectors_and_names_of_ports_find_the_pods():
    for name, rendered in ALL.items():
        labels = pod_of(rendered)["metadata"]["labels"]
        (port,) = container_of(rendered)["ports"]
        service = rendered["Service"]
        assert is_picked(rendered["DaemonSet"]["spec"]["selector"]["matchLabels"], labels), name
        assert is_picked(service["spec"]["selector"], labels), name
        (of_service,) = service["spec"]["ports"]
        assert of_service["targetPort"] == port["name"], name
        if "NetworkPolicy" in rendered:
            policy = rendered["NetworkPolicy"]["spec"]
            assert is_picked(policy["podSelector"]["matchLabels"], labels), name
            assert policy["ingress"][0]["ports"] == [{"port": port["name"]}], name
        if "PodMonitor" in rendered:
            monitor = rendered["PodMonitor"]["spec"]
            assert is_picked(monitor["selector"]["matchLabels"], labels), name
            assert monitor["podMetricsEndpoints"][0]["port"] == port["name"], name
            monitor = rendered["ServiceMonitor"]["spec"]
            assert is_picked(monitor["selector"]["matchLabels"],
                             service["metadata"]["labels"]), name
            assert monitor["endpoints"][0]["port"] == of_service["name"], name


def the_network_is_closed_but_for_scrapes():
    for rendered in (BASE, CHART_BASE, CHART_EVERYTHING):
        policy = rendered["NetworkPolicy"]["spec"]
        assert policy["policyTypes"] == ["Ingress", "Egress"]
        assert "egress" not in policy
        assert len(policy["ingress"]) == 1 and policy["ingress"][0]["from"]


def the_job_is_the_one_of_the_dashboards_and_an_instance_is_a_node():
    job = re.search(r"kernelTaintSelector: 'job=\"(\w+)\"'", text_of("dashboards/config.libsonnet"))
    wanted = [
        {"targetLabel": "job", "replacement": job[1]},
        {"sourceLabels": ["__meta_kubernetes_pod_node_name"], "targetLabel": "instance"},
    ]
    for rendered in (MONITORED, CHART_MONITORED, CHART_EVERYTHING):
        for kind, field in (("PodMonitor", "podMetricsEndpoints"), ("ServiceMonitor", "endpoints")):
            (endpoint,) = rendered[kind]["spec"][field]
            assert endpoint["relabelings"][:2] == wanted, endpoint


def every_node_has_a_pod():
    for rendered in (BASE, CHART_BASE):
        spec = pod_of(rendered)["spec"]
        assert spec["tolerations"] == [{"operator": "Exists"}]
        assert spec["nodeSelector"] == {"kubernetes.io/os": "linux"}


# ---- the chart ----


def Helm_has_nothing_to_say_against_the_chart():
    for values in ({}, EVERYTHING, NOTHING):
        file = FOLDER / "lint.yaml"
        file.write_text(yaml.safe_dump(values))
        TOOLS.output(TOOLS.helm, "lint", "--strict", "--values", file, CHART)


def essence(thing):
    """THING without what the API takes for granted, names, labels, and Helm's own label."""
    if isinstance(thing, list):
        return [essence(one) for one in thing]
    if not isinstance(thing, dict):
        return thing
    granted = {"scheme": ("HTTP", "http"), "imagePullPolicy": ("IfNotPresent",), "args": ([],)}
    return {key: essence(value) for key, value in thing.items()
            if key not in ("metadata", "app.kubernetes.io/instance")
            and value not in granted.get(key, ())}


def the_chart_is_the_kustomization():
    for kustomized, chart in ((MONITORED, CHART_MONITORED), (MODULES, CHART_MODULES)):
        assert kustomized.keys() - {"Namespace"} == chart.keys()
        for kind, one in chart.items():
            other = kustomized[kind]
            assert one["metadata"]["name"] == other["metadata"]["name"], kind
            labels = other["metadata"]["labels"]
            assert labels and labels.items() <= one["metadata"]["labels"].items(), kind
            assert essence(one) == essence(other), kind


def every_option_has_a_default_and_is_in_the_set_of_everything():
    for path in options():
        if path != ("global",):
            at(DEFAULTS, path)
            at(EVERYTHING, path)


def every_option_changes_something():
    everything = TOOLS.installed(EVERYTHING)
    for path in options():
        # With a digest, no tag is needed.
        if path in (("global",), ("image", "tag")) or at(DEFAULTS, path) == at(EVERYTHING, path):
            continue
        rendered = TOOLS.installed(changed(EVERYTHING, path, at(DEFAULTS, path)))
        assert rendered != everything, path
    tagged = TOOLS.chart({"image": {"tag": "1.0"}})
    assert container_of(tagged)["image"].endswith(":1.0")


def each_wrong_value_is_refused_by_its_place():
    for batch in batches(wrong_values()):
        values = {}
        for path, value in batch:
            values = merged(values, placed(value, path))
        code, _, complaint = TOOLS.install(values)
        assert code != 0, values
        for path, value in batch:
            place = "".join(f"/{key}" for key in path)
            assert f"- at '{place}': " in complaint, (path, value, complaint)


def what_helm_says_of_a_wrong_value_is_clear():
    for path, value, words in (
        (("modules", "enabled"), "yes", "got string, want boolean"),
        (("probes", "scheme"), "FTP", "value must be one of 'HTTP', 'HTTPS', 'TCP'"),
        (("service", "port"), 65536, "maximum: got 65,536, want 65,535"),
        (("extraArgs", 0), "log", "'log' does not match pattern '^--'"),
        (("podMonitor", "intervall"), "1m", "additional properties 'intervall' not allowed"),
        (("imagePullSecrets", 0), {}, "missing property 'name'"),
    ):
        code, _, complaint = TOOLS.install(placed(value, path))
        assert code != 0 and words in complaint, complaint


def the_notes_say_what_is_left_to_do():
    asked, plain = TOOLS.installed(NOTHING)[1], TOOLS.installed({})[1]
    monitored = TOOLS.installed({"podMonitor": {"enabled": True}})[1]
    assert "pod-security.kubernetes.io/enforce=privileged" in asked
    assert "privileged" not in plain
    assert "Prometheus has to be told" in plain and "Prometheus has" not in monitored


# ---- what is released ----


def a_release_has_its_version_and_the_same_bytes_each_time():
    made = []
    for name in ("one", "two"):
        folder = FOLDER / name
        # Other times of files, and another mask, are no other chart.
        source = FOLDER / f"source-{name}"
        shutil.copytree(SOURCE / "packaging", source)
        (source / "helm/values.yaml").touch()
        TOOLS.output("sh", "-c", f"umask {'022' if name == 'one' else '077'}; exec \"$@\"", "sh",
                     source / "manifests.sh", "9.8.7", folder)
        made.append({file.name: file.read_bytes() for file in folder.iterdir()})
    assert made[0] == made[1]
    assert made[0].keys() == {f"kernel-taint-exporter-9.8.7.{end}" for end in ("tgz", "yaml")}
    archive = FOLDER / "one/kernel-taint-exporter-9.8.7.tgz"
    of_release = TOOLS.chart({}, archive)
    labels = of_release["DaemonSet"]["metadata"]["labels"]
    assert labels["app.kubernetes.io/version"] == "9.8.7"
    assert labels["helm.sh/chart"] == "kernel-taint-exporter-9.8.7"
    image = "registry.example.org/kernel-taint-exporter:9.8.7"
    plain = {one["kind"]: one for one in yaml.safe_load_all(
        made[0]["kernel-taint-exporter-9.8.7.yaml"])}
    assert container_of(of_release)["image"] == image
    assert plain == changed(BASE, (*CONTAINER, "image"), image)


def the_files_are_of_one_style():
    files = [*KUBERNETES.rglob("*.yaml"), *CHART.glob("*.yaml"), *CHART.glob("templates/*")]
    assert len(files) > 15
    for file in files:
        lines = file.read_text().split("\n")
        assert "SPDX-License-Identifier: Apache-2.0" in lines[0] or file.suffix == ".txt", file
        assert lines[-1] == "" and lines[-2] != "", file
        key = None
        for number, line in enumerate(lines[:-1], 1):
            place = f"{file}:{number}: {line}"
            assert "\t" not in line and line == line.rstrip(), place
            assert len(line) <= 100 or file.suffix == ".txt", place
            indent = len(line) - len(line.lstrip(" "))
            assert indent % 2 == 0, place
            # Lists stand below their key, and each item on a line of its own.
            is_item = line.lstrip().startswith("- ")
            assert not is_item or key is None or indent == key + 2, place
            key = None
            if line.endswith(":"):
                key = indent + 2 * is_item
            assert file.suffix != ".yaml" or not re.search(r"[:-] [\[{][^{\]}]", line), place


tap([
    every_kustomization_renders,
    the_chart_renders_what_is_enabled,
    everything_is_as_the_published_schemas_want_it,
    each_wrong_object_is_refused,
    the_core_passes_restricted,
    each_breach_of_restricted_is_seen,
    what_restricted_allows_is_not_seen,
    no_pod_writes_or_knows_the_cluster,
    the_core_has_nothing_of_the_host,
    modules_add_one_folder_of_the_host_that_is_read_only,
    the_namespace_of_modules_lets_them_in,
    a_web_configuration_is_a_secret_that_the_pod_may_read,
    the_flags_are_known_to_the_program,
    the_port_and_the_paths_are_those_of_the_program,
    the_port_and_the_user_are_those_of_the_image,
    a_probe_that_only_connects_is_one_for_certificates_of_clients,
    the_image_is_never_just_the_latest,
    selectors_and_names_of_ports_find_the_pods,
    the_network_is_closed_but_for_scrapes,
    the_job_is_the_one_of_the_dashboards_and_an_instance_is_a_node,
    every_node_has_a_pod,
    Helm_has_nothing_to_say_against_the_chart,
    the_chart_is_the_kustomization,
    every_option_has_a_default_and_is_in_the_set_of_everything,
    every_option_changes_something,
    each_wrong_value_is_refused_by_its_place,
    what_helm_says_of_a_wrong_value_is_clear,
    the_notes_say_what_is_left_to_do,
    a_release_has_its_version_and_the_same_bytes_each_time,
    the_files_are_of_one_style,
])
