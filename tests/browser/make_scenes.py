#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""
Writes the scenes that only a browser is shown: make_scenes.py FOLDER. Knows what HTML
would obey; README.md beside this file says what each scene is.
"""

import pathlib
import sys

sys.dont_write_bytecode = True
TESTS_FOLDER = pathlib.Path(__file__).resolve().parent.parent
sys.path[1:1] = [str(TESTS_FOLDER / name) for name in ("lib", "scenes", "e2e")]

from generate import Scene, hostile_names  # noqa: E402
from modules import Key, elf, run, signed  # noqa: E402

BUILD = "5D1E1B21B5D3F8C0A9E24D7"

SCRIPT = b"<script>alert(1)</script>"
MARKUP = [
    SCRIPT,
    b"<img src=x onerror=alert(1)>",
    b'"><svg onload=alert(1)>',
    b"' autofocus onfocus='alert(1)",
    b"</title></style><!--",
    b"&lt;b&gt;&amp;&#60;",
    b"</h2></section></main>",
    b"javascript:alert(1)",
    b"l" * 55,
]


def key(folder, name, serial):
    """A key whose certificate says the same on every run."""
    folder.mkdir()
    made = Key(name, folder)
    run(
        *("openssl", "req", "-x509", "-nodes", "-newkey", "rsa:2048"),
        *("-set_serial", serial, "-subj", f"/CN={name}"),
        *("-keyout", made.private, "-out", made.pem),
    )
    return made


def markup(folder):
    """Every word that comes from outside is HTML."""
    scene = Scene(folder, b"markup")
    release = b"6.1.0-<i>&amp;\"'-amd64"
    tree = b"lib/modules/" + release
    words = [
        ("license", SCRIPT),
        ("version", b"\"'><img src=x onerror=alert(1)>"),
    ]
    signer = key(folder / "key-of-markup", "<u onclick=alert(1)>signer&amp;", "0x0a")

    scene.kernel(12289)
    scene.modules([(name, b"OE") for name in MARKUP] + [(b"words", b"POE")])
    scene.file(b"proc/sys/kernel/osrelease", release + b"\n")
    scene.file(tree + b"/modules.dep", b"extra/<b>/words.ko:\n")
    scene.file(tree + b"/extra/<b>/words.ko", signed(elf(words), signer))
    # One that procfs does not list, one about which the two disagree.
    scene.file(b"sys/module/<script>hidden</initstate", b"live\n")
    scene.file(b"sys/module/<script>hidden</taint", b"OE\n")
    scene.file(b"sys/module/" + MARKUP[1] + b"/taint", b"E\n")


def picture(folder):
    """A workstation as there are many."""
    scene = Scene(folder, b"picture")
    tree = b"lib/modules/6.1.0-56-amd64"
    signer = key(folder / "key-of-picture", "DKMS module signing key", "0x5f3a9c0172e4")
    nvidia = [("license", "NVIDIA"), ("version", "560.35.03")]
    vboxdrv = [("license", "GPL"), ("version", "7.0.26")]

    scene.kernel(12801)
    for variable in (b"SecureBoot", b"SetupMode"):
        scene.file(
            b"sys/firmware/efi/efivars/%s-8be4df61-93ca-11d2-aa0d-00e098032b8c"
            % variable,
            b"\6\0\0\0\0",
        )
    scene.modules(
        [(b"nvidia", b"POE"), (b"vboxdrv", b"OE")]
        + [(name, b"") for name in (b"ext4", b"e1000e", b"kvm", b"i915")]
    )
    scene.file(
        tree + b"/modules.dep", b"updates/dkms/nvidia.ko:\nupdates/dkms/vboxdrv.ko:\n"
    )
    for name, words in ((b"nvidia", nvidia), (b"vboxdrv", vboxdrv)):
        module = elf([*words, ("srcversion", BUILD)])
        if name == b"vboxdrv":
            module = signed(module, signer)
        scene.file(tree + b"/updates/dkms/%s.ko" % name, module)
        scene.file(b"sys/module/%s/srcversion" % name, BUILD.encode() + b"\n")


if __name__ == "__main__":
    if len(sys.argv) != 2:
        sys.exit("usage: make_scenes.py FOLDER")
    target = pathlib.Path(sys.argv[1])
    hostile_names(target)
    markup(target)
    picture(target)
