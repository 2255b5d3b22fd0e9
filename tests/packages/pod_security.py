# SPDX-License-Identifier: Apache-2.0
"""
The Pod Security Standard "restricted", with all of "baseline", as it is since Kubernetes 1.34:
https://kubernetes.io/docs/concepts/security/pod-security-standards/ (what it says of Windows
is not here). One function for each of its controls: it yields what is against it.
"""

PROBES = ("liveness", "readiness", "startup")
VOLUMES = {"configMap", "csi", "downwardAPI", "emptyDir", "ephemeral", "persistentVolumeClaim",
           "projected", "secret"}
SELINUX_TYPES = {None, "", "container_t", "container_init_t", "container_kvm_t",
                 "container_engine_t"}
SYSCTLS = {
    "kernel.shm_rmid_forced", "net.ipv4.ip_local_port_range",
    "net.ipv4.ip_local_reserved_ports", "net.ipv4.ip_unprivileged_port_start",
    "net.ipv4.ping_group_range", "net.ipv4.tcp_fin_timeout", "net.ipv4.tcp_keepalive_intvl",
    "net.ipv4.tcp_keepalive_probes", "net.ipv4.tcp_keepalive_time", "net.ipv4.tcp_syncookies",
}
APPARMOR_ANNOTATION = "container.apparmor.security.beta.kubernetes.io/"


def containers(pod):
    for kind in ("initContainers", "containers", "ephemeralContainers"):
        yield from pod["spec"].get(kind, [])


def contexts(pod):
    """(whose, security context) of the pod and of each container."""
    yield "pod", pod["spec"].get("securityContext", {})
    for container in containers(pod):
        yield container["name"], container.get("securityContext", {})


def without(pod, field, is_right):
    """Whose FIELD is not right: set to something else, or set neither here nor for the pod."""
    of_pod = pod["spec"].get("securityContext", {}).get(field)
    for whose, context in contexts(pod):
        value = context.get(field, of_pod)
        if not is_right(value) and (value is not None or whose != "pod"):
            yield whose


# ---- baseline ----


def host_namespaces(pod):
    yield from (name for name in ("hostNetwork", "hostPID", "hostIPC") if pod["spec"].get(name))


def privileged_containers(pod):
    yield from (whose for whose, context in contexts(pod) if context.get("privileged"))


def host_path_volumes(pod):
    yield from (one["name"] for one in pod["spec"].get("volumes", []) if "hostPath" in one)


def host_ports(pod):
    for container in containers(pod):
        yield from (port for port in container.get("ports", []) if port.get("hostPort"))


def host_probes(pod):
    for container in containers(pod):
        asking = [container.get(f"{kind}Probe", {}) for kind in PROBES]
        asking += container.get("lifecycle", {}).values()
        for one in asking:
            yield from (how for how in ("httpGet", "tcpSocket") if one.get(how, {}).get("host"))


def app_armor(pod):
    for whose, context in contexts(pod):
        if context.get("appArmorProfile", {}).get("type") not in (
                None, "RuntimeDefault", "Localhost"):
            yield whose
    for key, value in pod.get("metadata", {}).get("annotations", {}).items():
        if key.startswith(APPARMOR_ANNOTATION) and value != "runtime/default" \
                and not value.startswith("localhost/"):
            yield key


def selinux(pod):
    for whose, context in contexts(pod):
        options = context.get("seLinuxOptions", {})
        if options.get("type") not in SELINUX_TYPES or options.get("user") or options.get("role"):
            yield whose


def proc_mount(pod):
    yield from (whose for whose, context in contexts(pod)
                if context.get("procMount", "Default") != "Default")


def sysctls(pod):
    set_here = pod["spec"].get("securityContext", {}).get("sysctls", [])
    yield from (one["name"] for one in set_here if one["name"] not in SYSCTLS)


# ---- restricted ----


def volume_types(pod):
    for volume in pod["spec"].get("volumes", []):
        yield from volume.keys() - VOLUMES - {"name"}


def privilege_escalation(pod):
    for container in containers(pod):
        if container.get("securityContext", {}).get("allowPrivilegeEscalation") is not False:
            yield container["name"]


def running_as_non_root(pod):
    yield from without(pod, "runAsNonRoot", lambda value: value is True)


def running_as_non_root_user(pod):
    yield from (whose for whose, context in contexts(pod) if context.get("runAsUser") == 0)


def seccomp(pod):
    allowed = ("RuntimeDefault", "Localhost")
    yield from without(pod, "seccompProfile",
                       lambda value: value is not None and value.get("type") in allowed)


def capabilities(pod):
    for container in containers(pod):
        of_it = container.get("securityContext", {}).get("capabilities", {})
        if "ALL" not in of_it.get("drop", []) or set(of_it.get("add", [])) - {"NET_BIND_SERVICE"}:
            yield container["name"]


CONTROLS = (
    host_namespaces, privileged_containers, host_path_volumes, host_ports, host_probes, app_armor,
    selinux, proc_mount, sysctls, volume_types, privilege_escalation, running_as_non_root,
    running_as_non_root_user, seccomp, capabilities,
)


def violations(pod):
    """The names of the controls that POD, a template of pods, is against, in their order."""
    return [control.__name__ for control in CONTROLS if list(control(pod))]
