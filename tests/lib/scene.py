# SPDX-License-Identifier: Apache-2.0
"""
Changes of a scene, a folder that stands for a host. Knows how procfs and sysfs lay out
modules.
"""

import os
import shutil


def copy_scene(source, scene):
    shutil.copytree(source, scene, symlinks=True)
    return scene


def replace(path, content):
    """Puts a new file in PATH's place, so that a reader finds the old one or the new."""
    temporary = path.with_name(f".{path.name}.new")
    temporary.write_text(content)
    os.replace(temporary, path)


def module_line(name, letters="", state="Live"):
    """NAME's line in /proc/modules."""
    flags = f" ({letters})" if letters else ""
    return f"{name} 16384 0 - {state} 0x0000000000000000{flags}\n"


def add_module_folder(scene, name, letters=""):
    folder = scene / "sys/module" / name
    folder.mkdir()
    (folder / "taint").write_text(f"{letters}\n")
    (folder / "initstate").write_text("live\n")
