# SPDX-License-Identifier: Apache-2.0
"""
The files of loaded modules, served: where they are found, what they hold, whether they
are what is loaded, and that nothing in them, nor a disk that does not answer, keeps
anybody waiting. Knows every state a file can be in.
"""

import collections
import contextlib
import ctypes
import os
import re
import signal
import struct
import threading
import time

from suite import PROGRAM, run, test
from exporter import Exporter, scene_flags, wait_until
from commands import command, folder_for_nobody, lines_of
from modules import (
    COMPRESSIONS,
    FIXTURES,
    IN_TREE,
    MARKER,
    PGP,
    X509,
    Tree,
    bomb,
    elf,
    fixture,
    greedy_xz,
    key,
    place_anew,
    remove,
    signed,
    trailer,
)
from scenery import (
    ALL_SUCCESSFUL,
    RELEASE,
    families,
    module_line,
    replace,
    successes,
    temporary_folder,
    value,
)
from situations import Gate, Later, is_refused
from wire import Wire

WAIT = "--collector.signature.wait"
TRUST = "--collector.signature.trust"
ALL = "--collector.signature.modules=all"
FOLDER = f"/lib/modules/{RELEASE}"

STATES = {
    "elf_section",
    "malformed",
    "missing",
    "none",
    "pending",
    "pgp",
    "pkcs7",
    "unknown",
    "unreadable",
    "x509",
}

OPENMETRICS = {"Accept": "application/openmetrics-text;version=1.0.0"}


@contextlib.contextmanager
def host(*modules, **options):
    with temporary_folder() as folder:
        yield Tree(folder / "scene", *modules, **options)


def serve(tree, *flags, program=PROGRAM, **options):
    if not any(flag.startswith(WAIT) for flag in flags):
        flags = (f"{WAIT}=60s", *flags)
    return Exporter(program, *scene_flags(tree.folder), *flags, **options)


def scrape(exporter, path="/metrics", headers=None):
    """The samples of a page, which both parsers must take in both formats."""
    for further in ({}, OPENMETRICS):
        status, _, page = exporter.get(path, headers={**(headers or {}), **further})
        assert status == 200
        samples = families(page, openmetrics=bool(further))
    return samples


def states(samples):
    """{signature: how many}, of those that there are; they sum to the loaded modules."""
    counts = {
        dict(labels)["signature"]: int(number)
        for (name, labels), number in samples.items()
        if name == "kernel_taint_module_files"
    }
    assert set(counts) == STATES, counts
    loaded = samples.get(("kernel_taint_modules_loaded", ()))
    assert loaded is None or sum(counts.values()) == loaded, (counts, loaded)
    return {state: count for state, count in counts.items() if count}


def infos(samples):
    """{module: its further labels}"""
    found = {}
    for (name, labels), number in samples.items():
        if name == "kernel_taint_module_info":
            labels = dict(labels)
            assert number == 1
            found[labels.pop("module")] = labels
    return found


def info(samples, module):
    """The labels of MODULE that are not empty, without its flags and its path."""
    labels = infos(samples)[module]
    return {
        name: label
        for name, label in labels.items()
        if label and name not in ("flags", "path")
    }


def differs(samples):
    """{module: 0 or 1}"""
    return {
        dict(labels)["module"]: number
        for (name, labels), number in samples.items()
        if name == "kernel_taint_module_file_differs"
    }


def signatures(samples):
    """{module: signature}"""
    return {name: labels["signature"] for name, labels in infos(samples).items()}


def module(name):
    """The bytes of a module that nobody signed and that says this is its version."""
    return elf((("version", name), *IN_TREE))


def is_logged(exporter, path):
    """How many lines speak of PATH."""
    return sum(path in line for line in exporter.log.splitlines())


def assert_logged_once(exporter, path):
    """A line may come after the page that knows what it says."""
    wait_until(lambda: is_logged(exporter, path), what=f"line about {path}")
    assert is_logged(exporter, path) == 1, exporter.log


class Opens:
    """Notices what is opened in FOLDERS, by inotify(7); for a with statement."""

    OPEN = 0x20

    def __init__(self, *folders):
        libc = ctypes.CDLL(None, use_errno=True)
        self._fd = libc.inotify_init1(os.O_NONBLOCK | os.O_CLOEXEC)
        assert self._fd >= 0
        for folder in folders:
            assert libc.inotify_add_watch(self._fd, os.fsencode(folder), self.OPEN) > 0

    def take(self):
        """The names since the last call."""
        try:
            events = os.read(self._fd, 1 << 20)
        except BlockingIOError:
            return []
        names, at = [], 0
        while at < len(events):
            length = struct.unpack_from("iIII", events, at)[3]
            names.append(events[at + 16 : at + 16 + length].rstrip(b"\0").decode())
            at += 16 + length
        return names

    def __enter__(self):
        return self

    def __exit__(self, *exception):
        os.close(self._fd)


# ---- where files are ----


@test
def files_are_found_wherever_depmod_looks():
    loaded = [(name, "OE") for name in ("in_kernel", "updated", "extra", "weak", "far")]
    with host(*loaded) as tree:
        tree.add("kernel/drivers/in-kernel.ko", module("in kernel"))
        tree.add("kernel/updated.ko", module("old"))
        tree.add("updates/dkms/updated.ko", module("new"))
        tree.add("extra/extra.ko", module("extra"))
        other = tree.folder / "lib/modules/6.0.0/extra"
        other.mkdir(parents=True)
        (other / "weak.ko").write_bytes(module("weak"))
        (other / "far.ko").write_bytes(module("far"))
        tree.link("weak-updates/weak.ko", "../../6.0.0/extra/weak.ko")
        # depmod runs on the host itself, where absolute links lead to their places.
        tree.link("weak-updates/far.ko", "/lib/modules/6.0.0/extra/far.ko")
        tree.index("weak-updates/far.ko")
        with serve(tree) as exporter:
            samples = scrape(exporter)
            assert successes(samples) == ALL_SUCCESSFUL
            assert states(samples) == {"none": 5}
            found = infos(samples)
            assert {
                name: (labels["path"], labels["version"])
                for name, labels in found.items()
            } == {
                "in_kernel": (f"{FOLDER}/kernel/drivers/in-kernel.ko", "in kernel"),
                "updated": (f"{FOLDER}/updates/dkms/updated.ko", "new"),
                "extra": (f"{FOLDER}/extra/extra.ko", "extra"),
                "weak": (f"{FOLDER}/weak-updates/weak.ko", "weak"),
                "far": (f"{FOLDER}/weak-updates/far.ko", "far"),
            }


