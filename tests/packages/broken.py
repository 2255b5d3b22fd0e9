# SPDX-License-Identifier: Apache-2.0
"""
Ways to break the manifests that a schema or the Pod Security Standard must see. Each is a
path and what to put there, for changed() of manifests.py.
"""

from manifests import REMOVED
from pod_security import APPARMOR_ANNOTATION

# In {kind: object}, what its published schema is against.
POD = ("DaemonSet", "spec", "template", "spec")
CONTAINER = (*POD, "containers", 0)
WRONG = {
    "no selector": (("DaemonSet", "spec", "selector"), REMOVED),
    "field of a daemon set": (("DaemonSet", "spec", "replicas"), 1),
    "field of a pod": ((*POD, "toleration"), []),
    "field of a container": ((*CONTAINER, "arguments"), []),
    "number for a string": ((*CONTAINER, "args", 0), 1),
    "no name": ((*CONTAINER, "name"), REMOVED),
    "port as a string": ((*CONTAINER, "ports", 0, "containerPort"), "10093"),
    "policy of pulling": ((*CONTAINER, "imagePullPolicy"), "Sometimes"),
    "field of a context": ((*POD, "securityContext", "runAsRoot"), False),
    "field of a container's context": ((*CONTAINER, "securityContext", "noNewPrivileges"), True),
    "no type of seccomp": ((*POD, "securityContext", "seccompProfile", "type"), REMOVED),
    "field of a probe": ((*CONTAINER, "livenessProbe", "http"), {}),
    "field of a volume": ((*POD, "volumes"), [{"name": "a", "hostpath": {"path": "/"}}]),
    "strategy": (("DaemonSet", "spec", "updateStrategy", "type"), "Recreate"),
    "label": (("Namespace", "metadata", "labels", "a"), 1),
    "port of a service": (("Service", "spec", "ports", 0, "port"), "metrics"),
    "field of a service": (("Service", "spec", "selectors"), {}),
    "token": (("ServiceAccount", "automountServiceAccountToken"), "no"),
    "direction": (("NetworkPolicy", "spec", "policyTypes", 0), "ingress"),
    "field of a policy": (("NetworkPolicy", "spec", "ingress", 0, "source"), []),
    "field of an endpoint": (("PodMonitor", "spec", "podMetricsEndpoints", 0, "job"), "a"),
    "interval": (("ServiceMonitor", "spec", "endpoints", 0, "interval"), "1 minute"),
    "action": (
        ("PodMonitor", "spec", "podMetricsEndpoints", 0, "relabelings", 0, "action"), "set",
    ),
    "no selector of services": (("ServiceMonitor", "spec", "selector"), REMOVED),
}

# In a template of pods, by the control that has to see it.
PROBE = ("spec", "containers", 0, "livenessProbe")
OF_POD = ("spec", "securityContext")
OF_CONTAINER = ("spec", "containers", 0, "securityContext")
OTHER = {"name": "other", "image": "other"}
BREACHES = {
    "host_namespaces": [(("spec", name), True) for name in ("hostNetwork", "hostPID", "hostIPC")],
    "privileged_containers": [((*OF_CONTAINER, "privileged"), True)],
    "host_path_volumes": [(("spec", "volumes"), [{"name": "a", "hostPath": {"path": "/"}}])],
    "host_ports": [(("spec", "containers", 0, "ports", 0, "hostPort"), 10093)],
    "host_probes": [
        ((*PROBE, "httpGet", "host"), "169.254.169.254"),
        (("spec", "containers", 0, "startupProbe"), {"tcpSocket": {"port": 1, "host": "::1"}}),
        (("spec", "containers", 0, "lifecycle", "preStop", "httpGet"), {"host": "::1"}),
    ],
    "app_armor": [
        ((*OF_POD, "appArmorProfile", "type"), "Unconfined"),
        ((*OF_CONTAINER, "appArmorProfile", "type"), "Unconfined"),
        (("metadata", "annotations"), {f"{APPARMOR_ANNOTATION}a": "unconfined"}),
    ],
    "selinux": [
        ((*OF_POD, "seLinuxOptions", "type"), "spc_t"),
        ((*OF_CONTAINER, "seLinuxOptions", "user"), "system_u"),
        ((*OF_CONTAINER, "seLinuxOptions", "role"), "system_r"),
    ],
    "proc_mount": [((*OF_CONTAINER, "procMount"), "Unmasked")],
    "sysctls": [((*OF_POD, "sysctls"), [{"name": "kernel.msgmax", "value": "1"}])],
    "volume_types": [(("spec", "volumes"), [{"name": "a", "nfs": {}}])],
    "privilege_escalation": [
        ((*OF_CONTAINER, "allowPrivilegeEscalation"), True),
        ((*OF_CONTAINER, "allowPrivilegeEscalation"), REMOVED),
        (("spec", "initContainers"), [OTHER]),
    ],
    "running_as_non_root": [
        ((*OF_POD, "runAsNonRoot"), REMOVED),
        ((*OF_POD, "runAsNonRoot"), False),
        ((*OF_CONTAINER, "runAsNonRoot"), False),
    ],
    "running_as_non_root_user": [
        ((*OF_POD, "runAsUser"), 0),
        ((*OF_CONTAINER, "runAsUser"), 0),
    ],
    "seccomp": [
        ((*OF_POD, "seccompProfile"), REMOVED),
        ((*OF_POD, "seccompProfile", "type"), "Unconfined"),
        ((*OF_CONTAINER, "seccompProfile", "type"), "Unconfined"),
    ],
    "capabilities": [
        ((*OF_CONTAINER, "capabilities"), REMOVED),
        ((*OF_CONTAINER, "capabilities", "drop"), ["NET_RAW"]),
        ((*OF_CONTAINER, "capabilities", "add"), ["SYSLOG"]),
        (("spec", "ephemeralContainers"), [OTHER]),
    ],
}

# In a template of pods, too, and allowed.
ALLOWED = [
    (("spec", "volumes"), [{"name": "a", "secret": {"secretName": "a"}}]),
    ((*OF_CONTAINER, "seccompProfile", "type"), "Localhost"),
    ((*OF_CONTAINER, "capabilities", "add"), ["NET_BIND_SERVICE"]),
    ((*OF_POD, "sysctls"), [{"name": "net.ipv4.tcp_syncookies", "value": "1"}]),
    ((*OF_POD, "seLinuxOptions", "level"), "s0:c1,c2"),
]
