# SPDX-License-Identifier: Apache-2.0
"""
What is done to the kernel, one stage after the other, and what is to be true afterwards
by the kernel's own words. Knows nothing of the program under test.
"""

import dataclasses

from laboratory import SIGNER


@dataclasses.dataclass
class Stage:
    """
    NAME is a sentence. MONITOR is done by the emulated machine, then COMMANDS in the
    guest as root, which must succeed. TAINTS are added to the kernel, MODULES to those
    that it lists with taints: {name: letters}, without letters for one that is gone;
    STATES are {name: state} of such modules. SAYS is what the stage's part of its log has
    to hold, FILES {path: content} what it has to show, ON_DISK {name: labels} what the
    page is to say of a module's file.
    """

    name: str
    commands: tuple = ()
    monitor: str = ""
    taints: str = ""
    modules: dict = dataclasses.field(default_factory=dict)
    states: dict = dataclasses.field(default_factory=dict)
    says: tuple = ()
    files: dict = dataclasses.field(default_factory=dict)
    on_disk: dict = dataclasses.field(default_factory=dict)


def _listed(name, state):
    return f"wait-for 'grep -q \"^{name} .* {state} \" /proc/modules'"


def _tainted(bit):
    return f"wait-for '[ $(($(cat /proc/sys/kernel/tainted) >> {bit} & 1)) = 1 ]'"


def _names(kernel):
    """What reports hold since kernels tell the names of their taints."""
    return ("Tainted: [P]=PROPRIETARY_MODULE, ",) if kernel.version >= (6, 11) else ()


def _machine_check(kernel):
    """By the emulated processor, where the kernel has a handler."""
    name = "a machine check"
    if "CONFIG_X86_MCE=y" in kernel.configuration:
        return Stage(
            name,
            # An error that was not corrected, which software may see to: of the scrubber.
            monitor="mce 0 9 0xbd000000000000c0 0x5 0x62000000 0x8c",
            commands=(_tainted(4),),
            taints="M",
            says=("Machine check events logged",),
        )
    return Stage(
        name,
        commands=("modprobe lab_machine",),
        taints="M",
        modules={"lab_machine": "OE"},
    )


