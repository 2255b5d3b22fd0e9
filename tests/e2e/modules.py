# SPDX-License-Identifier: Apache-2.0
"""
Modules that tests make themselves, from a few lines of assembly: their modinfo, their
build ID, their signature, their compression; and the tree of a kernel release that depmod
has indexed. Knows the forms of such files, nothing of the program that reads them.
"""

import contextlib
import dataclasses
import functools
import gzip
import lzma
import os
import pathlib
import re
import shutil
import struct
import subprocess
import tempfile
import zlib

from exporter import TIMEOUT
from scenery import RELEASE, make_scene

FIXTURES = pathlib.Path(__file__).resolve().parent.parent / "modules"

MARKER = b"~Module signature appended~\n"

# What the kernel's build says of a module of its own (modinfo(8)).
IN_TREE = (("license", "GPL"), ("intree", "Y"), ("vermagic", f"{RELEASE} SMP"))

# Of the type in a signature's trailer (include/linux/module_signature.h).
PGP, X509, PKCS7 = range(3)


def run(*command, **options):
    """Runs a tool to its end, which must be a good one."""
    result = subprocess.run(
        [str(word) for word in command],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        timeout=TIMEOUT,
        **options,
    )
    assert result.returncode == 0, (command, result.stdout.decode())
    return result.stdout


# ---- files ----


def _quoted(value):
    """VALUE (str or bytes) for .asciz."""
    raw = value.encode() if isinstance(value, str) else value
    return "".join(f"\\{byte:03o}" for byte in raw)


def note(name, kind, value):
    """An ELF note (elf(5)) in this machine's byte order."""
    name += b"\0"
    padded = [piece + bytes(-len(piece) % 4) for piece in (name, value)]
    return struct.pack("=III", len(name), len(value), kind) + b"".join(padded)


def build_id_note(build_id):
    return note(b"GNU", 3, build_id)


@functools.cache
def _assemble(source):
    with tempfile.TemporaryDirectory(prefix="taint-") as folder:
        path = pathlib.Path(folder, "module.s")
        path.write_text(source)
        run("as", "-o", path.with_suffix(".o"), path)
        return path.with_suffix(".o").read_bytes()


def elf(words=IN_TREE, build_id=None, sections=None):
    """
    The bytes of an unsigned module. WORDS are pairs, as modinfo prints them; SECTIONS
    gives further ones: {name: bytes}.
    """
    sections = dict(sections or {})
    if build_id is not None:
        sections[".note.gnu.build-id"] = build_id_note(build_id)
    lines = [".text", ".globl init_module", "init_module:", ".byte 0xc3"]
    if words is not None:
        lines.append('.section .modinfo,"a",@progbits')
        for name, value in words:
            raw = value.encode() if isinstance(value, str) else value
            lines.append(f'.asciz "{_quoted(name)}={_quoted(raw)}"')
    for name, value in sections.items():
        kind = "note" if name.startswith(".note") else "progbits"
        lines.append(f'.section {name},"a",@{kind}')
        lines.append(f'.ascii "{_quoted(value)}"')
    # libkmod wants something behind .modinfo.
    lines.append('.section .gnu.linkonce.this_module,"aw",@progbits')
    lines.append(".skip 64")
    return _assemble("\n".join(lines) + "\n")


def trailer(blob, kind=PKCS7, algorithm=0, digest=0, signer=b"", key_id=b""):
    """What stands behind a module whose signature is BLOB."""
    return (
        signer
        + key_id
        + blob
        + struct.pack(
            ">BBBBBxxxI", algorithm, digest, kind, len(signer), len(key_id), len(blob)
        )
        + MARKER
    )


# ---- signatures ----


@dataclasses.dataclass(frozen=True)
class Key:
    """A private key and its certificate."""

    name: str
    folder: pathlib.Path

    @property
    def private(self):
        return self.folder / "key.pem"

    @property
    def pem(self):
        return self.folder / "certificate.pem"

    @property
    def der(self):
        """Its certificate in the other form."""
        path = self.folder / "certificate.der"
        if not path.exists():
            run("openssl", "x509", "-in", self.pem, "-outform", "DER", "-out", path)
        return path

    def _said(self, field):
        """A number in its certificate, in modinfo's form."""
        text = run("openssl", "x509", "-in", self.pem, "-noout", *field).decode()
        digits = re.findall(r"\b(?:[0-9A-F]{2}:?)+\s*$", text)[0].strip()
        return ":".join(re.findall("..", digits.replace(":", "")))

    @property
    def serial(self):
        return self._said(["-serial"])

    @property
    def key_id(self):
        return self._said(["-ext", "subjectKeyIdentifier"])


_keys = contextlib.ExitStack()


