# SPDX-License-Identifier: Apache-2.0
"""
The command module: what it says of modules and of files, to people and to programs, and
how it ends. Knows modinfo(8), with which it must agree.
"""

import contextlib
import json
import os
import pathlib
import struct
import subprocess

from suite import PROGRAM, run, test
from exporter import TIMEOUT, scene_flags
from commands import CLOSED_STREAMS, command, folder_for_nobody, lines_of
from modules import (
    COMPRESSIONS,
    FIXTURES,
    IN_TREE,
    MARKER,
    X509,
    Tree,
    bomb,
    elf,
    fixture,
    greedy_xz,
    key,
    remove,
    run as run_tool,
    signed,
    trailer,
)
from scenery import RELEASE, temporary_folder

FOLDER = f"/lib/modules/{RELEASE}"
TRUST = "--collector.signature.trust"

KEYS = {
    "argument",
    "module",
    "loaded",
    "builtin",
    "flags",
    "taints",
    "path",
    "error",
    "compression",
    "signature",
    "sig_id",
    "signer",
    "sig_key",
    "sig_hashalgo",
    "license",
    "version",
    "srcversion",
    "vermagic",
    "verified",
    "gpl_compatible",
    "intree",
    "build_id",
    "file_differs",
    "why",
}


@contextlib.contextmanager
def host(*modules, **options):
    with temporary_folder() as folder:
        yield Tree(folder / "scene", *modules, **options)


def module(tree, *arguments, **options):
    return command("module", *scene_flags(tree.folder), *arguments, **options)


def reports(tree, *arguments, code=0, **options):
    """The objects that --json gives."""
    result = module(tree, "--json", *arguments, **options)
    assert result.returncode == code, (arguments, result)
    found = json.loads(result.stdout)
    for report in found:
        assert set(report) == KEYS, set(report) ^ KEYS
        assert report["loaded"] in (True, False, None)
        assert report["builtin"] in (True, False, None)
        for fact in report["taints"]:
            assert set(fact) == {"flag", "taint", "meaning"}
            assert fact["flag"] in report["flags"]
        assert report["why"].endswith("."), report["why"]
    return found


def report(tree, argument, code=0, flags=()):
    (found,) = reports(tree, *flags, argument, code=code)
    assert found["argument"] == str(argument)
    return found


def paragraphs(tree, *arguments, code=0):
    """What is written for people: a list of (title, {label: value})."""
    result = module(tree, *arguments)
    assert result.returncode == code, (arguments, result)
    found = []
    for paragraph in result.stdout.decode().split("\n\n"):
        title, *lines = paragraph.rstrip("\n").split("\n")
        values = {}
        for line in lines:
            assert line.startswith("  ") and len(line) > 16, line
            label = line[2:16].strip()
            values.setdefault(label, []).append(line[16:])
        found.append((title, {label: "\n".join(v) for label, v in values.items()}))
    return found


def add(tree, name, content):
    """A file beside the tree."""
    path = tree.folder.parent / name
    path.write_bytes(content)
    return path


# ---- what it says ----


@test
def a_loaded_module_is_reported_for_people():
    by = key("Vendor")
    words = (
        ("license", "Proprietary"),
        ("version", "550.1"),
        ("srcversion", "ABCDEF"),
        ("vermagic", f"{RELEASE} SMP"),
    )
    with host(("third_party", "POE")) as tree:
        content = COMPRESSIONS[".xz"](signed(elf(words, b"\xab" * 20), by))
        tree.add("updates/third-party.ko.xz", content)
        tree.index()
        tree.loaded_build("third_party", b"\xab" * 20)
        ((title, values),) = paragraphs(tree, "third_party")
        assert title == "third_party"
        assert values["loaded"] == "yes"
        assert [line[:2] for line in values["flags"].split("\n")] == ["P:"]
        # The other flags stand below the first.
        assert [line[:2] for line in values[""].split("\n")] == ["O:", "E:"]
        assert values["file"] == f"{FOLDER}/updates/third-party.ko.xz"
        assert values["compression"] == "xz"
        assert values["signature"] == "pkcs7"
        assert values["signer"] == "Vendor"
        assert values["key"] == by.serial
        assert values["digest"] == "sha256"
        assert values["licence"] == "Proprietary (not compatible with the GPL)"
        assert values["version"] == "550.1"
        assert values["srcversion"] == "ABCDEF"
        assert values["in tree"] == "no"
        assert values["vermagic"] == f"{RELEASE} SMP"
        assert values["the file"] == "is what is loaded"
        for letter in "POE":
            assert f"({letter})" in values["why"], values["why"]
        assert "Proprietary" in values["why"] and "Vendor" in values["why"]
        assert values["why"].count(".") == 1