@test
def every_compression_shows_the_same_facts():
    loaded = [(f"m{i}", "OE") for i in range(4)]
    by = key("Compressed")
    with host(*loaded) as tree:
        content = signed(elf((("version", "1"), ("srcversion", "ABC"), *IN_TREE)), by)
        paths = []
        for (name, _), (suffix, compress) in zip(loaded, COMPRESSIONS.items()):
            paths.append(f"kernel/{name}.ko{suffix}")
            tree.add(paths[-1], compress(content))
        # Some builds of depmod leave out what is compressed with gzip.
        tree.list(*paths)
        with serve(tree) as exporter:
            samples = scrape(exporter)
            assert states(samples) == {"pkcs7": 4}
            for name, _ in loaded:
                assert info(samples, name) == {
                    "signature": "pkcs7",
                    "signer": "Compressed",
                    "sig_key": by.serial,
                    "sig_hashalgo": "sha256",
                    "license": "GPL",
                    "version": "1",
                    "srcversion": "ABC",
                    "intree": "Y",
                }
            assert [infos(samples)[name]["path"] for name, _ in loaded] == [
                f"{FOLDER}/{path}" for path in paths
            ]


# ---- what they hold ----

# {module: (the file's bytes, its labels)}; None: there is no file.
EXAMPLES = {
    "by_pkcs7": (
        lambda: signed(elf(), key("Signer"), "sha512"),
        {
            "signature": "pkcs7",
            "signer": "Signer",
            "sig_key": key("Signer").serial,
            "sig_hashalgo": "sha512",
            "license": "GPL",
            "intree": "Y",
        },
    ),
    "by_key_id": (
        lambda: signed(elf(), key("Signer"), flags=["-keyid"]),
        {
            "signature": "pkcs7",
            "sig_key": key("Signer").key_id,
            "sig_hashalgo": "sha256",
            "license": "GPL",
            "intree": "Y",
        },
    ),
    "by_x509": (
        lambda: elf() + trailer(b"blob", X509, 1, 4, b"Old key", b"\x01\xab"),
        {
            "signature": "x509",
            "signer": "Old key",
            "sig_key": "01:AB",
            "sig_hashalgo": "sha256",
            "license": "GPL",
            "intree": "Y",
        },
    ),
    "by_pgp": (
        lambda: elf() + trailer(b"blob", PGP, 1, 2, b"Older key"),
        {
            "signature": "pgp",
            "signer": "Older key",
            "sig_hashalgo": "sha1",
            "license": "GPL",
            "intree": "Y",
        },
    ),
    "by_section": (
        lambda: elf((("license", "GPL"),), sections={".module_sig": b"DSA"}),
        {"signature": "elf_section", "license": "GPL"},
    ),
    "by_stranger": (
        lambda: elf() + trailer(b"blob", 77),
        {"signature": "unknown", "license": "GPL", "intree": "Y"},
    ),
    "broken": (lambda: b"no module", {"signature": "malformed"}),
    "lying": (
        lambda: elf() + struct.pack(">BBBBBxxxI", 0, 0, 2, 0, 0, 1 << 31) + MARKER,
        {"signature": "malformed", "license": "GPL", "intree": "Y"},
    ),
    "unsigned": (
        lambda: elf((("license", "Proprietary"), ("version", "2.0"))),
        {"signature": "none", "license": "Proprietary", "version": "2.0"},
    ),
    "silent": (lambda: elf(None), {"signature": "none"}),
    "stranger": (None, {"signature": "missing"}),
    "folder": (None, {"signature": "unreadable"}),
}


@test
def every_state_is_counted_and_every_file_described():
    with host(*[(name, "OE") for name in EXAMPLES]) as tree:
        for name, (content, _) in EXAMPLES.items():
            if content:
                tree.add(f"kernel/{name}.ko", content())
        (tree.modules / "kernel/folder.ko").mkdir()
        tree.list(*[f"kernel/{name}.ko" for name in EXAMPLES])
        with serve(tree) as exporter:
            for _ in range(2):
                samples = scrape(exporter)
                assert successes(samples) == ALL_SUCCESSFUL
                assert states(samples) == collections.Counter(
                    labels["signature"] for _, labels in EXAMPLES.values()
                )
                for name, (_, labels) in EXAMPLES.items():
                    assert info(samples, name) == labels, (name, info(samples, name))
                    flags = infos(samples)[name]["flags"]
                    assert flags == "OE", flags


@test
def labels_survive_whatever_modinfo_says():
    words = (
        ("license", b'\xff\xfe"\\\n}'),
        ("version", "v" * 5000),
        ("srcversion", "ü\x1b[31m"),
        ("intree", ""),
    )
    with host(("hostile", "OE")) as tree:
        tree.add("kernel/hostile.ko", elf(words))
        tree.list("kernel/hostile.ko")
        with serve(tree) as exporter:
            labels = infos(scrape(exporter))["hostile"]
            assert labels["license"] == '\ufffd\ufffd"\\\n}'
            assert labels["version"] and set(labels["version"]) == {"v"}
            assert len(labels["version"]) <= 256
            assert labels["srcversion"] == "ü\x1b[31m"
            assert labels["intree"] == ""


@test
def only_tainting_modules_are_described_unless_all_are_asked_for():
    loaded = (("clean", ""), ("tainting", "O"))
    with host(*loaded) as tree:
        for name, _ in loaded:
            tree.add(f"kernel/{name}.ko", elf(build_id=b"12345678"))
            tree.loaded_build(name, b"12345678")
        tree.index()
        for flags, described in (([], {"tainting"}), ([ALL], {"clean", "tainting"})):
            with serve(tree, *flags) as exporter:
                samples = scrape(exporter)
                assert states(samples) == {"none": 2}
                assert set(infos(samples)) == described
                assert differs(samples) == dict.fromkeys(described, 0)


# ---- whether it is what is loaded ----


