#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""
Writes the scenes that git cannot hold well into a folder: generate.py FOLDER. Knows
names of arbitrary bytes, thousands of files, FIFOs and empty folders. The same on every
run; README.md beside this file says what each scene is.
"""

import os
import shutil
import sys

RELEASE = b"6.1.0-56-amd64\n"
VERSION = (
    b"Linux version 6.1.0-56-amd64 (debian-kernel@lists.debian.org) (gcc-12 (Debian "
    b"12.2.0-14+deb12u1) 12.2.0, GNU ld (GNU Binutils for Debian) 2.40) #1 SMP "
    b"PREEMPT_DYNAMIC Debian 6.1.192-2 (2026-11-16)\n"
)


class Scene:
    """One folder with proc/ and sys/; paths and contents are bytes."""

    def __init__(self, folder, name):
        self.root = os.path.join(os.fsencode(folder), name)
        os.makedirs(self.root)

    def folder(self, path):
        os.makedirs(os.path.join(self.root, path), exist_ok=True)

    def file(self, path, content):
        self.folder(os.path.dirname(path))
        with open(os.path.join(self.root, path), "wb") as file:
            file.write(content)

    def empty(self, path):
        """Leaves nothing in a folder."""
        shutil.rmtree(os.path.join(self.root, path))
        self.folder(path)

    def fifo(self, path):
        self.folder(os.path.dirname(path))
        os.mkfifo(os.path.join(self.root, path))

    def kernel(self, mask):
        self.file(b"proc/sys/kernel/tainted", b"%d\n" % mask)
        self.file(b"proc/sys/kernel/osrelease", RELEASE)
        self.file(b"proc/sys/kernel/modules_disabled", b"0\n")
        self.file(b"proc/version", VERSION)
        self.file(b"proc/cmdline", b"BOOT_IMAGE=/boot/vmlinuz ro quiet\n")
        self.file(b"sys/module/module/parameters/sig_enforce", b"N\n")
        self.file(b"sys/kernel/security/lockdown", b"[none] integrity confidentiality\n")
        self.file(b"sys/firmware/acpi/pm_profile", b"0\n")

    def modules(self, modules):
        """MODULES: pairs of name and letters; those that may be folders get one."""
        records = []
        for name, letters in modules:
            suffix = b" (%s)" % letters if letters else b""
            records.append(
                b"%s 16384 0 - Live 0x0000000000000000%s\n" % (name, suffix)
            )
            if name not in (b".", b".."):
                path = b"sys/module/" + name.replace(b"/", b"!")
                self.file(path + b"/taint", letters + b"\n")
                self.file(path + b"/initstate", b"live\n")
        self.file(b"proc/modules", b"".join(records))


HOSTILE = [
    (b"plain", b"OE"),
    (b"Upper_before_lower-and-dash", b"E"),
    (b"caf\xc3\xa9", b"E"),
    (b"bad\xff", b"O"),
    (b"bad\xfe", b"E"),
    (b"overlong\xc0\xaf", b"E"),
    (b"surrogate\xed\xa0\x80", b"E"),
    (b"cut\xe2\x82", b"E"),
    (b"\xff" * 55, b"E"),
    (b"right-to-left\xe2\x80\xaemark", b"E"),
    (b'quote"and\\backslash', b"E"),
    (b"ends in \\", b"E"),
    (b"new\nline", b"E"),
    (b"carriage\rreturn", b"E"),
    (b"tab\tulator", b"E"),
    (b"bell\a and delete\x7f", b"E"),
    (b"blank in the name", b"E"),
    (b"slash/in/the/name", b"OE"),
    (b".", b"E"),
    (b"..", b"E"),
    (b"# HELP kernel_taint_mask No.", b"E"),
    (b'x"} 1 # {y="', b"E"),
    (b"(OE)", b"E"),
    (b"Live", b"E"),
    (b"0x0", b"E"),
    (b"-", b"E"),
    (b"clean\xff", b""),
    (b"clean and\nblank", b""),
]


def hostile_names(folder):
    scene = Scene(folder, b"hostile-names")
    scene.kernel(12288)
    scene.modules(HOSTILE)


def names_like_records(folder):
    scene = Scene(folder, b"names-like-records")
    scene.kernel(12288)
    scene.modules(
        [
            (b"two 1 0 words", b"OE"),
            (b"vxlan 106496 0 - Live 0x0", b"OE"),
            (b"plain", b""),
        ]
    )


def thousand_modules(folder):
    scene = Scene(folder, b"thousand-modules")
    scene.kernel(12289)
    letters = [b"POE", b"OE", b"OE", b"E"]
    scene.modules(
        (b"module_%03d" % i, letters[i // 10 % 4] if i % 10 == 0 else b"")
        for i in range(1000)
    )
    for i in range(80):
        scene.file(b"sys/module/builtin_%02d/uevent" % i, b"")


def escape(message):
    """As the kernel writes it into a record of its log."""
    return b"".join(
        bytes([c]) if 32 <= c < 127 and c != 0x5C else b"\\x%02x" % c for c in message
    )


def log_hostile(folder):
    scene = Scene(folder, b"log-hostile")
    scene.kernel(12288)
    scene.modules([])
    taints = b": loading out-of-tree module taints kernel."
    messages = [name + taints for name, _ in HOSTILE]
    messages += [
        b"x: module license '" + name + b"' taints kernel." for name, _ in HOSTILE
    ]
    messages += [b"a\n4,1,1,-;b" + taints, b"n" * 100 + taints, b"m" * 9000 + taints]
    messages += [b"module_%03d" % i + taints for i in range(200)]
    lines = [
        b"4,%d,%d,-;%s\n" % (i, i * 1000, escape(message))
        for i, message in enumerate(messages)
    ]
    # Of user space, no records, and one that is cut off.
    lines += [b"12,900,1,-;user" + taints + b"\n", b" 4,901,1,-;blank" + taints + b"\n"]
    lines += [b"4,902,-;short" + taints + b"\n", b"\0\xff\n", b"4,903,1,-;cut" + taints]
    scene.file(b"dev/kmsg", b"".join(lines))
    scene.file(
        b"sys/kernel/debug/modules/unloaded_tainted",
        b"".join(b"%s (%s) 2\n" % (name, letters) for name, letters in HOSTILE),
    )


def fifos(folder):
    scene = Scene(folder, b"fifos")
    scene.kernel(12288)
    scene.modules([(b"vboxdrv", b"OE"), (b"zfs", b"OE"), (b"ext4", b"")])
    for path in (
        b"proc/sys/kernel/tainted",
        b"proc/sys/kernel/modules_disabled",
        b"sys/module/zfs/taint",
    ):
        os.unlink(os.path.join(scene.root, path))
        scene.fifo(path)


def nothing_mounted(folder):
    scene = Scene(folder, b"nothing-mounted")
    scene.folder(b"proc")
    scene.folder(b"sys")


def container(folder):
    """As a pod sees its node: a mask over /sys/firmware, and no securityfs."""
    scene = Scene(folder, b"container")
    scene.kernel(0)
    scene.modules([(b"ext4", b"")])
    scene.empty(b"sys/firmware")
    scene.empty(b"sys/kernel/security")


def securityfs_not_mounted(folder):
    scene = Scene(folder, b"securityfs-not-mounted")
    scene.kernel(0)
    scene.modules([(b"ext4", b"")])
    scene.empty(b"sys/kernel/security")
    for name, value in ((b"SecureBoot", 1), (b"SetupMode", 0)):
        path = b"sys/firmware/efi/efivars/" + name
        path += b"-8be4df61-93ca-11d2-aa0d-00e098032b8c"
        scene.file(path, bytes([6, 0, 0, 0, value]))


def clean_in_doubt(folder):
    """Masks without a bit, and what speaks against each of them."""
    scene = Scene(folder, b"clean-contradicted")
    scene.kernel(0)
    scene.modules([(b"vboxdrv", b"OE")])
    scene = Scene(folder, b"clean-hidden")
    scene.kernel(0)
    scene.modules([(b"ext4", b""), (b"rootkit", b"")])
    scene.file(b"proc/modules", b"ext4 16384 0 - Live 0x0000000000000000\n")
    scene = Scene(folder, b"clean-disagreeing")
    scene.kernel(0)
    scene.modules([(b"ext4", b"Z")])
    scene.file(b"sys/module/ext4/taint", b"\n")


def same_names(folder):
    """Of the twins, which look the same on a page, one is not what is loaded."""
    scene = Scene(folder, b"same-names")
    scene.kernel(12289)
    twins = [b"lab_twi\xfe", b"lab_twi\xff"]
    scene.modules([(twins[0], b"OE"), (twins[1], b"PO")])
    files = b"lib/modules/" + RELEASE.strip()
    donor = os.path.join(
        os.fsencode(os.path.dirname(os.path.abspath(__file__))),
        b"module-files",
        files,
        b"updates/lab_prop.ko",
    )
    with open(donor, "rb") as file:
        content = file.read()
    for name, srcversion in zip(twins, (b"another", b"29B8B06DC16DEC16B466F94")):
        scene.file(files + b"/extra/" + name + b".ko", content.replace(b"lab_prop", name))
        scene.file(b"sys/module/" + name + b"/srcversion", srcversion + b"\n")
    scene.file(files + b"/modules.dep", b"".join(b"extra/%s.ko:\n" % n for n in twins))


def no_roots(folder):
    Scene(folder, b"no-roots")


def generate(folder):
    """Writes all of them into FOLDER, which must not hold any of them yet."""
    hostile_names(folder)
    names_like_records(folder)
    thousand_modules(folder)
    log_hostile(folder)
    fifos(folder)
    nothing_mounted(folder)
    container(folder)
    securityfs_not_mounted(folder)
    clean_in_doubt(folder)
    same_names(folder)
    no_roots(folder)


if __name__ == "__main__":
    if len(sys.argv) != 2:
        sys.exit("usage: generate.py FOLDER")
    generate(sys.argv[1])