@test
def a_loaded_module_is_reported_for_programs():
    by = key("Vendor")
    words = (("license", "GPL"), ("version", "1"), ("srcversion", "ABC"), *IN_TREE[1:])
    with host(("one", "OE"), ("clean", "")) as tree:
        tree.add("kernel/one.ko", signed(elf(words, b"\x01\xff"), by, "sha512"))
        tree.add("kernel/clean.ko", elf())
        tree.index()
        tree.loaded_build("one", b"\x01\xfe")
        found = report(tree, "one")
        taints = found.pop("taints")
        assert [(fact["flag"], fact["taint"]) for fact in taints] == [
            ("O", "oot_module"),
            ("E", "unsigned_module"),
        ]
        assert "Vendor" in found.pop("why")
        assert found == {
            "argument": "one",
            "module": "one",
            "loaded": True,
            "builtin": False,
            "flags": "OE",
            "path": f"{FOLDER}/kernel/one.ko",
            "error": "",
            "compression": "none",
            "signature": "pkcs7",
            "sig_id": "PKCS#7",
            "signer": "Vendor",
            "sig_key": by.serial,
            "sig_hashalgo": "sha512",
            "license": "GPL",
            "version": "1",
            "srcversion": "ABC",
            "vermagic": f"{RELEASE} SMP",
            "verified": "",
            "gpl_compatible": True,
            "intree": True,
            "build_id": "01ff",
            "file_differs": True,
        }
        clean = report(tree, "clean")
        assert (clean["loaded"], clean["flags"], clean["taints"]) == (True, "", [])
        assert clean["file_differs"] is None
        assert "not taint" in clean["why"]


@test
def several_arguments_give_a_report_each_in_their_order():
    with host(("one", "OE")) as tree:
        tree.add("kernel/one.ko", elf())
        tree.add("kernel/two.ko", elf())
        tree.index()
        bare = add(tree, "bare.ko", elf())
        given = ["two", bare, "one", "one", "nosuch", "two"]
        found = reports(tree, *given, code=1)
        assert [item["argument"] for item in found] == [str(word) for word in given]
        assert [item["module"] for item in found] == [
            *("two", "bare", "one", "one", "nosuch", "two")
        ]
        assert [item["loaded"] for item in found] == [
            *(False, False, True, True, False, False)
        ]
        titles = [title for title, _ in paragraphs(tree, *given, code=1)]
        assert titles == [item["module"] for item in found]
        assert len(reports(tree, *["one"] * 300)) == 300


@test
def names_are_found_with_a_minus_or_an_underscore():
    with host(("snd_hda", "")) as tree:
        tree.add("kernel/snd-hda.ko", elf())
        tree.index()
        for name in ("snd_hda", "snd-hda"):
            found = report(tree, name)
            assert (found["module"], found["loaded"]) == ("snd_hda", True)
            assert found["path"] == f"{FOLDER}/kernel/snd-hda.ko"
        # Of a name, nothing is cut off.
        for name in ("snd_hda.", "snd_hda.x", "snd-hda.o"):
            found = report(tree, name, code=1)
            assert (found["signature"], found["loaded"]) == ("missing", False), name


@test
def a_file_of_another_name_is_found_by_the_name_that_it_says():
    def driver(name, version="550.163.01"):
        words = (("license", "NVIDIA"), ("version", version), ("name", name))
        return elf((*words, ("srcversion", version)))

    loaded = (("nvidia", "POE"), ("nvidia_drm", "POE"), ("in_kernel", ""))
    with host(*loaded) as tree:
        tree.add("updates/dkms/nvidia-current.ko.xz", COMPRESSIONS[".xz"](driver("nvidia")))
        tree.add("extra/nvidia-current-drm.ko", driver("nvidia-drm"))
        tree.add("kernel/renamed.ko", driver("in_kernel"))
        tree.index()
        tree.loaded_build("nvidia", srcversion="550.163.01")
        for name in ("nvidia", "nvidia-current", "nvidia_current"):
            found = report(tree, name)
            assert (found["module"], found["loaded"]) == ("nvidia", True), found
            assert found["path"] == f"{FOLDER}/updates/dkms/nvidia-current.ko.xz"
            assert found["file_differs"] is False
        for name in ("nvidia-drm", "nvidia_drm", "nvidia-current-drm"):
            found = report(tree, name)
            assert (found["module"], found["loaded"]) == ("nvidia_drm", True), found
        assert report(tree, "in_kernel")["signature"] == "missing"
        # Of two the one that is loaded.
        tree.add("updates/dkms/a-nvidia-tesla.ko", driver("nvidia", "470.256.02"))
        (tree.modules / "modules.dep").unlink()
        tree.index()
        for version in ("550.163.01", "470.256.02"):
            tree.loaded_build("nvidia", srcversion=version)
            assert report(tree, "nvidia")["version"] == version
        assert report(tree, "nvidia-drm")["version"] == "550.163.01"