@test
def a_file_differs_by_build_id_or_else_by_srcversion():
    one, two = b"\x01" * 20, b"\x02" * 20
    # name: (build ID and srcversion of the file, of what is loaded, the series)
    cases = {
        "same_id": ((one, None), (one, None), 0),
        "other_id": ((one, None), (two, None), 1),
        "same_src": ((None, "AAA"), (None, "AAA"), 0),
        "other_src": ((None, "AAA"), (None, "BBB"), 1),
        "id_wins_same": ((one, "AAA"), (one, "BBB"), 0),
        "id_wins_other": ((one, "AAA"), (two, "AAA"), 1),
        "src_if_file_has_no_id": ((None, "AAA"), (one, "BBB"), 1),
        "src_if_loaded_has_no_id": ((one, "AAA"), (None, "AAA"), 0),
        "longer_id": ((one, None), (one[:8], None), 1),
        "nothing_loaded": ((one, "AAA"), (None, None), None),
        "nothing_in_file": ((None, None), (one, "AAA"), None),
        "nothing_in_common": ((one, None), (None, "AAA"), None),
        "nothing": ((None, None), (None, None), None),
        "longest_id": ((b"\x03" * 64, None), (b"\x03" * 64, None), 0),
        "too_long_id": ((b"\x03" * 65, None), (b"\x03" * 65, None), None),
        "too_long_loaded": ((one, None), (b"\x03" * 65, None), None),
        "second_line": ((None, "AAA"), (None, "AAA\nBBB"), 0),
        "too_long_src": ((None, "AAA"), (None, "A" * 4000), None),
        "unreadable_id": ((one, "AAA"), (None, "AAA"), None),
    }
    with host(*[(name, "OE") for name in cases]) as tree:
        for name, ((build_id, srcversion), loaded, _) in cases.items():
            words = IN_TREE + ((("srcversion", srcversion),) if srcversion else ())
            tree.add(f"kernel/{name}.ko", elf(words, build_id))
            tree.loaded_build(name, *loaded)
        # Without its ID the same sources prove nothing: they are built more than once.
        unreadable = tree.folder / "sys/module/unreadable_id/notes/.note.gnu.build-id"
        unreadable.mkdir(parents=True)
        tree.index()
        with serve(tree) as exporter:
            assert differs(scrape(exporter)) == {
                name: series
                for name, (_, _, series) in cases.items()
                if series is not None
            }
            # Loaded anew; and a note that is none.
            tree.loaded_build("other_id", one)
            note = tree.folder / "sys/module/same_id/notes/.note.gnu.build-id"
            lying = b"\x04\0\0\0\xff\xff\xff\xff\x03\0\0\0GNU\0"
            for garbage in (b"", b"\xff" * 36, lying):
                note.write_bytes(garbage)
                found = differs(scrape(exporter))
                assert found["other_id"] == 0
                assert "same_id" not in found, garbage


# ---- trust ----


def trust_scene(tree, by):
    """Modules of which the key BY made one, and what is verified of each."""
    good = signed(elf(), by)
    files = {
        "good": (good, "yes"),
        "tampered": (good.replace(b"license=GPL", b"license=LGP"), "no"),
        "foreign": (signed(elf(), key("Stranger")), "untrusted"),
        "unsigned": (elf(), "untrusted"),
        "damaged": (elf() + trailer(b"blob"), "untrusted"),
        "xz": (COMPRESSIONS[".xz"](good), "yes"),
    }
    for name, (content, _) in files.items():
        tree.add(f"kernel/{name}.ko", content)
    tree.list(*[f"kernel/{name}.ko" for name in files])
    return {name: verified for name, (_, verified) in files.items()}


TRUST_MODULES = [
    (name, "OE")
    for name in ("good", "tampered", "foreign", "unsigned", "damaged", "xz", "gone")
]


@test
def signatures_are_verified_with_the_certificates_that_are_given():
    by = key("Trusted")
    with host(*TRUST_MODULES) as tree:
        expected = trust_scene(tree, by)
        trusted = tree.folder / "trusted"
        trusted.mkdir()
        (trusted / "one.pem").write_bytes(by.pem.read_bytes())
        (trusted / "two.der").write_bytes(key("Other").der.read_bytes())
        (trusted / ".hidden").write_text("no certificate")
        for given in ([by.pem], [by.der], [trusted], [key("Other").pem, by.pem]):
            with serve(tree, *[f"{TRUST}={path}" for path in given]) as exporter:
                found = infos(scrape(exporter))
                verified = {name: found[name]["verified"] for name in expected}
                assert verified == expected, (given, verified)
                assert found["gone"]["verified"] == ""
        with serve(tree, f"{TRUST}={key('Other').pem}") as exporter:
            found = infos(scrape(exporter))
            assert {found[name]["verified"] for name in expected} == {"untrusted"}
        with serve(tree) as exporter:
            found = infos(scrape(exporter))
            assert {labels["verified"] for labels in found.values()} == {""}


@test
def keys_of_elliptic_curves_are_verified_too():
    by = key("Curve", "ec:P-384")
    with host(*TRUST_MODULES) as tree:
        expected = trust_scene(tree, by)
        with serve(tree, f"{TRUST}={by.pem}") as exporter:
            found = infos(scrape(exporter))
            verified = {name: found[name]["verified"] for name in expected}
            assert verified == expected, verified


# The issuer and the serial number of the fixtures' RSA key, or its key identifier.
BY_ISSUER = {"signer": "Tests' RSA key", "sig_key": "80:C0:FF:EE:01"}
BY_KEY_ID = {"sig_key": "40:A4:B9:11:23:BD:28:20:55:4E:C8:51:B4:E3:85:B5:EF:ED:87:94"}


@test
def signers_of_ml_dsa_are_told_and_nobody_is_accused():
    forms = {
        "": BY_ISSUER,
        "-keyid": BY_KEY_ID,
        "-attributes": BY_ISSUER,
        "-attributes-keyid": BY_KEY_ID,
    }
    files = {
        f"ml-dsa-{size}{form}": labels
        for size in (44, 65, 87)
        for form, labels in forms.items()
    }
    keys = FIXTURES / "keys"
    with host(*[(name.replace("-", "_"), "OE") for name in files]) as tree:
        for name in files:
            tree.add(f"kernel/{name}.ko", fixture(f"made/{name}.ko"))
        tree.list(*[f"kernel/{name}.ko" for name in files])
        for given, verified in (
            ([], None),
            ([keys / "ec.crt.pem"], "untrusted"),
            # Of the same issuer, serial number and key identifier.
            ([keys / "rsa.crt.pem"], "untrusted"),
            ([keys / f"ml-dsa-{size}.crt.der" for size in (44, 65, 87)], "untrusted"),
        ):
            with serve(tree, *[f"{TRUST}={path}" for path in given]) as exporter:
                samples = scrape(exporter)
            assert states(samples) == {"pkcs7": len(files)}
            for name, labels in files.items():
                found = info(samples, name.replace("-", "_"))
                assert found["signature"] == "pkcs7"
                assert found["sig_hashalgo"] == "sha512", (name, found)
                assert found.get("verified") == verified, (name, given, found)
                named = {label: found.get(label) for label in ("signer", "sig_key")}
                assert named == {"signer": None, **labels}, (name, found)


