# SPDX-License-Identifier: Apache-2.0
"""
The guest's files: busybox, dash, kmod, the program with the libraries that it is linked
with, some modules of the kernel and all of ours, in an archive that the kernel unpacks.
"""

import lzma
import pathlib
import re
import shutil
import subprocess

import laboratory

HERE = pathlib.Path(__file__).resolve().parent
TIMEOUT = 120  # seconds for what takes one

# Of the kernel's own. The first two are its network; not every kernel has all in files.
IN_TREE = ("virtio_pci", "virtio_net", "dummy", "vxlan", "ts_kmp", "lru_cache")
FORCED = "ts_kmp"  # that stages load by force


def _run(*command, **options):
    result = subprocess.run(
        [str(word) for word in command],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        timeout=TIMEOUT,
        **options,
    )
    assert result.returncode == 0, (command, result.stderr.decode())
    return result.stdout


def _copy_program(program, root):
    """With the libraries that it is linked with, to where it looks for them."""
    shutil.copy(program, root / "bin")
    for library in re.findall(r"(/\S+) \(0x", _run("ldd", program).decode()):
        copy = root / library.lstrip("/")
        if not copy.exists():
            copy.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(library, copy)


def _decompress(file):
    """
    As whoever loads FILE by force has to: of what kmod decompresses and changes itself,
    kernels still want the signature to fit.
    """
    if file.suffix == ".xz":
        file.with_suffix("").write_bytes(lzma.decompress(file.read_bytes()))
        file.unlink()


def _copy_in_tree(kernel, target):
    """With what they depend on."""
    dependencies = {}
    for line in (kernel.modules / "modules.dep").read_text().splitlines():
        file, _, needed = line.partition(":")
        dependencies[file] = needed.split()
    for file, needed in dependencies.items():
        if pathlib.Path(file).name.split(".")[0] not in IN_TREE:
            continue
        for path in (file, *needed):
            (target / path).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(kernel.modules / path, target / path)
        if pathlib.Path(file).name.split(".")[0] == FORCED:
            _decompress(target / file)
    for list_file in kernel.modules.glob("modules.[bo]*r*"):
        if list_file.suffix != ".bin":
            shutil.copy(list_file, target)


def make(program, kernel, cache, folder):
    """Makes the archive in FOLDER and returns its path."""
    root = folder / "root"
    for name in ("bin", "dev", "etc", "proc", "run", "sys"):
        (root / name).mkdir(parents=True)
    shutil.copy("/bin/busybox", root / "bin")
    _copy_program("/bin/kmod", root)
    _copy_program(program, root)
    for applet in _run("/bin/busybox", "--list").decode().split():
        if applet != "busybox":
            (root / "bin" / applet).symlink_to("busybox")
    # That of busybox would prefer applets to the tools that can force, and decompress.
    (root / "bin/sh").unlink()
    _copy_program("/bin/dash", root)
    (root / "bin/sh").symlink_to("dash")
    for name in ("modprobe", "rmmod"):
        (root / "bin" / name).unlink()
        (root / "bin" / name).symlink_to("kmod")
    shutil.copy(HERE / "init", root / "init")
    shutil.copy(HERE / "wait-for", root / "bin/wait-for")
    (root / "etc/passwd").write_text(
        "root:x:0:0:::/bin/sh\nnobody:x:65534:65534::/:/bin/sh\n"
    )
    (root / "etc/group").write_text("root:x:0:\nnogroup:x:65534:\n")
    modules = root / "lib/modules" / kernel.release
    modules.mkdir(parents=True)
    _copy_in_tree(kernel, modules)
    certificate = laboratory.install(kernel, cache, modules / "extra")
    shutil.copy(certificate, root / "etc/lab.pem")
    # Not a second module of the same name, for depmod.
    (modules / "extra/newer").rename(root / "newer")
    _run("depmod", "-b", root, kernel.release)

    names = sorted(str(path.relative_to(root)) for path in root.rglob("*"))
    archive = folder / "initramfs.cpio"
    archive.write_bytes(
        _run(
            *"cpio --quiet --create --format=newc --owner=0:0".split(),
            cwd=root,
            input="\n".join(names).encode(),
        )
    )
    shutil.rmtree(root)
    return archive
