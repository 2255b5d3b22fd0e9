# SPDX-License-Identifier: Apache-2.0
"""
A host that never rests: modules come and go, their files are replaced, its mask changes.
Knows what a scene is made of, nothing of who looks at it.
"""

import collections
import itertools
import os
import shutil

from modules import place_anew
from scene import add_module_folder, module_line, replace
from suite import TESTS_FOLDER

LOADED_MAX = 8  # of those that come and go
MASKS = (12289, 4096, 0, 536883201)

# Files of the scene, and what each is in turn.
VARIANTS = {
    "updates/lab_prop.ko": ("signed.ko", "unsigned.ko", "tampered.ko"),
    "updates/dkms/lab_signed.ko.xz": ("unsigned.ko.xz", "signed.ko.xz"),
    "extra/lab_gpl.ko.zst": ("unsigned.ko.zst", "signed.ko.zst"),
    "extra/lab-tampered.ko.gz": ("unsigned.ko.gz", "signed.ko.gz"),
}

CHANGES = 3  # kinds of them
# After so many changes the host is as it was, but for the names of modules.
CYCLE = CHANGES * sum(len(variants) for variants in VARIANTS.values())


class ChangingHost:
    """SCENE, a folder, is changed by each call of change()."""

    def __init__(self, scene):
        self._scene = scene
        (self._files,) = (scene / "lib/modules").iterdir()
        self._lines = (scene / "proc/modules").read_text()
        self._index = (self._files / "modules.dep").read_text()
        self._loaded = collections.deque()
        # New names for ever: what is kept for each of them shows in the end.
        self._names = (f"soak_{number}" for number in itertools.count())
        self._masks = itertools.cycle(MASKS)
        self._variants = itertools.cycle(
            [(file, variant) for file, all_ in VARIANTS.items() for variant in all_]
        )
        changes = [self._load, self._replace, self._taint]
        assert len(changes) == CHANGES
        self._changes = itertools.cycle(changes)

    def change(self):
        next(self._changes)()

    def renew(self):
        """A new file in an old one's place that says the same."""
        file = self._files / next(iter(VARIANTS))
        place_anew(file, file.read_bytes())

    def _list(self):
        """Writes /proc/modules and modules.dep anew."""
        lines = "".join(module_line(name, "OE") for name in self._loaded)
        replace(self._scene / "proc/modules", lines + self._lines)
        index = "".join(f"extra/{name}.ko:\n" for name in self._loaded)
        replace(self._files / "modules.dep", self._index + index)

    def _load(self):
        if len(self._loaded) == LOADED_MAX:
            self._unload()
        name = next(self._names)
        place_anew(self._file_of(name), self._read("unsigned.ko"))
        add_module_folder(self._scene, name, "OE")
        self._loaded.append(name)
        self._list()

    def _unload(self):
        name = self._loaded.popleft()
        self._list()
        # At once, as the kernel does it.
        gone = self._scene / "gone"
        os.rename(self._scene / "sys/module" / name, gone)
        shutil.rmtree(gone)
        self._file_of(name).unlink()

    def _replace(self):
        file, variant = next(self._variants)
        place_anew(self._files / file, self._read(variant))

    def _taint(self):
        replace(self._scene / "proc/sys/kernel/tainted", f"{next(self._masks)}\n")

    def _file_of(self, name):
        return self._files / "extra" / f"{name}.ko"

    @staticmethod
    def _read(name):
        return (TESTS_FOLDER / "modules" / name).read_bytes()