@test
def a_certificate_of_ml_dsa_accuses_no_other_signature():
    keys = FIXTURES / "keys"
    with host(("good", "OE")) as tree:
        tree.add("kernel/good.ko", fixture("made/rsa-sha256.ko"))
        tree.list("kernel/good.ko")
        ml_dsa, rsa = keys / "ml-dsa-65.crt.der", keys / "rsa.crt.pem"
        for given, verified in (
            ([ml_dsa], "untrusted"),
            ([ml_dsa, rsa], "yes"),
            ([rsa, ml_dsa], "yes"),
        ):
            with serve(tree, *[f"{TRUST}={path}" for path in given]) as exporter:
                assert info(scrape(exporter), "good")["verified"] == verified


@test
def certificates_that_cannot_be_read_end_the_program_and_are_named():
    with host(("one", "OE")) as tree:
        garbage = tree.folder / "garbage.pem"
        garbage.write_text("-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----")
        mixed = tree.folder / "mixed"
        mixed.mkdir()
        (mixed / "good.pem").write_bytes(key("Trusted").pem.read_bytes())
        (mixed / "text.pem").write_text("nothing")
        empty = tree.folder / "empty"
        empty.mkdir()
        nothing = tree.folder / "nothing.pem"
        nothing.write_bytes(b"")
        fifo = tree.folder / "fifo"
        os.mkfifo(fifo)
        for path, named in (
            (garbage, "garbage.pem"),
            (mixed, "text.pem"),
            (empty, "empty"),
            (nothing, "nothing.pem"),
            (fifo, "fifo"),
            (tree.folder / "nosuch", "nosuch"),
        ):
            for name in (["serve", "--web.listen-address=127.0.0.1:0"], ["once"]):
                result = command(
                    *name, *scene_flags(tree.folder), f"{TRUST}={path}"
                )
                assert (result.returncode, result.stdout) == (1, b""), (path, name)
                errors = lines_of(result.stderr, "error")
                assert len(errors) == 1, result.stderr
                assert named in errors[0] and TRUST[2:] in errors[0], errors


# ---- files that change ----


@test
def a_file_that_is_replaced_is_seen_by_the_next_scrape():
    by = key("Signer")
    with host(("one", "OE"), ("two", "OE")) as tree:
        one = tree.add("kernel/one.ko", module("first"))
        tree.add("kernel/two.ko", module("second"))
        tree.index()
        with serve(tree) as exporter:
            for content, signature, version in (
                (module("first"), "none", "first"),
                (module("other"), "none", "other"),
                (signed(module("other"), by), "pkcs7", "other"),
                (b"", "malformed", ""),
                (module("again"), "none", "again"),
            ):
                place_anew(one, content)
                found = infos(scrape(exporter))
                assert found["one"]["signature"] == signature
                assert found["one"]["version"] == version
                assert found["two"]["version"] == "second"
            one.unlink()
            assert states(scrape(exporter)) == {"none": 1, "missing": 1}
            one.write_bytes(module("back"))
            assert infos(scrape(exporter))["one"]["version"] == "back"


@test
def a_file_that_changes_in_place_right_after_a_scrape_is_seen_by_the_next_one():
    with host(("one", "OE")) as tree:
        contents = [module(f"number {i}") for i in range(8)]
        one = tree.add("kernel/one.ko", contents[0])
        tree.index()
        with serve(tree) as exporter:
            for i in [*range(8)] * 5:
                # Of the same size, and often in the same tick of the clock.
                with open(one, "r+b") as file:
                    file.write(contents[i])
                assert infos(scrape(exporter))["one"]["version"] == f"number {i}"


@test
def modules_that_come_go_and_move_have_the_right_files():
    with host(("one", "OE"), ("two", "OE")) as tree:
        for name in ("one", "two", "three"):
            tree.add(f"kernel/{name}.ko", module(name))
        tree.index()
        with serve(tree) as exporter:

            def versions():
                found = infos(scrape(exporter))
                return {name: labels["version"] for name, labels in found.items()}

            assert versions() == {"one": "one", "two": "two"}
            tree.load(module_line("three", "OE"), module_line("two", "OE"))
            assert versions() == {"three": "three", "two": "two"}
            tree.load(module_line("one", "OE"))
            assert versions() == {"one": "one"}
            tree.add("updates/one.ko", module("updated"))
            assert versions() == {"one": "one"}
            tree.index()
            assert versions() == {"one": "updated"}
            # A whole release in the place of another.
            other = tree.folder / "lib/modules/other"
            os.rename(tree.modules, other)
            assert states(scrape(exporter)) == {"missing": 1}
            tree.add("kernel/one.ko", module("new"))
            tree.list("kernel/one.ko")
            assert versions() == {"one": "new"}
            stage = tree.folder / "lib/modules/stage"
            os.rename(tree.modules, stage)
            os.rename(other, tree.modules)
            assert versions() == {"one": "updated"}


@test
def a_release_or_a_root_that_appears_later_is_seen():
    with host(("one", "OE")) as tree:
        tree.add("kernel/one.ko", module("one"))
        tree.index()
        away = tree.folder.parent / "away"
        os.rename(tree.folder / "lib", away)
        # The sandbox has no room for folders that are not there yet.
        with serve(tree, "--no-sandbox") as exporter:
            assert states(scrape(exporter)) == {"missing": 1}
            os.rename(away, tree.folder / "lib")
            assert states(scrape(exporter)) == {"none": 1}
        flags = [*scene_flags(tree.folder)[:2], "--no-sandbox"]
        root = tree.folder / "root"
        with Exporter(PROGRAM, *flags, f"--path.rootfs={root}") as exporter:
            samples = scrape(exporter)
            assert successes(samples) == {**ALL_SUCCESSFUL, "signature": 0}
            assert not infos(samples)
            assert not any(name == "kernel_taint_module_files" for name, _ in samples)
            root.symlink_to(tree.folder)
            samples = scrape(exporter)
            assert successes(samples) == ALL_SUCCESSFUL
            assert states(samples) == {"none": 1}


# ---- files that are none ----


@test
def what_is_no_file_is_missing_or_unreadable_and_costs_nothing():
    names = ("good", "gone", "fifo", "folder", "dangling", "circle", "huge", "device")
    with host(*[(name, "OE") for name in names]) as tree:
        for name in names:
            tree.add(f"kernel/{name}.ko", module(name))
        tree.index()
        folder = tree.modules / "kernel"
        for name in names[1:]:
            (folder / f"{name}.ko").unlink()
        os.mkfifo(folder / "fifo.ko")
        (folder / "folder.ko").mkdir()
        (folder / "dangling.ko").symlink_to("nosuch.ko")
        (folder / "circle.ko").symlink_to("circle.ko")
        with open(folder / "huge.ko", "wb") as file:
            file.truncate(2 << 30)
        (folder / "device.ko").symlink_to("/dev/zero")
        expected = {
            "good": "none",
            "gone": "missing",
            "fifo": "unreadable",
            "folder": "unreadable",
            "dangling": "missing",
            "circle": "unreadable",
            "huge": "unreadable",
            "device": "missing",
        }
        with serve(tree) as exporter:
            for _ in range(3):
                samples = scrape(exporter)
                assert successes(samples) == ALL_SUCCESSFUL
                assert signatures(samples) == expected
            # Each once, and nothing about what is missing.
            for name, signature in expected.items():
                lines = is_logged(exporter, f"/{name}.ko")
                assert lines == (signature == "unreadable"), (name, exporter.log)


