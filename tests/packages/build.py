# SPDX-License-Identifier: Apache-2.0
"""
build.py FOLDER: what the other files of this folder test, made anew: the root FOLDER/base,
a clean Debian, and FOLDER/builder, one in which a user without rights made the packages of
what is committed here, as anybody would, in /home/builder/source/build/dist.
"""

import os
import pathlib
import subprocess
import sys

from roots import SOURCE, make_root

LISTS = [SOURCE / f"packaging/dependencies/{name}.txt" for name in ("build", "release")]
USER = "builder"


def main():
    if os.geteuid() != 0:
        raise SystemExit("build.py: root makes roots, and you are not")
    folder = pathlib.Path(sys.argv[1]).resolve()
    folder.mkdir(parents=True, exist_ok=True)
    builder = make_root(folder / "base").copy(folder / "builder")
    builder.install(*[name for file in LISTS for name in file.read_text().split()],
                    "lintian", "rpmlint")
    builder.run("useradd", "--create-home", USER)
    home = pathlib.Path("/home") / USER
    subprocess.run(["git", "clone", "--quiet", "--no-hardlinks", SOURCE, builder / home / "source"],
                   check=True)
    builder.run("chown", "--recursive", f"{USER}:{USER}", home)
    log = builder.run("make", "-C", home / "source", "deb", "rpm", "image", user=USER)
    (builder / home / "build.log").write_text(log)


main()