def stages(kernel):
    """Of a kernel that was booted without any wishes."""
    return [
        Stage(
            "a clean kernel",
            files={
                "/proc/sys/kernel/tainted": "0",
                "/proc/sys/kernel/modules_disabled": "0",
            },
        ),
        Stage(
            "signed modules of its own tree leave it clean",
            commands=("modprobe -a dummy vxlan",),
            files={"/proc/sys/kernel/tainted": "0"},
        ),
        Stage(
            "a module that is gone leaves its taints behind",
            commands=("modprobe lab_plain", "rmmod lab_plain"),
            taints="OE",
            says=(
                "lab_plain: loading out-of-tree module taints kernel.",
                "lab_plain: module verification failed:",
            ),
        ),
        Stage(
            "an unsigned module from elsewhere",
            commands=("modprobe lab_plain",),
            modules={"lab_plain": "OE"},
            on_disk={
                "lab_plain": {"signature": "none", "signer": "", "verified": "untrusted"},
            },
        ),
        Stage(
            "a module that is signed with a key that the kernel does not have",
            commands=("modprobe lab_signed",),
            modules={"lab_signed": "OE"},
            on_disk={
                "lab_signed": {
                    "signature": "pkcs7",
                    "signer": SIGNER,
                    "verified": "yes",
                    "sig_hashalgo": "sha256",
                },
            },
        ),
        Stage(
            "a proprietary module and its heir",
            commands=("modprobe lab_heir",),
            taints="P",
            modules={"lab_prop": "POE", "lab_heir": "POE"},
            says=(
                "lab_prop: module license 'Proprietary' taints kernel.",
                "lab_heir: module uses symbols",
                "Disabling lock debugging due to kernel taint",
            ),
            on_disk={
                "lab_prop": {"license": "Proprietary"},
                "lab_heir": {"license": "GPL"},
            },
        ),
        Stage(
            "a staging driver",
            commands=("modprobe lab_staging",),
            taints="C",
            modules={"lab_staging": "COE"},
            says=("lab_staging: module is from the staging directory",),
        ),
        Stage(
            "a test",
            commands=("modprobe lab_test",),
            taints="N",
            modules={"lab_test": "OEN"},
            says=("lab_test: loading test module taints kernel.",),
        ),
        Stage(
            "the files of compressed modules",
            on_disk={
                "lab_staging": {
                    "path": f"/lib/modules/{kernel.release}/extra/lab_staging.ko.xz",
                    "signature": "pkcs7",
                    "signer": SIGNER,
                    "verified": "yes",
                    "differs": 0,
                },
                "lab_test": {
                    "path": f"/lib/modules/{kernel.release}/extra/lab_test.ko.zst",
                    "signature": "none",
                    "license": "GPL",
                    "differs": 0,
                },
            },
        ),
        Stage(
            "a live patch",
            commands=(
                "modprobe lab_patch",
                "wait-for 'grep -qx \"patched by lab_patch\" /proc/version'",
            ),
            taints="K",
            modules={"lab_patch": "OEK"},
            says=("lab_patch: tainting kernel with TAINT_LIVEPATCH",),
        ),
        Stage(
            "a module of its own tree, loaded by force",
            commands=("modprobe -f ts_kmp",),
            taints="F",
            modules={"ts_kmp": "FE"},
            says=("ts_kmp: ", ": kernel tainted."),
            on_disk={"ts_kmp": {"signature": "pkcs7", "verified": "untrusted"}},
        ),
        Stage(
            "a module that is removed by force",
            commands=("modprobe lab_held", "! rmmod lab_held", "rmmod -f lab_held"),
            taints="R",
        ),
        Stage(
            "a module that is stuck while it is loaded",
            commands=("modprobe lab_slow &", _listed("lab_slow", "Loading")),
            modules={"lab_slow": "OE"},
            states={"lab_slow": "Loading"},
        ),
        Stage(
            "a module that is stuck while it is removed",
            commands=(
                "echo 1 > /sys/module/lab_slow/parameters/loads",
                _listed("lab_slow", "Live"),
                "rmmod lab_slow &",
                _listed("lab_slow", "Unloading"),
            ),
            modules={"lab_slow": "OE"},
            states={"lab_slow": "Unloading"},
        ),
        Stage(
            "a module that is stuck no more",
            commands=(
                "echo 1 > /sys/module/lab_slow/parameters/leaves",
                "wait-for '! grep -q ^lab_slow /proc/modules'",
            ),
            modules={"lab_slow": ""},
        ),
        Stage(
            "the same file in another version",
            commands=("mv /newer/lab_plain.ko /lib/modules/*/extra/lab_plain.ko",),
            on_disk={"lab_plain": {"differs": 1}, "lab_signed": {"differs": 0}},
        ),
        Stage(
            "the other version is loaded",
            commands=("rmmod lab_plain", "modprobe lab_plain"),
            says=("lab_plain: the newer one",),
            on_disk={"lab_plain": {"differs": 0}},
        ),
        Stage(
            "somebody wishes for a taint",
            commands=("echo 64 > /proc/sys/kernel/tainted",),
            taints="U",
        ),
        Stage(
            "a warning",
            commands=("modprobe lab_warn",),
            taints="W",
            modules={"lab_warn": "OE"},
            says=("WARNING: CPU:", "Tainted: ", *_names(kernel)),
        ),
        Stage(
            "a bad page",
            commands=("modprobe lab_badpage",),
            taints="B",
            modules={"lab_badpage": "OE"},
            says=("BUG: Bad page state in process modprobe",),
        ),
        Stage(
            "a soft lockup",
            commands=(
                "echo 1 > /proc/sys/kernel/watchdog_thresh",
                "modprobe lab_lockup",
                "echo 10 > /proc/sys/kernel/watchdog_thresh",
            ),
            taints="L",
            modules={"lab_lockup": "OE"},
            says=("BUG: soft lockup - CPU#",),
        ),
        _machine_check(kernel),
        Stage(
            "an oops in a thread of the kernel",
            commands=("modprobe lab_oops", _tainted(7)),
            taints="D",
            modules={"lab_oops": "OE"},
            says=("BUG: kernel NULL pointer dereference, address: 0000000000000000",),
        ),
        Stage(
            "lockdown refuses unsigned modules",
            commands=(
                "echo integrity > /sys/kernel/security/lockdown",
                "! modprobe lab_held",
                "modprobe lru_cache",
            ),
            says=("unsigned module loading is restricted",),
        ),
        Stage(
            "signatures are enforced",
            commands=(
                "echo Y > /sys/module/module/parameters/sig_enforce",
                "! modprobe lab_held",
                "rmmod lru_cache",
                "modprobe lru_cache",
            ),
            says=("Loading of unsigned module is rejected",),
            files={"/sys/module/module/parameters/sig_enforce": "Y"},
        ),
        Stage(
            "no module is loaded any more",
            commands=(
                "echo 1 > /proc/sys/kernel/modules_disabled",
                "! modprobe lab_held",
                "! rmmod lru_cache",
            ),
            files={"/proc/sys/kernel/modules_disabled": "1"},
        ),
    ]


# How the second kernel is booted, and its stages.
STRICT = "lockdown=integrity module.sig_enforce=1 panic_on_taint=0x20,nousertaint"


def strict_stages():
    """Of a kernel that was booted as STRICT says."""
    return [
        Stage(
            "a kernel that is strict since its boot",
            files={
                "/proc/sys/kernel/tainted": "0",
                "/sys/module/module/parameters/sig_enforce": "Y",
                "/sys/kernel/security/lockdown": "none [integrity] confidentiality",
            },
            says=("panic_on_taint: bitmask=0x20 nousertaint_mode=enabled",),
        ),
        Stage(
            "strict kernels refuse what they cannot verify",
            commands=("! modprobe lab_plain", "! modprobe lab_signed"),
            files={"/proc/sys/kernel/tainted": "0"},
            says=(
                "Loading of unsigned module is rejected",
                "Loading of module with unavailable key is rejected",
            ),
        ),
        Stage(
            "strict kernels load modules of their own tree",
            commands=("modprobe dummy", "! echo 32 > /proc/sys/kernel/tainted"),
            files={"/proc/sys/kernel/tainted": "0"},
        ),
    ]
