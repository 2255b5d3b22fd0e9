# SPDX-License-Identifier: Apache-2.0
"""
Our own modules: built out of the kernel's tree, some signed with a key of our own, some
compressed. What each does is told in modules/.
"""

import os
import pathlib
import shutil

from packages import run

SOURCES = pathlib.Path(__file__).resolve().parent / "modules"
SIGNER = "A key of the laboratory"
SIGNED = ("lab_signed", "lab_staging")
COMPRESSED = {"lab_staging": "xz", "lab_test": "zst"}
REPLACED = "lab_plain"  # of which there is a newer build


def _build(kernel, folder, *variables):
    """Builds in FOLDER, unless that was done with the very same sources."""
    sources = {source.name: source.read_bytes() for source in SOURCES.iterdir()}
    copies = {copy.name: copy.read_bytes() for copy in folder.glob("sources/*")}
    if sources == copies:
        return
    shutil.rmtree(folder, ignore_errors=True)
    shutil.copytree(SOURCES, folder)
    jobs = len(os.sched_getaffinity(0))
    command = ["make", "-s", f"-j{jobs}", "-C", kernel.headers, f"M={folder}"]
    # The types of what a module consists of would need one more tool, and nobody asks.
    run(*command, "CONFIG_DEBUG_INFO_BTF_MODULES=", *variables, "modules")
    # Last, as the sign of a build that was complete.
    shutil.copytree(SOURCES, folder / ".sources")
    (folder / ".sources").rename(folder / "sources")


def _make_key(folder):
    key, certificate = folder / "lab.key", folder / "lab.pem"
    if not certificate.exists():
        run(
            *"openssl req -new -x509 -newkey rsa:2048 -nodes -days 3650 -subj".split(),
            f"/CN={SIGNER}",
            *("-keyout", key, "-out", certificate),
        )
    return key, certificate


def install(kernel, cache, target):
    """
    Puts all modules into the folder TARGET, the newer build in TARGET/newer; below the
    folder CACHE they are kept. Returns the path of the certificate of our key.
    """
    folder = cache / f"lab-{kernel.release}"
    _build(kernel, folder / "modules")
    _build(kernel, folder / "newer", f"MODULES={REPLACED}", "KCFLAGS=-DNEWER")
    key, certificate = _make_key(folder)
    target.mkdir(parents=True)
    (target / "newer").mkdir()
    shutil.copy(folder / f"newer/{REPLACED}.ko", target / "newer")
    for file in (folder / "modules").glob("lab_*.ko"):
        copy = target / file.name
        shutil.copy(file, copy)
        if file.stem in SIGNED:
            run(kernel.sign_file, "sha256", key, certificate, copy)
        if COMPRESSED.get(file.stem) == "xz":
            run("xz", "--check=crc32", copy)
        elif COMPRESSED.get(file.stem) == "zst":
            run("zstd", "-q", "--rm", copy)
    return certificate