@test
def a_file_that_may_be_the_module_and_cannot_be_read_leaves_it_open():
    with host(("one", "OE"), ("other", "OE")) as tree:
        tree.add("extra/first.ko", elf((("name", "one"), *IN_TREE)))
        tree.list("extra/fifo.ko", "extra/first.ko", "extra/garbage.ko")
        tree.add("extra/garbage.ko", b"name=other\0")
        os.mkfifo(tree.modules / "extra/fifo.ko")
        assert report(tree, "one")["path"] == f"{FOLDER}/extra/first.ko"
        found = report(tree, "other", code=1)
        assert (found["signature"], found["path"]) == ("unreadable", "")
        remove(tree.modules / "extra/fifo.ko")
        assert report(tree, "other")["signature"] == "missing"


# As Debian's 6.1.0-56-cloud-amd64 has them.
BUILTIN = "kernel/fs/ext4/ext4.ko\nkernel/net/ipv4/tcp_cubic.ko\nkernel/lib/crc-ccitt.ko\n"
BUILTIN_MODINFO = (
    *("ext4.softdep=pre: crypto-crc32c", "ext4.license=GPL", "ext4.file=fs/ext4/ext4"),
    *("tcp_cubic.version=2.3", "tcp_cubic.license=GPL", "crc_ccitt.license=GPL"),
    *("tcp_cubic.file=net/ipv4/tcp_cubic", "main.parmtype=pm_async:bool"),
)


@test
def what_is_built_in_is_said_to_be():
    with host(("one", "OE")) as tree:
        tree.list()
        tree.add("modules.builtin", BUILTIN.encode())
        # Kernels before 5.2 have only this list.
        found = report(tree, "ext4")
        assert (found["builtin"], found["loaded"]) == (True, False)
        assert (found["license"], found["gpl_compatible"]) == ("", None)
        assert report(tree, "nosuch", code=1)["builtin"] is False
        records = "".join(f"{record}\0" for record in BUILTIN_MODINFO).encode()
        tree.add("modules.builtin.modinfo", records)
        for name, path, version in (
            ("ext4", "kernel/fs/ext4/ext4.ko", ""),
            ("tcp-cubic", "kernel/net/ipv4/tcp_cubic.ko", "2.3"),
            ("crc_ccitt", "kernel/lib/crc-ccitt.ko", ""),
            ("crc-ccitt", "kernel/lib/crc-ccitt.ko", ""),
        ):
            found = report(tree, name)
            assert (found["builtin"], found["loaded"]) == (True, False), found
            assert (found["path"], found["version"]) == (path, version)
            assert (found["license"], found["gpl_compatible"]) == ("GPL", True)
            assert (found["signature"], found["taints"]) == (None, [])
            ((title, values),) = paragraphs(tree, name)
            assert title == name.replace("-", "_")
            assert values["loaded"] == "built into the kernel"
            assert values["built from"] == path
            assert set(values) <= {"loaded", "built from", "licence", "version", "why"}
        for name in ("main", "ext3", "nosuch"):
            assert report(tree, name, code=1)["builtin"] is False
        assert report(tree, "one")["builtin"] is False
        garbage = os.urandom(100000)
        for content in (b"", garbage, b"\0" * 10000, records[:-3], records * 3000):
            tree.add("modules.builtin.modinfo", content)
            assert report(tree, "ext4")["builtin"] is True
        remove(tree.modules / "modules.builtin")
        assert report(tree, "ext4")["license"] == "GPL"
        assert report(tree, "nosuch", code=1)["builtin"] is False
        remove(tree.modules / "modules.builtin.modinfo")
        assert report(tree, "nosuch", code=1)["builtin"] is None
        assert report(tree, "ext4", code=1)["builtin"] is None


@test
def a_word_with_a_slash_or_ko_is_a_file_and_no_module_of_the_host():
    with host(("one", "OE")) as tree:
        tree.add("kernel/one.ko", elf((("version", "host"), *IN_TREE)))
        tree.index()
        add(tree, "one.ko", elf((("version", "here"), ("name", "one"), *IN_TREE)))
        add(tree, "one", elf((("version", "bare"), *IN_TREE)))
        for word, version in (("one.ko", "here"), ("./one", "bare"), ("one", "host")):
            result = module(tree, "--json", word, cwd=tree.folder.parent)
            assert result.returncode == 0
            (found,) = json.loads(result.stdout)
            assert found["version"] == version
            assert (found["module"], found["loaded"]) == ("one", True)
        for word in ("two.ko", "./kernel/one", "/one", "one/"):
            (found,) = json.loads(
                module(tree, "--json", word, cwd=tree.folder.parent).stdout
            )
            assert found["signature"] == "missing", word


