# SPDX-License-Identifier: Apache-2.0
"""
The simulated hosts: each is the exporter on a copy of one of tests/scenes, to which
things may happen. Knows what taints a kernel, and nothing of Prometheus.
"""

import dataclasses
import pathlib
import shutil
import sys

TESTS = pathlib.Path(__file__).resolve().parent.parent.parent / "tests"
sys.dont_write_bytecode = True
sys.path.insert(0, str(TESTS / "lib"))

from exporter import Exporter, scene_flags  # noqa: E402
from scene import add_module_folder, copy_scene, module_line, replace  # noqa: E402

SCENES = TESTS / "scenes"

# The bits that mean the same to every kernel from 3.16 on, whoever built it.
BITS = {"P": 0, "F": 1, "R": 3, "B": 5, "D": 7, "W": 9, "C": 10, "O": 12, "E": 13, "L": 14}

# Letters that SUSE's kernels from 6.4 on keep with the module, and not in the mask.
PER_MODULE = "X"


@dataclasses.dataclass
class Plan:
    """
    A host to be: what it starts from, what its files hold instead, {path: text}, and what is
    loaded then, {module: letters}.
    """

    name: str
    scene: str
    rebooted: bool = False
    files: dict = dataclasses.field(default_factory=dict)
    modules: dict = dataclasses.field(default_factory=dict)
    flags: tuple = ()  # of the exporter; {scene} is the folder


class Host:
    """A host that runs, for a with statement; FOLDER is where its scene goes."""

    def __init__(self, program, plan, folder):
        self.name = plan.name
        self.scene = copy_scene(SCENES / plan.scene, folder / plan.name)
        if plan.rebooted:
            self.reboot()
        for path, text in plan.files.items():
            file = self.scene / path
            file.parent.mkdir(parents=True, exist_ok=True)
            replace(file, text)
        for module, letters in plan.modules.items():
            self.load(module, letters)
        flags = [flag.format(scene=self.scene) for flag in plan.flags]
        # In a session of its own: Ctrl-C is for whoever started it.
        self.exporter = Exporter(
            program,
            *scene_flags(self.scene),
            *flags,
            popen={"start_new_session": True},
        )

    def __enter__(self):
        self.exporter.start()
        return self

    def __exit__(self, *error):
        return self.exporter.__exit__(*error)

    def taint(self, letters):
        """Sets bits of the mask."""
        file = self.scene / "proc/sys/kernel/tainted"
        mask = int(file.read_text())
        for letter in letters:
            mask |= 1 << BITS[letter]
        replace(file, f"{mask}\n")

    def load(self, module, letters):
        """Loads a module; as in a kernel, the mask has its taints first."""
        self.taint(letter for letter in letters if letter not in PER_MODULE)
        file = self.scene / "proc/modules"
        replace(file, module_line(module, letters) + file.read_text())
        add_module_folder(self.scene, module, letters)

    def reboot(self):
        """Whatever taints is gone, and not loaded again."""
        file = self.scene / "proc/modules"
        lines = file.read_text().splitlines(keepends=True)
        for line in lines:
            if "(" in line:
                folder = self.scene / "sys/module" / line.split()[0]
                shutil.rmtree(folder, ignore_errors=True)
        replace(file, "".join(line for line in lines if "(" not in line))
        replace(self.scene / "proc/sys/kernel/tainted", "0\n")


NVIDIA = {"nvidia": "POE", "nvidia_modeset": "POE", "nvidia_uvm": "POE"}
ZFS = {"spl": "OE", "zfs": "POE"}
FALCON = {"falcon_lsm_serviceable": "PE"}
SCINI = {"scini": "POE"}
HYPER_V = {"hv_vmbus": "X", "hv_storvsc": "X", "hv_netvsc": "X"}


def kernel(release, mask=0):
    """The files of a host that runs another kernel than its scene."""
    return {
        "proc/sys/kernel/osrelease": f"{release}\n",
        "proc/sys/kernel/tainted": f"{mask}\n",
        "proc/version": f"Linux version {release} (builder@host) #1 SMP\n",
    }


