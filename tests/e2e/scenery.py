# SPDX-License-Identifier: Apache-2.0
"""
Scenes that tests make themselves, and pages taken apart.
"""

import contextlib
import os
import pathlib
import string
import tempfile

from prometheus_client.openmetrics.parser import (
    text_string_to_metric_families as parse_openmetrics,
)
from prometheus_client.parser import text_string_to_metric_families as parse_text

# Those that are not used here are for the tests.
from scene import add_module_folder, copy_scene, module_line, replace  # noqa: F401

RELEASE = "6.1.0-56-amd64"


@contextlib.contextmanager
def temporary_folder():
    """
    A folder that everybody may read, in memory: like sysfs, and unlike a disk, tmpfs does
    not give a new file the inode number of one that was just deleted.
    """
    with tempfile.TemporaryDirectory(prefix="taint-", dir="/dev/shm") as name:
        os.chmod(name, 0o755)
        yield pathlib.Path(name)


def make_scene(scene, mask=0, modules=(), built_in=(), release=RELEASE):
    """Makes the folder SCENE; MODULES are pairs of name and letters."""
    kernel = scene / "proc/sys/kernel"
    kernel.mkdir(parents=True)
    (scene / "sys/module").mkdir(parents=True)
    (kernel / "tainted").write_text(f"{mask}\n")
    (kernel / "osrelease").write_text(f"{release}\n")
    (kernel / "modules_disabled").write_text("0\n")
    (scene / "proc/version").write_text(f"Linux version {release}\n")
    (scene / "proc/cmdline").write_text("quiet\n")
    for name in built_in:
        (scene / "sys/module" / name).mkdir()
    for name, letters in modules:
        add_module_folder(scene, name, letters)
    (scene / "proc/modules").write_text(
        "".join(module_line(name, letters) for name, letters in modules)
    )
    return scene


def make_wide_scene(scene):
    """A scene whose page is twice what a socket can take when its buffer has grown."""
    letters = string.ascii_letters + string.digits
    largest = int(pathlib.Path("/proc/sys/net/ipv4/tcp_wmem").read_text().split()[2])
    bytes_per_module = 110 * len(letters)
    count = (2 * largest + (1 << 20)) // bytes_per_module
    return make_scene(
        scene, modules=[(f"wide_{i:050}", letters) for i in range(count)]
    )


def families(page, openmetrics=False):
    """The samples of PAGE (bytes): {(name, labels as a sorted tuple of pairs): value}."""
    parse = parse_openmetrics if openmetrics else parse_text
    samples = {}
    for family in parse(page.decode()):
        for sample in family.samples:
            key = (sample.name, tuple(sorted(sample.labels.items())))
            assert key not in samples, f"twice on the page: {key}"
            samples[key] = sample.value
    return samples


def value(samples, name, **labels):
    """One sample of what families() gave."""
    return samples[(name, tuple(sorted(labels.items())))]


def successes(samples):
    """{collector: 1 or 0}"""
    return {
        dict(labels)["collector"]: number
        for (name, labels), number in samples.items()
        if name == "kernel_taint_scrape_collector_success"
    }


ALL_SUCCESSFUL = {"kernel": 1, "modules": 1, "posture": 1, "signature": 1}