@test
def a_file_is_compared_with_the_module_of_its_name():
    with host(("one", "OE"), ("two", "OE")) as tree:
        tree.list()
        tree.loaded_build("one", b"12345678")
        tree.loaded_build("two", srcversion="AAA")
        for name, content, differs in (
            ("one.ko", elf(build_id=b"12345678"), False),
            ("one.ko", elf(build_id=b"87654321"), True),
            ("one.ko", elf(), None),
            ("two.ko", elf((("srcversion", "AAA"), *IN_TREE)), False),
            ("two.ko", elf((("srcversion", "AAB"), *IN_TREE)), True),
            ("three.ko", elf(build_id=b"12345678"), None),
            # The file itself says which module it is.
            ("copy.ko", elf((("name", "one"), *IN_TREE), b"12345678"), False),
        ):
            found = report(tree, add(tree, name, content))
            assert found["file_differs"] is differs, (name, found)
            assert found["loaded"] is (name != "three.ko")


@test
def signatures_are_verified_with_certificates():
    by = key("Vendor")
    good = signed(elf(), by)
    with host() as tree:
        for content, verified in (
            (good, "yes"),
            (good.replace(b"license=GPL", b"license=LGP"), "no"),
            (signed(elf(), key("Other")), "untrusted"),
            (elf(), "untrusted"),
        ):
            path = add(tree, "one.ko", content)
            found = report(tree, path, flags=[f"{TRUST}={by.pem}"])
            assert found["verified"] == verified
            assert report(tree, path)["verified"] == ""
        result = module(tree, f"{TRUST}={tree.folder / 'nosuch'}", "one")
        assert (result.returncode, result.stdout) == (1, b"")
        assert "nosuch" in lines_of(result.stderr, "error")[0]


@test
def the_signer_of_ml_dsa_is_told_of_a_file():
    with host() as tree:
        path = add(tree, "one.ko", fixture("made/ml-dsa-65-attributes.ko"))
        given = f"{TRUST}={FIXTURES / 'keys/ml-dsa-65.crt.der'}"
        found = report(tree, path, flags=[given])
        assert (found["signature"], found["verified"]) == ("pkcs7", "untrusted")
        assert report(tree, path)["verified"] == ""
        ((_, values),) = paragraphs(tree, given, path)
        assert values["signer"] == found["signer"] == "Tests' RSA key"
        assert values["key"] == found["sig_key"] == "80:C0:FF:EE:01"
        assert values["digest"] == found["sig_hashalgo"] == "sha512"
        assert values["verified"] == "untrusted"
        assert "Tests' RSA key" in values["why"], values["why"]
        for field in ("signer", "sig_key", "sig_hashalgo"):
            printed = run_tool("modinfo", "-F", field, path).decode().split("\n")[0]
            assert found[field] == printed, (field, printed)


@test
def files_of_another_kernel_are_judged_by_their_own():
    def of(release, *words):
        return elf((*words, ("vermagic", f"{release} SMP mod_unload modversions")))

    gpl, intree = ("license", "GPL"), ("intree", "Y")
    with host(release="6.1.0-56-amd64") as tree:
        for content, letters, absent in (
            (of("5.14.0-362.el9.x86_64", gpl), "OE", "P"),
            (of("5.14.0-362.el9.x86_64", gpl, intree), "E", "PO"),
            (of("6.12.0", ("license", "Proprietary")), "POE", ""),
            (of("6.12.0"), "POE", ""),
            (of("6.12.0", gpl, intree, ("staging", "Y")), "CE", "PO"),
            (of("6.12.0", gpl, intree, ("test", "Y")), "NE", "PO"),
            (of("6.12.0", gpl, intree, ("livepatch", "Y")), "KE", "PO"),
            (of("nonsense", gpl, intree), "E", "PO"),
        ):
            why = report(tree, add(tree, "other.ko", content))["why"]
            for letter in letters:
                assert f"({letter})" in why, (letter, why)
            for letter in absent:
                assert f"({letter})" not in why, (letter, why)
        by = key("Vendor")
        content = signed(of("6.12.0", gpl, intree), by)
        path = add(tree, "other.ko", of("6.12.0", gpl, intree))
        assert "(U)" in report(tree, path, flags=["--kernel.dialect=rhel6"])["why"]
        found = report(tree, add(tree, "other.ko", content))
        assert "Vendor" in found["why"] and "(E)" not in found["why"]