@test
def a_file_that_may_not_be_read_is_unreadable_until_it_may():
    with host(("one", "OE"), ("two", "OE")) as tree, folder_for_nobody() as (_, nobody):
        one = tree.add("kernel/one.ko", module("one"))
        tree.add("kernel/two.ko", module("two"))
        tree.index()
        one.chmod(0)
        with serve(tree, program=nobody) as exporter:
            for _ in range(3):
                samples = scrape(exporter)
                assert successes(samples) == ALL_SUCCESSFUL
                assert signatures(samples) == {"one": "unreadable", "two": "none"}
            assert_logged_once(exporter, "/one.ko")
            one.chmod(0o644)
            assert states(scrape(exporter)) == {"none": 2}
            listed = tree.modules / "modules.dep"
            secret = listed.with_name("new")
            secret.write_bytes(listed.read_bytes())
            secret.chmod(0)
            os.replace(secret, listed)
            for _ in range(3):
                assert states(scrape(exporter)) == {"unreadable": 2}
            assert_logged_once(exporter, "modules.dep")
            listed.chmod(0o644)
            assert states(scrape(exporter)) == {"none": 2}


@test
def links_never_lead_out_of_the_root():
    with host(("absolute", "OE"), ("climbing", "OE"), ("listed", "OE")) as tree:
        outside = tree.folder.parent / "outside.ko"
        outside.write_bytes(signed(module("secret"), key("Outsider")))
        tree.link("kernel/absolute.ko", outside)
        tree.link("kernel/climbing.ko", "../" * 20 + str(outside)[1:])
        tree.list(
            "kernel/absolute.ko",
            "kernel/climbing.ko",
            "../" * 20 + str(outside)[1:].replace("outside", "listed"),
        )
        (tree.folder.parent / "listed.ko").write_bytes(outside.read_bytes())
        # The sandbox would not even let them out of the folders of modules.
        with serve(tree, "--no-sandbox") as exporter:
            samples = scrape(exporter)
            assert set(states(samples)) <= {"missing", "unreadable"}, states(samples)
            page = exporter.get()[2]
            assert b"Outsider" not in page and b"secret" not in page
            # They lead to what has that path below the root.
            inside = tree.folder / str(outside)[1:]
            inside.parent.mkdir(parents=True)
            inside.write_bytes(module("inside"))
            found = infos(scrape(exporter))
            assert found["absolute"]["version"] == "inside"
            assert found["climbing"]["version"] == "inside"


@test
def bombs_are_no_modules_and_read_once():
    bombs = {f"bomb.ko{suffix}": bomb(suffix) for suffix in COMPRESSIONS if suffix}
    bombs["greedy.ko.xz"] = greedy_xz()
    names = [f"bomb_{i}" for i in range(len(bombs))]
    with host(*[(name, "OE") for name in [*names, "good"]]) as tree:
        paths = [f"kernel/{name}.{path}" for name, path in zip(names, bombs)]
        for path, content in zip(paths, bombs.values()):
            tree.add(path, content)
        tree.add("kernel/good.ko", module("good"))
        tree.list("kernel/good.ko", *paths)
        with Opens(tree.modules / "kernel") as opens, serve(tree) as exporter:
            samples = scrape(exporter)
            assert successes(samples) == ALL_SUCCESSFUL
            found = signatures(samples)
            assert found.pop("good") == "none"
            assert found.pop(names[-1]) in ("unreadable", "malformed")
            assert set(found.values()) == {"unreadable"}, found
            # Fresh files are read again; later nothing is.
            wait_until(
                lambda: (opens.take(), scrape(exporter), opens.take())[2] == [],
                what="scrape that reads nothing",
            )
            for path in paths:
                assert_logged_once(exporter, path)


