# SPDX-License-Identifier: Apache-2.0
"""
Ten thousand hosts, as far as a Prometheus can see: a real page of the exporter for each
kind of host on each kernel, and a server that gives each host the page of its kind. Knows
what a fleet looks like; knows no rule and no dashboard.
"""

import asyncio
import gzip
import multiprocessing
import random
import re
import shutil
import socket
import subprocess
import sys
from pathlib import Path

TESTS = Path(__file__).parent.parent
sys.path.insert(0, str(TESTS / "lib"))

from exporter import Exporter, scene_flags, wait_until  # noqa: E402
from scene import add_module_folder, copy_scene, module_line  # noqa: E402

HOSTS = 10000
CROWDED = 100  # of them, those with 30 tainting modules
JOB = "kernel_taint"

# A scene with the kernel, and its share of the fleet.
KERNELS = {"intree": 40, "warn-6.12": 10, "rhel7.9": 5, "rhel8.6": 15, "rhel9.3": 15,
           "rhel10": 3, "suse-5.14": 6, "suse-6.4": 3, "uek": 3}

# Their bits and letters are the same on all these kernels.
BITS = {"P": 0, "D": 7, "W": 9, "O": 12, "E": 13, "L": 14}

NVIDIA = ("nvidia", "nvidia_modeset", "nvidia_drm", "nvidia_uvm")
ZFS = ("zfs", "zunicode", "zzstd", "zlua", "zavl", "icp", "zcommon", "znvpair")

# What taints a host: bits that no loaded module explains, modules with their letters, and
# the share of the fleet.
KINDS = {
    "clean": ("", {}, 78),
    "nvidia": ("", dict.fromkeys(NVIDIA, "POE"), 6),
    "zfs": ("", dict.fromkeys(ZFS, "POE") | {"spl": "OE"}, 4),
    "vbox": ("", dict.fromkeys(("vboxdrv", "vboxnetflt", "vboxnetadp"), "OE"), 3),
    "agent": ("", {"sensor": "OE"}, 5),
    "unloaded": ("OE", {}, 1),
    "warned": ("W", {}, 2),
    "lockup": ("WL", {}, 0.5),
    "crashed": ("DW", {}, 0.5),
}
CROWD = ("W", {f"driver_{i:02}": ("OE", "POE", "E")[i % 3] for i in range(30)})
VERSIONS = ("1.4.0", "2.0.1", "2.1.7")

# Real, small, with a section .modinfo that is replaced.
MODULE = TESTS / "scenes/module-files/lib/modules/6.1.0-56-amd64/updates/lab_prop.ko"

# How Prometheus 2.42 asks.
HEADERS = {
    "Accept": "application/openmetrics-text;version=1.0.0,text/plain;version=0.0.4;q=0.5",
    "Accept-Encoding": "gzip",
}
SAMPLE = re.compile(r"^([a-z_]+)(?:\{(.*)\})? (\S+)$", re.MULTILINE)


def make_host(scene, kernel, bits, modules, version):
    """A host like the scene KERNEL, but with these MODULES and this mask."""
    copy_scene(TESTS / "scenes" / kernel, scene)
    letters = bits + "".join(modules.values())
    mask = sum(1 << bit for letter, bit in BITS.items() if letter in letters)
    (scene / "proc/sys/kernel/tainted").write_text(f"{mask}\n")
    for state in list((scene / "sys/module").glob("*/initstate")):
        shutil.rmtree(state.parent)
    ours = [f"kernel_part_{i}" for i in range(60)]
    loaded = dict.fromkeys(ours, "") | modules
    (scene / "proc/modules").write_text("".join(map(module_line, loaded, loaded.values())))
    for name, carried in loaded.items():
        add_module_folder(scene, name, carried)
    make_files(scene, modules, version)


def make_files(scene, modules, version):
    """A file for each of MODULES, as DKMS would have installed it."""
    release = (scene / "proc/sys/kernel/osrelease").read_text().strip()
    folder = scene / "lib/modules" / release
    folder.mkdir(parents=True, exist_ok=True)
    for name, letters in modules.items():
        licence = "Proprietary" if "P" in letters else "GPL"
        info = scene / "modinfo"
        source = f"{version} {name}".encode().hex().upper()[:23]
        info.write_text(f"license={licence}\0version={version}\0srcversion={source}\0")
        (scene / "sys/module" / name / "srcversion").write_text(f"{source}\n")
        subprocess.check_call(["objcopy", f"--update-section=.modinfo={info}", MODULE,
                               folder / f"{name}.ko"])
    (folder / "modules.dep").write_text("".join(f"{name}.ko:\n" for name in modules))