@test
def it_agrees_with_modinfo():
    by, curve = key("Vendor"), key("Curve", "ec:P-384")
    words = (("version", "1.2"), ("srcversion", "ABC"), *IN_TREE)
    plain = elf(words)
    contents = [
        plain,
        elf(),
        elf((("license", "GPL"), ("license", "MIT"), ("version", ""))),
        signed(plain, curve),
        *[signed(plain, by, digest) for digest in ("sha1", "sha256", "sha512")],
        *[COMPRESSIONS[suffix](plain) for suffix in ("", ".xz", ".zst")],
        *[COMPRESSIONS[suffix](signed(plain, by)) for suffix in ("", ".xz", ".zst")],
    ]
    with host() as tree:
        for content in contents:
            path = add(tree, "one.ko", content)
            found = report(tree, path)
            for field in (
                *("license", "version", "srcversion", "vermagic", "intree"),
                *("sig_id", "signer", "sig_key", "sig_hashalgo"),
            ):
                output = run_tool("modinfo", "-F", field, path).decode()
                wanted = output.split("\n")[0]
                if field == "intree":
                    assert found[field] is bool(wanted)
                else:
                    assert found[field] == wanted, (field, found[field], wanted)


@test
def it_sees_what_modinfo_does_not():
    by = key("Vendor")
    with host() as tree:
        for content, expected in (
            (signed(elf(), by, "sha3-256"), {"signer": "Vendor"}),
            (signed(elf(), by, flags=["-keyid"]), {"sig_hashalgo": "sha256"}),
            (elf() + trailer(b"garbage"), {"signature": "malformed"}),
            (elf() + trailer(b"blob", 9), {"signature": "unknown"}),
            (
                elf(sections={".module_sig": b"DSA"}),
                {"signature": "elf_section", "signer": ""},
            ),
        ):
            path = add(tree, "one.ko", content)
            assert run_tool("modinfo", "-F", "signer", path).strip() == b""
            code = int(expected.get("signature") == "malformed")
            found = report(tree, path, code=code)
            assert {name: found[name] for name in expected} == expected, found


RSA = ("Tests' RSA key", "80:C0:FF:EE:01")
RSA_KEY_ID = ("", "40:A4:B9:11:23:BD:28:20:55:4E:C8:51:B4:E3:85:B5:EF:ED:87:94")
EC = ("Tests' ECDSA key", "01:02:03:04:05")
EC_KEY_ID = ("", "72:23:05:0D:61:7C:16:4A:D3:27:5D:AF:71:F0:31:E1:C3:CE:FB:4A")
NOBODY = ("", "", "")

# {name below tests/modules/made: (signature, verified with both keys, signer, key, hash)}
MADE = {
    **{
        f"{by}-{digest}{form}": ("pkcs7", "yes", *whose, digest)
        for by, form, whose in (
            ("rsa", "", RSA),
            ("rsa", "-keyid", RSA_KEY_ID),
            ("ec", "", EC),
            ("ec", "-keyid", EC_KEY_ID),
        )
        for digest in (
            *("sha1", "sha224", "sha256", "sha384", "sha512"),
            *("sha3-256", "sha3-384", "sha3-512"),
        )
    },
    # GnuTLS 3.7 cannot check it.
    **{
        f"ml-dsa-{size}{form}": ("pkcs7", "untrusted", *whose, "sha512")
        for size in (44, 65, 87)
        for form, whose in (
            ("", RSA),
            ("-attributes", RSA),
            ("-keyid", RSA_KEY_ID),
            ("-attributes-keyid", RSA_KEY_ID),
        )
    },
    "attributes": ("pkcs7", "yes", *RSA, "sha256"),
    "certificate-inside": ("pkcs7", "yes", *EC, "sha256"),
    "indefinite": ("pkcs7", "yes", *RSA, "sha256"),
    "two-signers": ("pkcs7", "yes", "Somebody else's key", "01:02:03:04:05", "sha256"),
    # Its last one signs what the first one did, without that one.
    "two-trailers": ("pkcs7", "no", *RSA, "sha256"),
    "unknown-hash": ("pkcs7", "untrusted", *RSA, "2.16.840.1.101.3.4.2.6"),
    # The first common name, or else the last part.
    "issuer-first": ("pkcs7", "untrusted", "Name in front", "7F", "sha256"),
    "issuer-names": ("pkcs7", "untrusted", "One name", "80", "sha256"),
    "issuer-nameless": ("pkcs7", "untrusted", "The last part", "0F:00", "sha256"),
    "issuer-beside": ("pkcs7", "untrusted", "Name beside a unit", "10", "sha256"),
    "issuer-unicode": ("pkcs7", "untrusted", "Schlüssel ✓", "11", "sha256"),
    "issuer-hostile": (
        *("pkcs7", "untrusted", 'a"b\\c\nd\x1b[31m\x9b', "12", "sha256"),
    ),
    "issuer-longest": (
        *("pkcs7", "untrusted", "n" * 64, "7F" + ":A5" * 19, "sha256"),
    ),
    "x509": (
        *("x509", "untrusted", "Red Hat Enterprise Linux kernel signing key"),
        *(":".join(f"{byte:02X}" for byte in range(0xA0, 0xB4)), "sha256"),
    ),
    "pgp": ("pgp", "untrusted", "Somebody", "01:02:03", "sha256"),
    "unsigned": ("none", "untrusted", *NOBODY),
    **{name: ("unknown", "untrusted", *NOBODY) for name in ("type-3", "type-255")},
    **{
        name: ("malformed", "untrusted", *NOBODY)
        for name in (
            *("blob-garbage", "blob-certificate", "blob-cut-off", "blob-no-signer"),
            *("longer-than-file", "empty-blob", "marker-alone", "bytes-behind"),
            # modinfo goes by the blob; the kernel refuses it for its trailer.
            "fields-not-zero",
        )
    },
}