@test
def files_cut_off_anywhere_never_cost_the_page():
    by = key("Signer")
    whole = signed(elf((("version", "1"), *IN_TREE), b"12345678"), by)
    with host(*[(f"m{i}", "OE") for i in range(60)]) as tree:
        paths = []
        for i in range(60):
            suffix, compress = list(COMPRESSIONS.items())[i % 4]
            content = compress(whole)
            paths.append(f"kernel/m{i}.ko{suffix}")
            tree.add(paths[-1], content[: len(content) * i // 60])
        tree.list(*paths)
        with serve(tree) as exporter:
            samples = scrape(exporter)
            assert successes(samples) == ALL_SUCCESSFUL
            assert set(states(samples)) <= {"malformed", "none"}, states(samples)
            assert info(samples, "m0") == {"signature": "malformed"}


# ---- lists ----


@test
def names_of_modules_are_never_paths():
    names = ["..", ".", "a/b", "../../etc/passwd", "x.ko", "/etc/passwd", "kernel", "%s"]
    names += ["a" * 55, "good", "modules.dep", "*", "\\", "ü", "a:b"]
    with host() as tree:
        tree.add("kernel/good.ko", module("good"))
        tree.add("kernel/a/b.ko", module("b"))
        (tree.folder / "lib/modules/..ko").write_bytes(module("dots"))
        tree.index()
        tree.load(*[module_line(name, "OE") for name in names])
        with serve(tree) as exporter:
            samples = scrape(exporter)
            assert successes(samples)["signature"] == 1
            assert states(samples) == {"missing": len(names) - 1, "none": 1}
            assert infos(samples)["good"]["version"] == "good"


@test
def a_module_that_is_listed_twice_is_never_pending():
    with host() as tree:
        tree.add("kernel/one.ko", module("one"))
        tree.index()
        one = module_line("one")
        others = [module_line(f"m{i}") for i in range(2000)]
        tree.load(one, *others, one)
        with serve(tree) as exporter, Opens(tree.modules / "kernel") as opens:
            wait_until(
                lambda: (scrape(exporter), opens.take())[1] == [],
                what="scrape that opens nothing",
            )
            for lines in (
                [one, *others, one],
                [others[0], one, *others[1:], one],
                [one, *others[:-1], one, others[-1]],
                [one, *others],
            ):
                tree.load(*lines)
                found = states(scrape(exporter))
                assert found == {"none": lines.count(one), "missing": 2000}


@test
def five_thousand_modules_are_counted():
    names = [f"module_{i:04}" for i in range(5000)]
    with host() as tree:
        for name in names[:50]:
            tree.add(f"kernel/{name}.ko", module("one"))
        tree.list(*[f"kernel/{name}.ko" for name in names])
        tree.load(*[module_line(name) for name in names])
        with serve(tree) as exporter:
            for _ in range(3):
                assert states(scrape(exporter)) == {"none": 50, "missing": 4950}
            tree.load(*[module_line(name) for name in names[::-2]])
            assert states(scrape(exporter)) == {"none": 25, "missing": 2475}


@test
def a_list_of_places_may_be_cut_off_or_garbage():
    names = [f"m{i}" for i in range(20)]
    with host(*[(name, "OE") for name in names]) as tree:
        for name in names:
            tree.add(f"kernel/{name}.ko", module(name))
        tree.index()
        listed = tree.modules / "modules.dep"
        whole = listed.read_bytes()
        with serve(tree) as exporter:
            for content in (
                *[whole[: len(whole) * i // 7] for i in range(7)],
                b"\0" * 1000,
                os.urandom(100000),
                b":" * 10000,
                b"\n" * 10000,
                b"kernel/" * 10000 + b".ko:",
                whole.replace(b":", b""),
            ):
                place_anew(listed, content)
                samples = scrape(exporter)
                assert successes(samples) == ALL_SUCCESSFUL
                assert set(states(samples)) <= {"none", "missing"}, content[:50]
                place_anew(listed, whole)
                assert states(scrape(exporter)) == {"none": 20}
            # What is not there, or no file.
            listed.unlink()
            assert states(scrape(exporter)) == {"missing": 20}
            listed.mkdir()
            assert states(scrape(exporter)) == {"unreadable": 20}
            listed.rmdir()
            os.mkfifo(listed)
            assert states(scrape(exporter)) == {"unreadable": 20}
            remove(listed)
            # The binary form is not looked at.
            (tree.modules / "modules.dep.bin").write_bytes(b"\xb0\x07\xf4\x57garbage")
            place_anew(listed, whole)
            assert states(scrape(exporter)) == {"none": 20}


@test
def a_hostile_release_leads_nowhere():
    with host(("one", "OE")) as tree:
        tree.add("kernel/one.ko", module("one"))
        tree.index()
        (tree.folder / "lib/modules/modules.dep").write_text("one.ko:\n")
        (tree.folder / "lib/modules/one.ko").write_bytes(module("above"))
        with serve(tree) as exporter:
            for release in ("..", ".", f"../modules/{RELEASE}", "/", "6.9.9"):
                replace(tree.folder / "proc/sys/kernel/osrelease", f"{release}\n")
                samples = scrape(exporter)
                assert "none" not in states(samples), release
            replace(tree.folder / "proc/sys/kernel/osrelease", f"{RELEASE}\n")
            assert states(scrape(exporter)) == {"none": 1}


# ---- scrapes ----


@test
def the_collector_can_be_asked_for_alone_and_left_out():
    with host(("one", "OE")) as tree:
        tree.add("kernel/one.ko", module("one"))
        tree.index()
        with serve(tree) as exporter:
            samples = scrape(exporter, "/metrics?collect[]=signature")
            assert successes(samples) == {"signature": 1}
            assert states(samples) == {"none": 1}
            assert not any(name == "kernel_taint_mask" for name, _ in samples)
            samples = scrape(exporter, "/metrics?exclude[]=signature")
            assert "signature" not in successes(samples)
            assert not infos(samples)
        with serve(tree, "--no-collector.signature") as exporter:
            assert exporter.get("/metrics?collect[]=signature")[0] == 400
            assert "signature" not in successes(scrape(exporter))


@test
def a_later_scrape_opens_no_file():
    names = [f"m{i}" for i in range(30)]
    with host(*[(name, "OE") for name in names]) as tree:
        for i, name in enumerate(names):
            content = (module(name), b"bad", COMPRESSIONS[".xz"](module(name)))[i % 3]
            tree.add(f"kernel/{name}.ko", content)
        tree.list(*[f"kernel/{name}.ko" for name in names], "kernel/gone.ko")
        tree.load(*[module_line(name, "OE") for name in [*names, "gone", "stranger"]])
        folders = (tree.modules, tree.modules / "kernel")
        with serve(tree) as exporter, Opens(*folders) as opens:
            expected = {"none": 20, "malformed": 10, "missing": 2}
            assert states(scrape(exporter)) == expected
            assert set(opens.take()) >= {f"{name}.ko" for name in names}
            wait_until(
                lambda: (scrape(exporter), opens.take())[1] == [],
                what="scrape that opens nothing",
            )
            for _ in range(10):
                assert states(scrape(exporter)) == expected
            assert opens.take() == []
            place_anew(tree.modules / "kernel/m0.ko", module("new"))
            opens.take()
            assert infos(scrape(exporter))["m0"]["version"] == "new"
            assert set(opens.take()) == {"m0.ko"}


@test
def a_later_scrape_asks_no_file_for_its_name():
    def renamed(name):
        return elf((("version", name), ("name", name), *IN_TREE))

    loaded = [("driver", "OE"), ("stranger", "OE"), ("listed", "OE")]
    with host(*loaded) as tree:
        files = ("updates/dkms/driver-current.ko", "extra/other.ko", "misc/bad.ko")
        for path, content in zip(files, (renamed("driver"), renamed("other"), b"bad")):
            tree.add(path, content)
        tree.add("kernel/listed.ko", renamed("listed"))
        tree.list("kernel/listed.ko", *files)
        folders = (tree.modules / "updates/dkms", tree.modules / "extra", tree.modules / "misc")
        expected = {"none": 2, "missing": 1}
        with serve(tree) as exporter, Opens(*folders) as opens:
            assert states(scrape(exporter)) == expected
            assert infos(scrape(exporter))["driver"]["path"].endswith(files[0])
            assert set(opens.take()) == {os.path.basename(path) for path in files}
            wait_until(
                lambda: (scrape(exporter), opens.take())[1] == [],
                what="scrape that opens nothing",
            )
            for _ in range(10):
                assert states(scrape(exporter)) == expected
            # One more is loaded, that modules.dep lacks, too.
            loaded.append(("later", "OE"))
            tree.load(*[module_line(*module) for module in loaded])
            assert states(scrape(exporter)) == {"none": 2, "missing": 2}
            assert opens.take() == []
            # A new modules.dep is asked anew.
            tree.add("extra/later-current.ko", renamed("later"))
            content = (tree.modules / "modules.dep").read_bytes()
            place_anew(tree.modules / "modules.dep", content + b"extra/later-current.ko:\n")
            assert states(scrape(exporter)) == {"none": 3, "missing": 1}
            assert set(opens.take()) >= {"later-current.ko", "other.ko"}
            # A file that says another name now is no more the module's.
            place_anew(tree.modules / files[0], renamed("elsewhere"))
            assert states(scrape(exporter)) == {"none": 2, "missing": 2}


@contextlib.contextmanager
def later_host(tree, *flags, gate=None):
    """
    An exporter whose clock can be turned forward, on a disk with a GATE. Of its files
    none is so fresh that it may change unseen.
    """
    later = Later(tree.folder.parent)
    later.turn_to(10)
    env = later.env
    if gate:
        both = f"{env['LD_PRELOAD']} {gate.env['LD_PRELOAD']}"
        env = {**gate.env, **env, "LD_PRELOAD": both}
    with serve(tree, *flags, env=env) as exporter:
        yield exporter, later


@test
def a_file_that_could_not_be_asked_is_asked_again_after_a_minute():
    with host(("driver", "OE")) as tree:
        path = tree.modules / "extra/renamed.ko"
        path.parent.mkdir()
        tree.list("extra/renamed.ko")
        os.mkfifo(path)
        with later_host(tree) as (exporter, later):
            for seconds in (10, 80, 130):
                later.turn_to(seconds)
                assert states(scrape(exporter)) == {"unreadable": 1}
                wait_until(lambda: is_logged(exporter, "/renamed.ko"), what="warning")
                if seconds == 80:
                    place_anew(path, elf((("name", "driver"), *IN_TREE)))
            later.turn_to(150)
            assert states(scrape(exporter)) == {"none": 1}
            assert infos(scrape(exporter))["driver"]["path"].endswith("renamed.ko")
            # Each minute for the same reason, which is told once.
            assert_logged_once(exporter, "/renamed.ko")


@test
def names_that_take_a_minute_to_read_are_given_up():
    with host(("driver", "OE")) as tree:
        gate = Gate(tree.folder.parent)
        for name in ("first", "second"):
            tree.add(f"extra/{name}.ko", elf((("name", "driver"), *IN_TREE)))
        tree.list("extra/first.ko", "extra/second.ko")
        gate.shut()
        with later_host(tree, f"{WAIT}=0s", gate=gate) as (exporter, later):
            assert states(scrape(exporter)) == {"pending": 1}
            wait_until(lambda: gate.waiters, what="thread that reads")
            later.turn_to(80)
            gate.open()
            wait_complete(exporter, {"unreadable": 1})
            later.turn_to(7000)
            wait_complete(exporter, {"unreadable": 1})
            assert_logged_once(exporter, "/first.ko")
            assert is_logged(exporter, "/second.ko") == 0, exporter.log


@test
def a_complaint_is_logged_once():
    by = key("Signer")
    broken = {
        "text": b"no module",
        "cut": elf()[:200],
        "blob": elf() + trailer(b"\x30\x80garbage"),
        "gzip": b"\x1f\x8bgarbage",
        "sections": bytearray(signed(elf(), by)),
    }
    # Its words are said to be nowhere.
    broken["nowhere"] = bytearray(elf())
    (table,) = struct.unpack_from("=Q", broken["nowhere"], 40)
    words = broken["nowhere"].index(b"license=GPL")
    for at in range(table, len(broken["nowhere"]), 64):
        offset, size = struct.unpack_from("=QQ", broken["nowhere"], at + 24)
        if offset <= words < offset + size:
            struct.pack_into("=I", broken["nowhere"], at + 4, 8)  # SHT_NOBITS
    # The section names lie outside of the file.
    broken["sections"][40:48] = struct.pack("=Q", 1 << 40)
    with host(*[(name, "OE") for name in broken]) as tree:
        for name, content in broken.items():
            tree.add(f"kernel/{name}.ko", bytes(content))
        tree.list(*[f"kernel/{name}.ko" for name in broken])
        with serve(tree) as exporter:
            first = states(scrape(exporter))
            assert first == {"malformed": len(broken)}
            wait_until(lambda: is_logged(exporter, "kernel/sections.ko"), what="line")
            for _ in range(20):
                assert states(scrape(exporter)) == first
            for name in broken:
                assert_logged_once(exporter, f"/{name}.ko")
            # Beside these nothing is said at all, but for what the start says.
            complaints = [
                line
                for line in exporter.log.splitlines()
                if "level=warn" in line and "as root" not in line
            ]
            assert len(complaints) == len(broken), exporter.log


@test
def once_waits_for_the_files():
    with host(*[(f"m{i}", "OE") for i in range(40)]) as tree:
        for i in range(40):
            tree.add(f"kernel/m{i}.ko", signed(module("one"), key("Signer")))
        tree.index()
        result = command("once", *scene_flags(tree.folder))
        assert result.returncode == 0
        assert states(families(result.stdout)) == {"pkcs7": 40}
        result = command("once", f"{WAIT}=0s", *scene_flags(tree.folder))
        assert result.returncode == 0
        assert sum(states(families(result.stdout)).values()) == 40


# ---- a disk that does not answer ----


@contextlib.contextmanager
def slow_host(*flags, modules=("first", "second", "third")):
    """An exporter of a host whose modules cannot be read yet."""
    with host(*[(name, "OE") for name in modules]) as tree:
        for name in modules:
            tree.add(f"kernel/{name}.ko", module(name))
        tree.list(*[f"kernel/{name}.ko" for name in modules])
        gate = Gate(tree.folder.parent)
        gate.shut()
        with serve(tree, *flags, env=gate.env) as exporter:
            try:
                yield tree, gate, exporter
            finally:
                gate.open()


def wait_complete(exporter, expected):
    wait_until(lambda: states(scrape(exporter)) == expected, what=f"{expected}")


@test
def without_a_wait_files_are_pending_until_they_were_read():
    with slow_host(f"{WAIT}=0s") as (tree, gate, exporter):
        samples = scrape(exporter)
        assert successes(samples) == ALL_SUCCESSFUL
        assert states(samples) == {"pending": 3}
        assert set(signatures(samples).values()) == {"pending"}
        wait_until(lambda: gate.waiters, what="thread that reads")
        for _ in range(20):
            assert states(scrape(exporter)) == {"pending": 3}
            for path in ("/-/healthy", "/-/ready", "/"):
                assert exporter.get(path)[0] == 200
        # The modules change meanwhile.
        tree.load(module_line("second", "OE"), module_line("third", "OE"))
        assert states(scrape(exporter)) == {"pending": 2}
        gate.open()
        wait_complete(exporter, {"none": 2})
        tree.load(*[module_line(name, "OE") for name in ("first", "second", "third")])
        wait_complete(exporter, {"none": 3})
        assert set(signatures(scrape(exporter))) == {"first", "second", "third"}


@test
def a_wait_in_vain_is_short_and_what_is_known_is_shown():
    with slow_host(f"{WAIT}=50ms") as (tree, gate, exporter):
        gate.open()
        with Opens(tree.modules / "kernel") as opens:
            wait_until(
                lambda: (scrape(exporter), opens.take())[1] == [],
                what="scrape that opens nothing",
            )
        assert states(scrape(exporter)) == {"none": 3}
        gate.shut()
        place_anew(tree.modules / "kernel/second.ko", module("new"))
        wait_until(
            lambda: scrape(exporter) and gate.waiters, what="file that is not read"
        )
        for _ in range(50):
            found = signatures(scrape(exporter))
            assert found == {"first": "none", "second": "pending", "third": "pending"}
            assert exporter.get("/-/healthy")[0] == 200
        # A request that the thread did not come to knows nothing, unless it is for the
        # modules that the thread is at.
        tree.load(module_line("first", "OE"))
        assert signatures(scrape(exporter)) == {"first": "pending"}
        tree.load(*[module_line(name, "OE") for name in ("first", "second", "third")])
        assert signatures(scrape(exporter)) == found
        gate.open()
        wait_complete(exporter, {"none": 3})
        wait_until(
            lambda: infos(scrape(exporter))["second"]["version"] == "new",
            what="new file",
        )


@test
def after_a_wait_in_vain_nobody_waits():
    with slow_host(f"{WAIT}=3s") as (_, gate, exporter):
        assert states(families(exporter.get()[2])) == {"pending": 3}
        start = time.monotonic()
        for _ in range(30):
            assert states(families(exporter.get()[2])) == {"pending": 3}
        assert time.monotonic() - start < 60
        gate.open()
        wait_complete(exporter, {"none": 3})


@test
def a_newer_request_ends_the_one_at_work():
    with slow_host(f"{WAIT}=0s") as (tree, gate, exporter):
        with Opens(tree.modules / "kernel") as opens:
            assert states(scrape(exporter)) == {"pending": 3}
            wait_until(lambda: gate.waiters, what="thread that reads")
            tree.load(module_line("third", "OE"))
            assert states(scrape(exporter)) == {"pending": 1}
            gate.open()
            wait_complete(exporter, {"none": 1})
            assert "second.ko" not in opens.take()


@test
def a_scrape_timeout_shorter_than_the_wait_is_kept():
    with slow_host(f"{WAIT}=10m") as (_, gate, exporter):
        for timeout in ("1", "0.2"):
            headers = {"X-Prometheus-Scrape-Timeout-Seconds": timeout}
            status, _, page = exporter.get(headers=headers)
            samples = families(page)
            assert status == 200
            assert states(samples) == {"pending": 3}
            # What else there is to read does not suffer.
            assert successes(samples) == ALL_SUCCESSFUL, successes(samples)
            assert value(samples, "kernel_taint_module_loading_disabled") == 0
        gate.open()
        wait_complete(exporter, {"none": 3})


@test
def many_scrapes_at_once_share_one_wait():
    with slow_host(f"{WAIT}=100ms") as (_, gate, exporter):
        with contextlib.ExitStack() as stack:
            wires = [stack.enter_context(Wire(exporter)) for _ in range(30)]
            for wire in wires:
                wire.ask()
            for wire in wires:
                reply = wire.reply()
                assert reply.status == 200
                assert states(families(reply.body)) == {"pending": 3}
            gate.open()
            wait_complete(exporter, {"none": 3})


@test
def sigterm_ends_the_program_though_a_disk_does_not_answer():
    with slow_host(f"{WAIT}=0s") as (_, gate, exporter):
        scrape(exporter)
        wait_until(lambda: gate.waiters, what="thread that reads")
        exporter.stop()
        assert "msg=Stopped" in exporter.log
        assert "first.ko" not in exporter.log, exporter.log


@test
def sigterm_gives_up_what_is_being_read_without_a_complaint():
    with slow_host(f"{WAIT}=0s") as (_, gate, exporter):
        scrape(exporter)
        wait_until(lambda: gate.waiters, what="thread that reads")
        exporter.process.send_signal(signal.SIGTERM)
        wait_until(lambda: is_refused(exporter), what="end of listening")
        gate.open()
        exporter.stop()
        assert "msg=Stopped" in exporter.log
        assert not re.search(r"\.ko", exporter.log), exporter.log


@test
def sigterm_in_the_midst_of_many_files_ends_at_once():
    names = [f"m{i}" for i in range(30)]
    with host(*[(name, "OE") for name in names]) as tree:
        large = bytes(8 << 20)
        content = COMPRESSIONS[".zst"](module("large") + large)
        for name in names:
            tree.add(f"kernel/{name}.ko.zst", content)
        tree.list(*[f"kernel/{name}.ko.zst" for name in names])
        for _ in range(3):
            with serve(tree, f"{WAIT}=0s") as exporter:
                scrape(exporter)
                exporter.stop()
                assert not re.search(r"\.ko", exporter.log), exporter.log


@test
def files_that_change_while_they_are_read_never_cost_the_page():
    names = [f"m{i}" for i in range(10)]
    with host(*[(name, "OE") for name in names]) as tree:
        contents = [
            signed(module("one"), key("Signer")),
            module("two"),
            COMPRESSIONS[".zst"](module("three")),
            b"bad",
            b"",
        ]
        for name in names:
            tree.add(f"kernel/{name}.ko", contents[0])
        tree.list(*[f"kernel/{name}.ko" for name in names])
        is_over = threading.Event()

        def change():
            for i in range(10**9):
                path = tree.modules / f"kernel/{names[i % 10]}.ko"
                content = contents[i % 5]
                if i % 7 == 0:
                    path.write_bytes(content)
                elif i % 11 == 0:
                    path.unlink(missing_ok=True)
                else:
                    place_anew(path, content)
                if i % 50 == 0:
                    tree.load(*[module_line(name, "OE") for name in names[i % 9 :]])
                if is_over.is_set():
                    return

        with serve(tree) as exporter:
            thread = threading.Thread(target=change)
            thread.start()
            try:
                for _ in range(100):
                    samples = scrape(exporter)
                    if successes(samples)["modules"]:
                        states(samples)
                    assert successes(samples)["signature"] or not successes(samples)[
                        "modules"
                    ]
            finally:
                is_over.set()
                thread.join()
            for name in names:
                tree.add(f"kernel/{name}.ko", contents[1])
            tree.load(*[module_line(name, "OE") for name in names])
            samples = scrape(exporter)
            assert states(samples) == {"none": 10}
            assert {labels["version"] for labels in infos(samples).values()} == {"two"}


run()