OLD_MICROCODE = {"sys/devices/system/cpu/vulnerabilities/old_microcode": "Vulnerable\n"}

FLEET = (
    Plan("app-deb12-01", "intree"),
    Plan("app-deb12-02", "intree"),
    Plan("app-deb12-03", "unprivileged"),
    Plan("app-rhel8-01", "rhel8.6", rebooted=True),
    Plan("app-rhel8-02", "rhel8.6"),
    Plan("app-rhel9-01", "rhel9.3", rebooted=True, modules=FALCON),
    Plan("app-rhel9-02", "rhel9.3", rebooted=True),
    Plan(
        "app-rhel9-03",
        "rhel9.3",
        rebooted=True,
        files=kernel("5.14.0-611.9.1.el9_7.x86_64", mask=1 << 19),
    ),
    Plan("azure-sles15-01", "suse-azure"),
    Plan("azure-sles15-02", "suse-6.4", rebooted=True, modules=HYPER_V),
    Plan(
        "bare-ubuntu24-01",
        "intree",
        files=kernel("6.17.0-14-generic", mask=1 << 2) | OLD_MICROCODE,
    ),
    Plan("bastion-deb12-01", "orphan"),
    Plan(
        "build-deb12-01",
        "module-files",
        flags=(
            "--collector.signature.modules=all",
            "--collector.signature.trust={scene}/signing-key.crt.pem",
        ),
    ),
    Plan("cache-deb12-01", "lockdown-enforced"),
    Plan("cache-deb12-02", "lockdown-enforced"),
    Plan("db-rhel7-01", "rhel7.9", rebooted=True, modules=SCINI | FALCON),
    Plan("db-rhel8-01", "rhel8.5", rebooted=True, modules=SCINI),
    Plan("db-rhel9-01", "rhel9.3", rebooted=True, modules=SCINI),
    Plan("db-rhel9-02", "rhel9.3", rebooted=True),
    Plan("db-rhel10-01", "rhel10", rebooted=True),
    Plan("dmz-deb12-01", "hidden"),
    Plan("dmz-deb12-02", "contradicted"),
    Plan("edge-deb14-01", "posture-full"),
    Plan("edge-deb14-02", "posture-full", rebooted=True),
    Plan("edge-fc-01", "no-module-support"),
    Plan("gpu-deb12-01", "intree", modules=NVIDIA),
    Plan("gpu-deb12-02", "intree", modules=NVIDIA),
    Plan("gpu-rhel9-01", "rhel9.0", rebooted=True, modules=NVIDIA | FALCON),
    Plan("gpu-rhel10-01", "rhel10"),
    Plan("lab-deb12-01", "oops"),
    Plan("lab-deb12-02", "log", flags=("--collector.log",)),
    Plan("lab-deb12-03", "unloaded", flags=("--collector.unloaded",)),
    Plan("legacy-rhel5-01", "rhel5"),
    Plan("legacy-rhel6-01", "rhel6"),
    Plan("legacy-rhel7-01", "rhel7.9"),
    Plan("mail-deb12-01", "intree"),
    Plan("mail-deb12-02", "intree"),
    Plan("ora-uek8-01", "uek"),
    Plan("ora-uek8-02", "uek", rebooted=True),
    Plan("ora-uek10-01", "uek-el10", rebooted=True),
    Plan("san-sles15-01", "suse-5.3"),
    Plan("sap-sles12-01", "suse-4.12"),
    Plan("sap-sles15-01", "suse-6.4", rebooted=True),
    Plan("sap-sles15-02", "suse-6.4", rebooted=True),
    Plan("storage-deb12-01", "intree", modules=ZFS),
    Plan("storage-deb12-02", "intree", modules=ZFS),
    Plan("web-deb12-01", "clean"),
    Plan("web-deb12-02", "intree"),
    Plan("web-deb12-03", "unreadable-modules"),
    Plan("web-rhel9-01", "rhel9.3", rebooted=True),
    Plan("web-rhel9-02", "rhel9.3", rebooted=True),
)