@test
def every_made_module_is_told_as_it_was_made():
    made, keys = FIXTURES / "made", FIXTURES / "keys"
    assert {f"{name}.ko" for name in MADE} == set(os.listdir(made))
    paths = [made / f"{name}.ko" for name in MADE]
    given = [f"{TRUST}={keys / name}.crt.pem" for name in ("rsa", "ec")]
    with host() as tree:
        for found, name in zip(reports(tree, *given, *paths, code=1), MADE):
            told = ("signature", "verified", "signer", "sig_key", "sig_hashalgo")
            assert tuple(found[field] for field in told) == MADE[name], (name, found)
            words = ("license", "version", "srcversion", "vermagic", "build_id")
            assert tuple(found[field] for field in words) == (
                *("GPL v2", "3.1.4", "0123456789ABCDEF0123456"),
                "6.12.0-test SMP preempt mod_unload ",
                "0102030405060708090a0b0c0d0e0f1011121314",
            ), (name, found)


@test
def a_certificate_is_the_signers_by_issuer_and_number():
    with host() as tree:
        for name, trusted, verified in (
            # Of the same number, and of the same name.
            ("ec-sha256", ["other", "again"], "untrusted"),
            ("ec-sha256-keyid", ["other", "again"], "untrusted"),
            ("ec-sha256", ["other", "again", "ec"], "yes"),
            ("ec-sha256-keyid", ["other", "again", "ec"], "yes"),
            # One of several signers is enough, but not whoever comes with the blob.
            ("two-signers", ["rsa"], "yes"),
            ("two-signers", ["other"], "yes"),
            ("two-signers", ["ec"], "untrusted"),
            ("certificate-inside", ["rsa"], "untrusted"),
            ("rsa-sha1", ["ec"], "untrusted"),
        ):
            given = [f"{TRUST}={FIXTURES / 'keys' / key}.crt.pem" for key in trusted]
            found = report(tree, FIXTURES / f"made/{name}.ko", flags=given)
            assert found["verified"] == verified, (name, trusted, found)


@test
def a_signature_that_cannot_be_checked_accuses_nobody():
    rsa = bytes.fromhex("06092a864886f70d010101")
    content = fixture("made/rsa-sha256.ko")
    at = content.rindex(rsa)
    given = f"{TRUST}={FIXTURES / 'keys/rsa.crt.pem'}"
    with host() as tree:
        for oid, verified in (
            ("06092a864886f70d010101", "yes"),
            # Algorithms that are none of an RSA key's: DSA, ECDSA, ML-DSA.
            ("0609608648016503040302", "untrusted"),
            ("060960864801650304030a", "untrusted"),
            ("0609608648016503040311", "untrusted"),
        ):
            changed = content[:at] + bytes.fromhex(oid) + content[at + len(rsa) :]
            found = report(tree, add(tree, "one.ko", changed), flags=[given])
            told = (found["signer"], found["sig_key"], found["verified"])
            assert told == (*RSA, verified), (oid, found)


# ---- files that are none, or bad ----


