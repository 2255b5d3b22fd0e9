#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""
Which taint a bit is on which kernel: kernels.py PROGRAM asks the exporter for the page of
a host of each release below, and compares dialect, flags and contradicted masks. The
table holds releases and letters as logs and kernel sources have them, not as the
program's own tables do.
"""

import os
import re
import subprocess
import sys
import tempfile

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "lib"))

from exporter import TIMEOUT, tap  # noqa: E402

PROGRAM = os.path.abspath(sys.argv[1])
SUSE = "(geeko@buildhost)"

# Release, builder, bits that are set, and the letter and taint of each.
KERNELS = [
    # Red Hat
    ("5.14.0-687.26.1.el9_8.x86_64", "", "19", "J fwctl"),
    ("5.14.0-611.9.1.el9_7.x86_64", "", "19", "J fwctl"),
    ("5.14.0-570.12.1.el9_6.x86_64", "", "19", "? unknown"),
    (
        "6.12.0-124.8.1.el10_1.x86_64",
        "",
        "16 19 26 27 31",
        "X tech_preview, J fwctl, p partner_supported, h support_removed, "
        "u unprivileged_bpf",
    ),
    ("6.12.0-54.el10.x86_64", "", "19", "? unknown"),
    (
        "5.14.0-503.11.1.el9_5.x86_64",
        "",
        "16 17 18 26 27 31",
        "X tech_preview, T randstruct, N test, p partner_supported, h support_removed, "
        "u unprivileged_bpf",
    ),
    ("5.14.0-162.6.1.el9_1.x86_64", "", "18 26", "? unknown, ? unknown"),
    ("5.14.0-427.13.1.el9_4.x86_64+rt", "", "31", "u unprivileged_bpf"),
    (
        "4.18.0-553.el8_10.x86_64",
        "",
        "16 18 27 29 30 31",
        "X tech_preview, ? unknown, r support_removed, t tech_preview, "
        "u unprivileged_bpf, ? unknown",
    ),
    ("4.18.0-348.el8.x86_64", "", "16 29", "X aux, t tech_preview"),
    (
        "3.10.0-1160.119.1.el7.x86_64",
        "",
        "13 16 27 28 29",
        "E unsigned_module, ? unknown, ? unknown, H hardware_unsupported, T tech_preview",
    ),
    (
        "3.10.0-229.el7.x86_64",
        "",
        "1 12 13",
        "F forced_module, O oot_module, ? unknown",
    ),
    (
        "2.6.32-754.35.1.el6.x86_64",
        "",
        "6 14 27 28 29",
        "U user, L softlockup, Z bit_by_zombie, H hardware_unsupported, T tech_preview",
    ),
    ("2.6.18-398.el5", "", "6 29", "U unsigned_module, T tech_preview"),
    (
        "6.18.0-0.rc1.16.eln152.x86_64",
        "",
        "19 26 27 31",
        "J fwctl, p partner_supported, h support_removed, u unprivileged_bpf",
    ),
    # rebuilt
    (
        "3.10.0-1160.90.1.vz7.200.7",
        "",
        "28 29",
        "H hardware_unsupported, T tech_preview",
    ),
    (
        "4.18.0-513.24.1.lve.2.el7h.x86_64",
        "",
        "27 30",
        "r support_removed, u unprivileged_bpf",
    ),
    ("3.10.0-862.14.1.5.h520.eulerosv2r7.x86_64", "", "29", "T tech_preview"),
    (
        "2.6.32-042stab145.3",
        "",
        "14 27 28 29",
        "L softlockup, Z bit_by_zombie, H hardware_unsupported, T tech_preview",
    ),
    ("5.14.0-427.44.1.vz9.80.6", "", "27 31", "h support_removed, u unprivileged_bpf"),
    # SUSE
    ("6.4.0-150600.23.73-default", SUSE, "18 31", "N test, n no_support"),
    ("6.17.9-1-default", SUSE, "19 31", "J fwctl, n no_support"),
    ("5.14.21-150500.55.136-default", SUSE, "16", "X external_support"),
    (
        "5.3.18-150300.59.174-default",
        SUSE,
        "12 13 16",
        "O oot_module, E unsigned_module, X external_support",
    ),
    ("4.12.14-122.228-default", SUSE, "30 31", "N no_support, X external_support"),
    ("3.0.101-0.46-default", SUSE, "13 31", "E unsigned_module, X external_support"),
    # mainline
    ("7.3.4+deb14-amd64", "", "18 19 20", "N test, J fwctl, ? unknown"),
    (
        "6.8.0-45-generic",
        "",
        "0 12 13",
        "P proprietary_module, O oot_module, E unsigned_module",
    ),
    ("6.12.5-200.fc41.x86_64", "", "7 12 13", "D die, O oot_module, E unsigned_module"),
    ("6.12.0-105.51.5.el10uek.x86_64", "", "19 26", "J fwctl, ? unknown"),
    (
        "3.13.0-45-generic",
        "",
        "0 12 13",
        "P proprietary_module, O oot_module, X unsigned_module",
    ),
]

DIALECTS = [
    ("5.4.119-19-0009.11", "mainline"),
    ("5.10.0-216.0.0.115.oe2203sp4", "mainline"),
    ("4.19.91-27.an7", "mainline"),
    ("6.6.87.2-microsoft-standard-WSL2", "mainline"),
    ("4.18.0-513.24.1.lve.el8.x86_64", "rhel8"),
    ("5.14.0-427.42.1.el9_4.92ciq_lts.1.1", "rhel9"),
    ("6.12.0-55.32.1.el10_0.x86_64_v2", "rhel10"),
    ("5.14.0-438.el9s+rt", "rhel9"),
    ("5.14.0-503.el9iv", "rhel9"),
    ("4.18.0-553.5.1.el8.nutanix.20240726.1056", "rhel8"),
    ("3.10.0-1160.rt56.1131.el7", "rhel7"),
    ("6.11.3-1.el9.elrepo", "mainline"),
    ("3.10.108-1.el6.elrepo", "mainline"),
    ("5.10.194-5.20230302.0.991650.el8", "mainline"),
    ("6.12.43-1.1.el9_clk", "mainline"),
    ("6.12.0-100.28.2.el9uek", "mainline"),
]

# Release, mask, modules with their letters; taints by which they contradict the mask.
MASKS = [
    ("6.4.0-150700.53.3-default", 0x3000, {"lpfc": "OEX", "hv_vmbus": "X"}, []),
    ("6.4.0-150600.23.73-default", 0, {"hv_vmbus": "X"}, []),
    ("6.12.0-160000.5-default", 0, {"hv_netvsc": "X", "ibmvfc": "X"}, []),
    ("6.4.0-150700.53.3-default", 0, {"a": "OEX"}, ["oot_module", "unsigned_module"]),
    ("5.14.21-150500.55.136-default", 1 << 16, {"hv_vmbus": "X"}, []),
    ("5.14.21-150500.55.136-default", 0, {"hv_vmbus": "X"}, ["external_support"]),
    ("5.3.18-150300.59.174-default", 0x13000, {"lpfc": "OEXX"}, []),
    ("4.4.180-94.100-default", 1 << 12 | 1 << 31, {"vmhgfs": "ON", "lpfc": "X"}, []),
    ("4.12.14-122.228-default", 0, {"vmhgfs": "N"}, ["no_support"]),
    ("6.12.0-124.8.1.el10_1.x86_64", 1 << 26, {"irdma": "p"}, []),
    ("6.12.0-124.8.1.el10_1.x86_64", 0, {"irdma": "p"}, ["partner_supported"]),
    ("6.8.0-45-generic", 1, {"nvidia": "PO"}, ["oot_module"]),
]

# Taints that a module of such a release may carry alone: the page has no series for them.
ALONE = [
    ("6.4.0-15", "external_support"),
    ("6.12.0-16", "external_support"),
    ("4.4.", "no_support"),
]


def page(release, builder, mask, modules):
    with tempfile.TemporaryDirectory() as root:
        files = {
            "proc/sys/kernel/tainted": f"{mask}\n",
            "proc/sys/kernel/osrelease": f"{release}\n",
            "proc/version": f"Linux version {release} {builder} #1\n",
            "proc/modules": "".join(
                f"{name} 16384 0 - Live 0x0000000000000000 ({flags})\n"
                for name, flags in modules.items()
            ),
        }
        for name, flags in modules.items():
            files[f"sys/module/{name}/taint"] = f"{flags}\n"
            files[f"sys/module/{name}/initstate"] = "live\n"
        for path, content in files.items():
            path = os.path.join(root, path)
            os.makedirs(os.path.dirname(path), exist_ok=True)
            with open(path, "w", encoding="ascii") as file:
                file.write(content)
        os.makedirs(os.path.join(root, "sys"), exist_ok=True)
        flags = [f"--path.{name}fs={root}/{name}" for name in ("proc", "sys")]
        return subprocess.run(
            [PROGRAM, "once", "--no-collector.posture", "--no-collector.signature", *flags],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            timeout=TIMEOUT,
            check=True,
            text=True,
        ).stdout


def samples(text, family):
    pattern = rf'^{family}\{{bit="(\d+)",flag="(.)",taint="(\w+)"\}} (\d)$'
    return re.findall(pattern, text, re.M)


def dialect_of(text):
    return re.search(r'^kernel_taint_kernel_info\{dialect="(\w+)"', text, re.M)[1]


def every_bit_is_the_taint_of_its_kernel():
    wrong = []
    for release, builder, bits, expected in KERNELS:
        mask = sum(1 << int(bit) for bit in bits.split())
        text = page(release, builder, mask, {})
        found = ", ".join(
            f"{flag} {taint}"
            for _, flag, taint, value in samples(text, "kernel_taint_flag")
            if value == "1"
        )
        if found != expected:
            wrong.append(f"{release} {bits}: {found}")
    assert not wrong, "\n".join(wrong)


def every_release_has_the_dialect_of_its_patches():
    wrong = []
    for release, expected in DIALECTS:
        found = dialect_of(page(release, "", 0, {}))
        if found != expected:
            wrong.append(f"{release}: {found}")
    assert not wrong, "\n".join(wrong)


def a_mask_is_contradicted_only_where_its_kernel_sets_the_bit():
    wrong = []
    for release, mask, modules, expected in MASKS:
        text = page(release, SUSE, mask, modules)
        found = samples(text, "kernel_taint_flag_contradicted")
        bad = [taint for _, _, taint, value in found if value == "1"]
        alone = [taint for start, taint in ALONE if release.startswith(start)]
        if bad != expected or any(taint in alone for _, _, taint, _ in found):
            wrong.append(f"{release} {modules}: {found}")
    assert not wrong, "\n".join(wrong)


tap(
    [
        every_bit_is_the_taint_of_its_kernel,
        every_release_has_the_dialect_of_its_patches,
        a_mask_is_contradicted_only_where_its_kernel_sets_the_bit,
    ]
)