@functools.cache
def key(name, algorithm="rsa:2048"):
    """A key that is made once and lasts until the end of the process."""
    folder = pathlib.Path(
        _keys.enter_context(tempfile.TemporaryDirectory(prefix="taint-"))
    )
    folder.chmod(0o755)
    made = Key(name, folder)
    kind = ["-newkey", algorithm]
    if algorithm.startswith("ec:"):
        kind = ["-newkey", "ec", "-pkeyopt", f"ec_paramgen_curve:{algorithm[3:]}"]
    run(
        *("openssl", "req", "-x509", "-nodes", "-days", "3650", *kind),
        *("-subj", f"/O=tests/CN={name}", "-keyout", made.private, "-out", made.pem),
    )
    return made


def signed(module, by, digest="sha256", flags=()):
    """MODULE (bytes) with a signature of the key BY, as scripts/sign-file.c makes it."""
    with tempfile.TemporaryDirectory(prefix="taint-") as folder:
        plain, blob = pathlib.Path(folder, "module"), pathlib.Path(folder, "blob")
        plain.write_bytes(module)
        run(
            *("openssl", "cms", "-sign", "-binary", "-noattr", "-nocerts"),
            *("-nosmimecap", "-md", digest, "-signer", by.pem, "-inkey", by.private),
            *("-in", plain, "-out", blob, "-outform", "DER", *flags),
        )
        return module + trailer(blob.read_bytes())


def fixture(name):
    """The file NAME below tests/modules, which its README.md tells of."""
    return (FIXTURES / name).read_bytes()


# ---- compression ----


def _zstd(data):
    return subprocess.run(
        ["zstd", "-q", "-c"], input=data, stdout=subprocess.PIPE, check=True
    ).stdout


COMPRESSIONS = {
    "": lambda data: data,
    ".gz": lambda data: gzip.compress(data, mtime=0),
    # As the kernel's build does: what is in the kernel knows no other check.
    ".xz": lambda data: lzma.compress(data, check=lzma.CHECK_CRC32),
    ".zst": _zstd,
}


def bomb(suffix):
    """A small compressed file that becomes a module of 200 MiB."""
    # All three forms may stand one behind the other.
    compress = COMPRESSIONS[suffix]
    return compress(elf()) + compress(bytes(8 << 20)) * 25


def greedy_xz():
    """A small xz file that asks for a dictionary of 2 GiB."""
    data = bytearray(COMPRESSIONS[".xz"](b"x"))
    # The block's header begins behind the stream's; its CRC stands at its end.
    at, end = data.index(b"\x21\x01", 12), 12 + (data[12] + 1) * 4
    data[at + 2] = 38
    data[end - 4 : end] = struct.pack("<I", zlib.crc32(data[12 : end - 4]))
    return bytes(data)


# ---- trees ----


class Tree:
    """
    A host with these MODULES loaded, pairs of name and letters, below FOLDER: proc, sys,
    and the files of its kernel release.
    """

    def __init__(self, folder, *modules, mask=0, release=RELEASE):
        self.folder = folder
        self.modules = folder / "lib/modules" / release
        self.release = release
        make_scene(folder, mask, modules, release=release)
        self.modules.mkdir(parents=True)

    def add(self, path, content):
        """A file below the release's folder."""
        path = self.modules / path
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
        return path

    def link(self, path, target):
        path = self.modules / path
        path.parent.mkdir(parents=True, exist_ok=True)
        path.symlink_to(target)
        return path

    def index(self, *further):
        """
        Lets depmod find the modules; FURTHER paths are added as it would do it on the
        host itself. What depmod cannot read here, such as gzip, it lists all the same
        where its build can.
        """
        configuration = self.folder / "depmod.conf"
        configuration.write_text("search updates extra weak-updates built-in\n")
        run("depmod", "-b", self.folder, "-C", configuration, self.release)
        self.list(*further, append=True)

    def list(self, *paths, append=False):
        """Writes modules.dep without depmod."""
        with open(self.modules / "modules.dep", "a" if append else "w") as file:
            file.writelines(f"{path}:\n" for path in paths)

    def load(self, *lines):
        """Writes /proc/modules anew."""
        (self.folder / "proc/modules").write_text("".join(lines))

    def loaded_build(self, name, build_id=None, srcversion=None):
        """What sysfs says of the build that is loaded."""
        folder = self.folder / "sys/module" / name
        if build_id is not None:
            (folder / "notes").mkdir(exist_ok=True)
            (folder / "notes/.note.gnu.build-id").write_bytes(build_id_note(build_id))
        if srcversion is not None:
            (folder / "srcversion").write_text(f"{srcversion}\n")


def place_anew(path, content):
    """Puts a new file in PATH's place."""
    temporary = path.with_name(f".{path.name}.new")
    temporary.write_bytes(content)
    os.replace(temporary, path)


def remove(path):
    """A file, a link or a folder."""
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path)
    else:
        path.unlink()