@test
def what_cannot_be_reported_exits_1_and_is_named():
    with host(("one", "OE")) as tree:
        tree.list("kernel/gone.ko")
        huge = tree.folder.parent / "huge.ko"
        with open(huge, "wb") as file:
            file.truncate(2 << 30)
        fifo = tree.folder.parent / "fifo.ko"
        os.mkfifo(fifo)
        folder = tree.folder.parent / "folder.ko"
        folder.mkdir()
        garbage = struct.pack(">BBBBBxxxI", 0, 0, 2, 0, 0, 1 << 31) + MARKER
        program = pathlib.Path("/bin/true").read_bytes()
        suffixes = [suffix for suffix in COMPRESSIONS if suffix]
        bombs = [add(tree, f"bomb.ko{suffix}", bomb(suffix)) for suffix in suffixes]
        lying = add(tree, "lying.ko", elf() + garbage)
        for argument, signature in (
            ("nosuch", "missing"),
            ("gone", "missing"),
            ("", "missing"),
            ("..", "missing"),
            (tree.folder / "nosuch.ko", "missing"),
            (tree.folder / "proc/modules/x.ko", "missing"),
            (huge, "unreadable"),
            (fifo, "unreadable"),
            (folder, "unreadable"),
            ("/dev/zero", "unreadable"),
            (lying, "malformed"),
            (add(tree, "empty.ko", b""), "malformed"),
            (add(tree, "text.ko", b"text\n"), "malformed"),
            (add(tree, "program.ko", program), "malformed"),
            (add(tree, "cut.ko", elf()[:300]), "malformed"),
            (add(tree, "gzip.ko", b"\x1f\x8bgarbage"), "malformed"),
            *[(path, "unreadable") for path in bombs],
        ):
            found = report(tree, argument, code=1)
            assert found["signature"] == signature, (argument, found)
            if signature != "malformed":
                assert found["error"], argument
                assert (found["gpl_compatible"], found["intree"]) == (None, None)
            paragraphs(tree, argument, code=1)


@test
def a_loaded_module_without_a_file_was_loaded_from_elsewhere():
    with host(("stranger", "POE")) as tree:
        tree.list()
        found = report(tree, "stranger")
        assert (found["signature"], found["loaded"]) == ("missing", True)
        assert found["flags"] == "POE"
        ((_, values),) = paragraphs(tree, "stranger")
        assert values["file"] == "none was found"
        # But a file that was asked for must be there.
        report(tree, "stranger.ko", code=1)


@test
def one_bad_file_does_not_hide_the_others():
    with host() as tree:
        good = add(tree, "good.ko", elf())
        # Unpacking it would take more memory than any kernel has for that.
        bad = add(tree, "greedy.ko.xz", greedy_xz())
        found = reports(tree, good, bad, good, code=1)
        assert [item["license"] for item in found] == ["GPL", "", "GPL"]
        assert found[1]["signature"] in ("unreadable", "malformed")


@test
def a_file_that_may_not_be_read_is_unreadable():
    with host() as tree, folder_for_nobody() as (_, nobody):
        secret = add(tree, "secret.ko", elf())
        secret.chmod(0)
        (found,) = reports(tree, secret, code=1, program=nobody)
        assert found["signature"] == "unreadable"
        assert found["error"] == os.strerror(13)


@test
def without_a_host_a_file_is_reported_all_the_same():
    with host() as tree:
        path = add(tree, "one.ko", elf())
        nowhere = tree.folder / "nosuch"
        flags = scene_flags(nowhere)
        result = command("module", "--json", *flags, path, "name")
        assert result.returncode == 1
        one, name = json.loads(result.stdout)
        assert (one["loaded"], one["license"]) == (None, "GPL")
        assert (name["loaded"], name["error"] != "") == (None, True)
        # A kernel without modules has none.
        (tree.folder / "proc/modules").unlink()
        assert report(tree, path)["loaded"] is False
        (tree.folder / "proc/modules").write_text("nonsense\n")
        assert report(tree, path)["loaded"] is None


@test
def a_list_of_places_that_is_garbage_hides_nothing_else():
    with host(("one", "OE")) as tree:
        path = add(tree, "one.ko", elf())
        listed = tree.modules / "modules.dep"
        for content in (b"", b"\0" * 5000, os.urandom(50000), b"kernel/one.ko"):
            listed.write_bytes(content)
            assert report(tree, path)["license"] == "GPL"
            assert report(tree, "one")["signature"] == "missing"
        remove(listed)
        listed.mkdir()
        found = report(tree, "one", code=1)
        assert (found["signature"], found["loaded"]) == ("unreadable", True)


@test
def links_of_the_host_do_not_lead_out_of_its_root():
    with host() as tree:
        outside = add(tree, "outside.ko", elf((("version", "secret"), *IN_TREE)))
        tree.link("kernel/linked.ko", outside)
        tree.list("kernel/linked.ko")
        assert report(tree, "linked", code=1)["version"] == ""
        # Who names a file himself may name any.
        link = tree.modules / "kernel/linked.ko"
        assert report(tree, link)["version"] == "secret"


# ---- hostile values ----


