# SPDX-License-Identifier: Apache-2.0
"""
Clean roots: a Debian with nothing in it but what it cannot be without, made by mmdebstrap,
copies of it, and commands that run in there. A command sees the files of its root, a procfs,
a sysfs that nobody writes, and the network; its mounts end with it.
"""

import pathlib
import shutil
import subprocess

SOURCE = pathlib.Path(__file__).resolve().parents[2]
SUITE = "bookworm"
TIMEOUT = 1800  # seconds for the longest command: what a build installs, and the build

# Read by the shell of a new mount namespace, which then becomes the command.
MOUNTS = """
set -e
root=$1; shift
mount --bind "$root" "$root"
[ ! -d "$root/proc" ] || mount -t proc -o nosuid,nodev,noexec proc "$root/proc"
[ ! -d "$root/sys" ] || mount -t sysfs -o ro,nosuid,nodev,noexec sysfs "$root/sys"
while [ "$1" != -- ]; do
	mkdir -p "$root$2"
	mount --bind "$1" "$root$2"
	mount -o remount,bind,ro "$root$2"
	shift 2
done
shift
exec env -i "$@"
"""

ENVIRONMENT = (
    "HOME=/",
    "LC_ALL=C.UTF-8",
    "DEBIAN_FRONTEND=noninteractive",
    "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
)


class Root:
    """What is in the folder FOLDER, seen as a root."""

    def __init__(self, folder):
        self.folder = pathlib.Path(folder)

    def __truediv__(self, path):
        """Where PATH of the root is from here."""
        return self.folder / str(path).lstrip("/")

    def command(self, *words, user=None, binds=(), alone=False):
        """
        What runs WORDS in there, as root or as USER ("name" or "number:number"), in one
        process; BINDS are folders that can be read in there, too: (here, there). ALONE, it has
        no network but a loopback of its own, and whatever it leaves running ends with it.
        """
        return [
            "unshare", "--mount",
            *(["--net", "--pid", "--fork", "--kill-child"] if alone else []),
            "sh", "-c", MOUNTS, "sh", str(self.folder),
            *[str(path) for bind in binds for path in bind], "--", *ENVIRONMENT,
            "chroot", *([f"--userspec={user}", "--groups="] if user else []),
            str(self.folder), *[str(word) for word in words],
        ]

    def try_run(self, *words, **options):
        """Its exit code and what it printed, on either stream."""
        result = subprocess.run(
            self.command(*words, **options),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            encoding="utf-8",
            errors="replace",
            timeout=TIMEOUT,
        )
        return result.returncode, result.stdout

    def run(self, *words, **options):
        """What it prints; it has to end well."""
        code, output = self.try_run(*words, **options)
        assert code == 0, f"{' '.join(map(str, words))}: exit code {code}:\n{output}"
        return output

    def install(self, *packages):
        """Debian's packages, or files of packages, and nothing that they only recommend."""
        self.run("apt-get", "update", "--quiet")
        self.run("apt-get", "install", "--quiet", "--yes", "--no-install-recommends",
                 *packages)

    def copy(self, folder):
        """Another root that is as this one is, in place of what FOLDER holds."""
        shutil.rmtree(folder, ignore_errors=True)
        subprocess.run(["cp", "--archive", "--reflink=auto", self.folder, folder], check=True)
        return Root(folder)


def make_root(folder):
    """
    A clean root in FOLDER, in place of what is there. What is mounted meanwhile is seen by
    its maker alone: nothing of this machine's stays in FOLDER if that is killed.
    """
    shutil.rmtree(folder, ignore_errors=True)
    subprocess.run(
        ["unshare", "--mount", "mmdebstrap", "--quiet", "--mode=root", "--variant=minbase",
         "--include=ca-certificates", SUITE, folder],
        check=True,
        timeout=TIMEOUT,
    )
    return Root(folder)
