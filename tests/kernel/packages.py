# SPDX-License-Identifier: Apache-2.0
"""
Debian's packages of a kernel: which they are today, downloaded and unpacked below a cache
folder without being installed, and reused as long as their versions are the same.
"""

import os
import pathlib
import re
import shutil
import subprocess
import tempfile

TIMEOUT = 600  # seconds for a download of 60 MB, or for what apt-get update fetches

# By flavour: the packages that always depend on the newest kernel, and on its headers.
FLAVOURS = {
    "6.1-cloud": ("linux-image-cloud-amd64", "linux-headers-cloud-amd64"),
    "6.1-full": ("linux-image-amd64", "linux-headers-amd64"),
    "6.12-cloud": ("linux-image-6.12-cloud-amd64", "linux-headers-6.12-cloud-amd64"),
}

OF_KERNEL = re.compile(r"linux-(image|headers|kbuild)-[\w.+-]+")


class Kernel:
    """An unpacked kernel with what modules for it are built with."""

    def __init__(self, folder):
        self.folder = folder
        (image,) = (folder / "boot").glob("vmlinuz-*")
        self.image = image
        self.release = image.name.removeprefix("vmlinuz-")
        self.modules = folder / "lib/modules" / self.release
        self.headers = folder / "usr/src" / f"linux-headers-{self.release}"
        (self.sign_file,) = folder.glob("usr/lib/linux-kbuild-*/scripts/sign-file")

    @property
    def version(self):
        """Its first two numbers."""
        return tuple(map(int, self.release.split(".")[:2]))

    @property
    def configuration(self):
        """The lines of what it was built with."""
        return (self.folder / f"boot/config-{self.release}").read_text().splitlines()


def run(*command, **options):
    """What a tool prints, which must end well."""
    result = subprocess.run(
        [str(word) for word in command],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=TIMEOUT,
        **options,
    )
    assert result.returncode == 0, f"{command}:\n{result.stdout}"
    return result.stdout


def _show(packages, cache):
    """{package: {field: value}} of the versions that would be installed."""
    # Some systems keep no index of their lists, and would make it anew for each question.
    index = f"Dir::Cache::pkgcache={cache}/index.bin"
    answer = subprocess.run(
        ["apt-cache", "-o", index, "show", "--no-all-versions", *packages],
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
        timeout=TIMEOUT,
    ).stdout
    records = (
        dict(re.findall(r"^([\w-]+): (.*)$", record, re.MULTILINE))
        for record in answer.split("\n\n")
    )
    shown = {record["Package"]: record for record in records if record}
    assert shown.keys() == packages, f"apt-cache does not know all of {packages}"
    return shown


def _versions(metapackages, cache):
    """{package: version} of all that has files of the kernel."""
    versions = {}
    unknown = set(metapackages)
    while unknown:
        needed = set()
        for package, record in _show(unknown, cache).items():
            versions[package] = record["Version"]
            for alternatives in record.get("Depends", "").split(", "):
                if found := OF_KERNEL.match(alternatives):
                    needed.add(found.group())
        unknown = needed - versions.keys()
    return {name: versions[name] for name in versions if name not in metapackages}


def _update():
    as_root = [] if os.geteuid() == 0 else ["sudo"]
    run(*as_root, "apt-get", "update", "-q")


def _unpack(versions, folder):
    """Complete or not there: what takes time happens in a folder beside it."""
    with tempfile.TemporaryDirectory(dir=folder.parent, prefix=".unpacking-") as name:
        beside = pathlib.Path(name)
        run(
            "apt-get",
            "download",
            "-q",
            *[f"{package}={version}" for package, version in versions.items()],
            cwd=beside,
        )
        for package in beside.glob("*.deb"):
            run("dpkg-deb", "-x", package, beside / "tree")
        # They look for each other where they would be installed.
        for makefile in beside.glob("tree/usr/src/*/Makefile"):
            text = makefile.read_text()
            here = "include $(dir $(lastword $(MAKEFILE_LIST)))../"
            makefile.write_text(text.replace("include /usr/src/", here))
        run("depmod", "-b", beside / "tree", Kernel(beside / "tree").release)
        os.rename(beside / "tree", folder)


def kernel(flavour, cache):
    """The Kernel of FLAVOUR, below the folder CACHE."""
    cache.mkdir(parents=True, exist_ok=True)
    for is_last in (False, True):
        try:
            versions = _versions(FLAVOURS[flavour], cache)
            names = "_".join(sorted(set(versions.values())))
            folder = cache / f"{flavour}_{names}"
            if not folder.exists():
                for older in cache.glob(f"{flavour}_*"):
                    shutil.rmtree(older)
                _unpack(versions, folder)
            break
        except AssertionError:
            if is_last:
                raise
            _update()  # the lists are missing, or older than the archive
    found = Kernel(folder)
    assert found.release.startswith(flavour.split("-")[0] + "."), found.release
    return found