@test
def nothing_that_a_terminal_would_obey_reaches_it():
    evil = b"\x1b]0;title\x07\x1b[2J\r\n\x08\x7f\xc2\x9b31m\x00\xff"
    words = [
        *((word, evil[:-2]) for word in ("license", "version", "srcversion")),
        *((word, evil[:-2]) for word in ("vermagic", "name", "intree")),
    ]
    signer = evil.replace(b"\0", b"")
    with host() as tree:
        content = elf(words) + trailer(b"blob", X509, 1, 4, signer, b"\x1b[2J")
        name = "evil\x1b[2J\n\x7f.ko"
        path = os.fsencode(add(tree, name, content)) + b"\xff"
        os.rename(path[:-1], path)
        for argument in (path, name, b"\xff\xfe", "\x1b[31m"):
            for flags in ([], ["--json"]):
                result = subprocess.run(
                    [PROGRAM, "module", *flags, *scene_flags(tree.folder), argument],
                    stdin=subprocess.DEVNULL,
                    stdout=subprocess.PIPE,
                    stderr=subprocess.PIPE,
                    timeout=TIMEOUT,
                )
                assert result.returncode == int(argument is not path)
                output = result.stdout.decode()
                bad = [
                    char
                    for char in output
                    if char != "\n" and (ord(char) < 32 or 0x7F <= ord(char) < 0xA0)
                ]
                assert not bad, (argument, output)
                assert b"\x1b" not in result.stderr
                if flags:
                    (found,) = json.loads(output)
                elif argument is path:
                    # A line break in a value is no line of its own.
                    labels = [line[2:16].strip() for line in output.split("\n")[1:-1]]
                    assert "\n\n" not in output and "" not in labels, output
                    assert "title" in output


@test
def long_values_are_kept_within_bounds():
    words = [(word, "x" * 100000) for word in ("license", "version", "vermagic")]
    words += [(f"parm{i}", "y" * 100) for i in range(1000)]
    with host() as tree:
        found = report(tree, add(tree, "long.ko", elf(words)))
        assert set(found["version"]) == {"x"}
        assert len(module(tree, tree.folder.parent / "long.ko").stdout) < 5000


# ---- how it is called, and ends ----


@test
def usage_that_is_wrong_exits_2():
    with host(("one", "OE")) as tree:
        for arguments in (
            [],
            ["--json"],
            ["--nosuch", "one"],
            ["--output=x", "one"],
            ["--web.listen-address=:0", "one"],
            ["--collector.signature.wait=1s", "one"],
            ["--collector.kernel", "one"],
            [f"{TRUST}=", "one"],
        ):
            result = module(tree, *arguments)
            assert (result.returncode, result.stdout) == (2, b""), arguments
            assert b"--help" in result.stderr, arguments
        result = command("--json", "once")
        assert result.returncode == 2


@test
def flags_may_stand_anywhere_and_words_behind_two_minuses_are_arguments():
    with host(("one", "OE")) as tree:
        tree.list("kernel/one.ko", "kernel/--json.ko")
        tree.add("kernel/one.ko", elf())
        tree.add("kernel/--json.ko", elf())
        flags = scene_flags(tree.folder)
        for arguments, count in (
            (["module", "one", *flags, "--json"], 1),
            ([*flags, "module", "--json", "one", "one"], 2),
            (["--json", "module", *flags, "--", "one", "--json"], 2),
            (["module", "serve", "once", "module", "--json", *flags], 3),
        ):
            result = command(*arguments)
            assert len(json.loads(result.stdout)) == count, arguments


@test
def standard_output_that_takes_nothing_is_an_error():
    with host(("one", "OE")) as tree:
        tree.add("kernel/one.ko", elf())
        tree.index()
        with open("/dev/full", "wb") as full:
            result = module(tree, "one", stdout=full)
        assert result.returncode == 1
        assert len(lines_of(result.stderr, "error")) == 1
        words = [PROGRAM, "module", *scene_flags(tree.folder), "one"]
        result = subprocess.run(
            ["sh", "-c", '"$@" >&-', "sh", *words],
            stdin=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            timeout=TIMEOUT,
        )
        assert result.returncode == 1
        # A reader that went away ends it, and nothing else does.
        read, write = os.pipe()
        os.close(read)
        result = module(tree, *["one"] * 3000, stdout=write)
        os.close(write)
        assert result.returncode not in (0, 2), result.returncode


@test
def closed_streams_are_never_written_to_instead():
    with host(("one", "OE")) as tree:
        tree.add("kernel/one.ko", elf())
        path = add(tree, "bare.ko", elf())
        tree.index()
        def contents():
            files = (file for file in tree.folder.rglob("*") if file.is_file())
            return {file: file.read_bytes() for file in [*files, path]}

        before = contents()
        wanted = module(tree, "one", path).stdout
        for closed in CLOSED_STREAMS:
            result = command(
                "-c",
                f'exec "$0" module "$@" {closed}',
                PROGRAM,
                *scene_flags(tree.folder),
                *("one", path),
                program=["sh"],
            )
            is_mute = " >&-" in closed
            assert result.returncode == int(is_mute), closed
            assert result.stdout == (b"" if is_mute else wanted), closed
            assert contents() == before, closed


run()