def fetch(program, scene):
    """The host's page when all files are inspected, compressed as Prometheus gets it."""
    with Exporter(program, *scene_flags(scene)) as exporter:
        done = b'kernel_taint_module_files{signature="pending"} 0\n'
        wait_until(lambda: done in exporter.get()[2], what="inspected modules")
        status, headers, body = exporter.get(headers=HEADERS)
    assert status == 200 and headers["Content-Encoding"] == "gzip"
    return headers["Content-Type"], body


class Fleet:
    """
    The pages and who has which: hosts are numbers below HOSTS, crowded ones come first.
    The last hosts are clean ones, which change to another page in change().
    """

    def __init__(self, program, folder, hosts=HOSTS):
        self.pages = []
        numbers = {}  # (kernel, kind, version): index of the page
        kinds = KINDS | {"crowded": (*CROWD, 0)}
        for kernel in KERNELS:
            for kind, (bits, modules, _) in kinds.items():
                for version in VERSIONS if modules else VERSIONS[:1]:
                    scene = folder / "scene"
                    make_host(scene, kernel, bits, modules, version)
                    numbers[kernel, kind, version] = len(self.pages)
                    self.pages.append(fetch(program, scene))
                    shutil.rmtree(scene)
        chance = random.Random(1)
        self.kernels = chance.choices(list(KERNELS), KERNELS.values(), k=hosts)
        shares = [share for _, _, share in KINDS.values()]
        self.kinds = chance.choices(list(KINDS), shares, k=hosts)
        crowded = CROWDED * hosts // HOSTS
        self.kinds[:crowded] = ["crowded"] * crowded
        self.page_of = [
            numbers[kernel, kind, chance.choice(VERSIONS if kinds[kind][1] else VERSIONS[:1])]
            for kernel, kind in zip(self.kernels, self.kinds)
        ]
        self.numbers = numbers

    @property
    def hosts(self):
        return len(self.page_of)

    @staticmethod
    def instance(host):
        return f"host-{host:05}.example:10093"

    def series(self, host):
        """What Prometheus makes of the host's page: (name, labels as text, value)."""
        text = gzip.decompress(self.pages[self.page_of[host]][1]).decode()
        target = f'instance="{self.instance(host)}",job="{JOB}"'
        for name, labels, value in SAMPLE.findall(text):
            yield name, f"{target},{labels}" if labels else target, value

    def sizes(self):
        """How many series each host's page has."""
        counts = []
        for _, body in self.pages:
            text = gzip.decompress(body).decode()
            counts.append(sum(not line.startswith("#") for line in text.splitlines()))
        return [counts[page] for page in self.page_of]

    def answers(self):
        """Whole HTTP answers, one for each page."""
        return [
            f"HTTP/1.1 200 OK\r\nContent-Type: {kind}\r\nContent-Encoding: gzip\r\n"
            f"Content-Length: {len(body)}\r\n\r\n".encode() + body
            for kind, body in self.pages
        ]


class Server:
    """
    Serves /NUMBER for every host from a process of its own, for a with statement; after
    change(), the last TAINTED clean hosts have a kernel that warned.
    """

    def __init__(self, fleet):
        self.fleet = fleet
        self.listener = socket.create_server(("127.0.0.1", 0), backlog=1024)
        self.port = self.listener.getsockname()[1]
        self.changed = multiprocessing.Event()
        self.process = multiprocessing.Process(target=self._run, daemon=True)

    TAINTED = 50

    def change(self):
        self.changed.set()

    def __enter__(self):
        self.process.start()
        self.listener.close()
        return self

    def __exit__(self, *_):
        self.process.kill()
        self.process.join()

    def _run(self):
        asyncio.run(self._serve())

    async def _serve(self):
        fleet, answers = self.fleet, self.fleet.answers()
        before, after = list(fleet.page_of), list(fleet.page_of)
        clean = [host for host in range(fleet.hosts) if fleet.kinds[host] == "clean"]
        for host in clean[-self.TAINTED:]:
            after[host] = fleet.numbers[fleet.kernels[host], "warned", VERSIONS[0]]
        changed = self.changed

        class Connection(asyncio.Protocol):
            def connection_made(self, transport):
                self.transport, self.received = transport, b""

            def data_received(self, data):
                self.received += data
                while b"\r\n\r\n" in self.received:
                    head, _, self.received = self.received.partition(b"\r\n\r\n")
                    host = int(head[len("GET /"):head.index(b" HTTP")])
                    page = (after if changed.is_set() else before)[host]
                    self.transport.write(answers[page])

        loop = asyncio.get_running_loop()
        server = await loop.create_server(Connection, sock=self.listener)
        await server.serve_forever()
