# SPDX-License-Identifier: Apache-2.0
"""
The command status: its exit code for scripts, its text for people, its JSON for programs,
which must agree with the page of the command once on every scene, and when it has colours.
"""

import errno
import functools
import json
import os
import pathlib
import pty
import re
import subprocess
import sys
import tempfile

from suite import PROGRAM, SCENES, run, test
from exporter import TIMEOUT, scene_flags
from commands import CLOSED_STREAMS, PROPRIETARY, command, folder_for_nobody, lines_of
from modules import Tree, elf, key, signed
from scenery import copy_scene, families, make_scene, temporary_folder

CLEAN, ERROR, USAGE, TAINTED = range(4)

COLOUR = re.compile(r"\x1b\[[0-9;]*m")

FLAG_KEYS = {"bit", "flag", "taint", "meaning", "cause"}
COUNTS = ("loaded", "tainting", "proprietary", "out_of_tree", "unsigned")
REBOOT_KEYS = {"gone", "with_modules", "with_boot", "unknown"}
KEYS = {
    *("tainted", "mask", "release", "dialect", "taints"),
    *("module_support", "modules", *(f"modules_{count}" for count in COUNTS)),
    *("unexplained", "contradicted", "hidden", "disagreeing"),
    *("posture", "collectors", "reboot"),
}
MODULE_KEYS = {
    *("module", "flags", "taints", "path", "error", "compression", "signature"),
    *("sig_id", "signer", "sig_key", "sig_hashalgo", "license", "version"),
    *("srcversion", "vermagic", "verified", "gpl_compatible", "intree", "build_id"),
    *("file_differs", "why"),
}
POSTURE_KEYS = {
    *("module_signatures_enforced", "module_loading_disabled", "secure_boot"),
    *("panic_mask", "lockdown", "kernel_warnings_total", "kernel_oopses_total"),
    *("kernel_softlockups_total", "kernel_hardlockups_total"),
    *("kernel_rcu_stalls_total", "microcode_outdated", "absent"),
}
ABSENT_KEYS = {"lockdown", "secure_boot"}


def status(scene, *arguments, **options):
    return command("status", *scene_flags(scene), *arguments, **options)


def text(scene, *arguments, code, **options):
    """What is written for people."""
    result = status(scene, *arguments, **options)
    assert result.returncode == code, (scene, result)
    return result.stdout.decode()


def refuse_doubles(pairs):
    found = dict(pairs)
    assert len(found) == len(pairs), pairs
    return found


def check_flags(flags):
    for flag in flags:
        assert FLAG_KEYS <= set(flag) <= FLAG_KEYS | {"modules"}, flag
        assert (flag["taint"] == "unknown") == (flag["flag"] == "?"), flag
    bits = [flag["bit"] for flag in flags]
    assert bits == sorted(set(bits)), bits


def check(host):
    """All members are there, of the right kind, and fit together."""
    assert set(host) == KEYS, set(host) ^ KEYS
    assert set(host["posture"]) == POSTURE_KEYS
    assert set(host["posture"]["absent"]) == ABSENT_KEYS
    for name, reason in host["posture"]["absent"].items():
        assert (reason is None) == (host["posture"][name] is not None), name
    assert set(host["collectors"]) == {"kernel", "modules", "posture", "signature"}
    for name in ("taints", "unexplained", "contradicted"):
        check_flags(host[name] or [])
    for module in host["modules"] or []:
        assert set(module) == MODULE_KEYS, set(module) ^ MODULE_KEYS
        assert module["flags"] and module["why"].endswith(".")
    if host["mask"] is None:
        assert (host["tainted"], host["taints"], host["reboot"]) == (None,) * 3
        return
    assert host["tainted"] is (host["mask"] != 0)
    assert host["mask"] == sum(1 << flag["bit"] for flag in host["taints"])
    assert set(host["reboot"]) == REBOOT_KEYS
    for flags in host["reboot"].values():
        check_flags(flags)
    for flag in host["reboot"]["with_modules"]:
        assert flag["modules"], flag
    again = [flag["bit"] for flags in host["reboot"].values() for flag in flags]
    assert sorted(again) == [flag["bit"] for flag in host["taints"]]


def report(scene, *arguments, code, **options):
    """The object that --json gives."""
    result = status(scene, "--json", *arguments, **options)
    assert result.returncode == code, (scene, result)
    raw = result.stdout.decode()
    assert raw.endswith("}\n") and raw.count("\n") == 1, raw
    host = json.loads(raw, object_pairs_hook=refuse_doubles)
    check(host)
    return host


def slugs(flags):
    return [flag["taint"] for flag in flags]


@functools.cache
def generated_scenes():
    """Made once, in memory; the folder goes when the interpreter ends."""
    folder = tempfile.TemporaryDirectory(prefix="taint-", dir="/dev/shm")
    os.chmod(folder.name, 0o755)
    maker = [sys.executable, SCENES / "generate.py", folder.name]
    subprocess.run(maker, check=True, timeout=TIMEOUT)
    return folder


def every_scene():
    return {
        path.name: path
        for folder in (SCENES, pathlib.Path(generated_scenes().name))
        for path in sorted(folder.iterdir())
        if path.is_dir() and path.name[0] not in "_."
    }


# ---- the exit code ----


@test
def the_exit_code_is_0_for_clean_3_for_tainted_and_1_for_unknown():
    for scene, code in (
        ("clean", CLEAN),
        ("intree", CLEAN),
        ("oops", TAINTED),
        ("proprietary", TAINTED),
        ("orphan", TAINTED),
        ("hidden", TAINTED),
        ("contradicted", TAINTED),
        ("no-module-support", TAINTED),
        ("unknown-bits", TAINTED),
        ("mask-all-bits", TAINTED),
        ("rhel8.5", TAINTED),
        ("module-files", TAINTED),
        ("mask-missing", ERROR),
        ("mask-garbage", ERROR),
        ("mask-empty", ERROR),
        ("mask-too-large", ERROR),
        ("unreadable-kernel", ERROR),
    ):
        text(SCENES / scene, code=code)
        report(SCENES / scene, code=code)


@test
def only_the_mask_decides_on_the_exit_code():
    for scene, code in (
        ("release-missing", TAINTED),
        ("modules-garbage", TAINTED),
        ("unreadable-modules", TAINTED),
        ("unreadable-hidden", TAINTED),
        ("unreadable-posture", TAINTED),
        ("no-sysfs", TAINTED),
        ("posture-garbage", CLEAN),
    ):
        result = status(SCENES / scene)
        assert result.returncode == code, scene
        assert lines_of(result.stderr, "error"), scene
        assert b"\n  not read " in result.stdout, scene
    with temporary_folder() as folder:
        scene = make_scene(folder / "scene", modules=[("ext4", "")])
        (scene / "proc/modules").write_text("nonsense\n")
        host = report(scene, code=CLEAN)
        assert host["collectors"]["modules"] is host["collectors"]["signature"] is False
        assert text(scene, code=CLEAN).startswith("clean\n")


@test
def a_mask_that_cannot_be_read_hides_nothing_else():
    for scene in ("mask-missing", "mask-garbage"):
        result = status(SCENES / scene)
        assert result.stdout.startswith(b"unknown: the mask cannot be read\n")
        assert b"\nmodule " in result.stdout and b"\nposture\n" in result.stdout
        assert len(lines_of(result.stderr, "error")) == 1
        host = report(SCENES / scene, code=ERROR)
        assert host["modules"] and host["posture"]["lockdown"] == "none"


# ---- agreement with the metrics ----


def labels_of(samples, name):
    """[labels of each sample of the family]"""
    return [dict(labels) for family, labels in samples if family == name]


def bits_of(samples, name):
    """The bits whose sample is 1; None: the family is not there."""
    found = [
        (int(dict(labels)["bit"]), number)
        for (family, labels), number in samples.items()
        if family == name
    ]
    return sorted(bit for bit, number in found if number) if found else None


def check_mask(host, samples):
    mask = samples.get(("kernel_taint_mask", ()))
    assert (host["mask"] is None) == (mask is None)
    assert mask is None or float(host["mask"]) == mask
    bits = bits_of(samples, "kernel_taint_flag")
    if bits is not None:
        assert [flag["bit"] for flag in host["taints"]] == bits
        seen = labels_of(samples, "kernel_taint_flag")
        for flag in host["taints"]:
            labels = {name: str(flag[name]) for name in ("bit", "flag", "taint")}
            assert labels in seen, labels
    for labels in labels_of(samples, "kernel_taint_kernel_info"):
        assert labels == {name: host[name] for name in ("dialect", "release")}


def check_modules(host, samples):
    support = samples.get(("kernel_taint_module_support", ()))
    assert host["module_support"] == (None if support is None else bool(support))
    for count in COUNTS:
        number = samples.get((f"kernel_taint_modules_{count}", ()))
        assert host[f"modules_{count}"] == number, count
    for name in ("unexplained", "contradicted"):
        bits = bits_of(samples, f"kernel_taint_flag_{name}")
        found = host[name]
        assert bits == (found if found is None else [flag["bit"] for flag in found])
    for name in ("hidden", "disagreeing"):
        number = samples.get((f"kernel_taint_modules_{name}", ()))
        assert number == (None if host[name] is None else len(host[name])), name
    if host["modules"] is None or host["dialect"] is None:
        return
    assert host["modules_tainting"] == len(host["modules"])
    wanted = {
        (labels["module"], labels["taint"], labels["flag"])
        for labels in labels_of(samples, "kernel_taint_module")
    }
    assert wanted == {
        (module["module"], taint["taint"], taint["flag"])
        for module in host["modules"]
        for taint in module["taints"]
    }


def check_files(host, samples):
    infos = labels_of(samples, "kernel_taint_module_info")
    for labels in infos:
        labels["intree"] = bool(labels["intree"])
        assert any(
            all(
                module[name] == value or name == "intree" and module[name] is None
                for name, value in labels.items()
            )
            for module in host["modules"]
        ), labels
    names = {module["module"] for module in host["modules"] or []}
    if host["collectors"]["signature"] and host["dialect"]:
        assert names == {labels["module"] for labels in infos}
    for name in names:
        wanted = samples.get(("kernel_taint_module_file_differs", (("module", name),)))
        found = [
            module["file_differs"]
            for module in host["modules"]
            if module["module"] == name and module["file_differs"] is not None
        ]
        assert wanted == (max(found) if found else None), name


def check_posture(host, samples):
    for name, reason in host["posture"].pop("absent").items():
        sample = ("kernel_taint_posture_visible", (("reading", name),))
        assert samples[sample] == (reason != "hidden"), name
    for name, found in host["posture"].items():
        if name == "lockdown":
            modes = {
                dict(labels)["mode"]
                for (family, labels), number in samples.items()
                if family == "kernel_taint_lockdown" and number == 1
            }
            assert modes == ({found} if found else set())
            continue
        wanted = samples.get((f"kernel_taint_{name}", ()))
        assert (found is None) == (wanted is None), name
        assert found is None or float(found) == wanted, name
    wanted = labels_of(samples, "kernel_taint_scrape_collector_success")
    for labels in wanted:
        name = labels["collector"]
        number = samples[
            ("kernel_taint_scrape_collector_success", (("collector", name),))
        ]
        assert host["collectors"].pop(name) is bool(number), name
    assert not host["collectors"]


@test
def json_says_what_the_page_says_on_every_scene():
    failures = []
    scenes = every_scene()
    assert len(scenes) > 60
    for name, scene in scenes.items():
        samples = families(command("once", *scene_flags(scene)).stdout)
        mask = samples.get(("kernel_taint_mask", ()))
        code = ERROR if mask is None else TAINTED if mask else CLEAN
        try:
            host = report(scene, code=code)
            for check_one in (check_mask, check_modules, check_files, check_posture):
                check_one(host, samples)
        except AssertionError as error:
            failures.append(f"{name}: {error!r}")
    assert not failures, "\n".join(failures)


@test
def text_says_what_json_says_on_every_scene():
    scenes = every_scene()
    for name, scene in scenes.items():
        result = status(scene)
        host = report(scene, code=result.returncode)
        first, *lines = result.stdout.decode().rstrip("\n").split("\n")
        if host["mask"] is None:
            assert first.startswith("unknown"), name
        elif host["mask"]:
            known = [
                f"bit {flag['bit']}" if flag["flag"] == "?" else flag["taint"]
                for flag in host["taints"]
            ]
            assert first == f"tainted: {host['mask']} ({', '.join(known)})", name
        else:
            assert first.startswith("clean"), name
        titles = [line for line in lines if line and line[0] != " "]
        count = len(host["modules"] or [])
        assert all(title.startswith("module ") for title in titles[:count]), name
        wanted = ["posture", "not explained"] + ["after a reboot"] * bool(host["mask"])
        assert titles[count:] == wanted, (name, titles)
        labels = {line[2:16].strip() for line in lines if line[:2] == "  "}
        for label in ("unexplained", "contradicted", "hidden", "disagreeing"):
            assert (label in labels) == bool(host[label]), (name, label)
        assert ("not read" in labels) != all(host["collectors"].values()), name


# ---- what it says ----


@test
def modules_are_told_with_their_file_their_signer_and_why():
    by = key("Vendor")
    words = (("license", "Proprietary"), ("version", "550.1"))
    with temporary_folder() as folder:
        tree = Tree(folder / "scene", ("third_party", "POE"), ("clean", ""), mask=0x3001)
        tree.add("updates/third-party.ko", signed(elf(words, b"\xab" * 20), by))
        tree.add("kernel/clean.ko", elf())
        tree.index()
        tree.loaded_build("third_party", b"\xab" * 20)
        (module,) = report(tree.folder, code=TAINTED)["modules"]
        assert module["module"] == "third_party"
        assert module["signer"] == "Vendor" and module["sig_key"] == by.serial
        assert module["license"] == "Proprietary" and module["version"] == "550.1"
        assert module["file_differs"] is False and module["verified"] == ""
        for line in (
            "module third_party (POE)",
            f"  file          {module['path']}",
            "  signer        Vendor",
            "  licence       Proprietary (not compatible with the GPL)",
            "  the file      is what is loaded",
            f"  why           {module['why']}",
        ):
            assert f"\n{line}\n" in text(tree.folder, code=TAINTED), line
        trust = f"--collector.signature.trust={by.pem}"
        (module,) = report(tree.folder, trust, code=TAINTED)["modules"]
        assert module["verified"] == "yes"
        tree.loaded_build("third_party", b"\xac" * 20)
        (module,) = report(tree.folder, code=TAINTED)["modules"]
        assert module["file_differs"] is True
        # What the command module says of it is the same.
        one = command("module", "--json", *scene_flags(tree.folder), "third_party")
        (found,) = json.loads(one.stdout)
        assert {name: found[name] for name in MODULE_KEYS} == module


@test
def what_is_odd_is_named():
    host = report(SCENES / "orphan", code=TAINTED)
    assert slugs(host["unexplained"]) == ["oot_module", "unsigned_module"]
    assert (host["modules"], host["hidden"], host["contradicted"]) == ([], [], [])
    assert slugs(host["reboot"]["unknown"]) == ["oot_module", "unsigned_module"]
    host = report(SCENES / "hidden", code=TAINTED)
    assert host["hidden"] == ["diamorphine"]
    host = report(SCENES / "contradicted", code=TAINTED)
    assert slugs(host["contradicted"]) == [
        *("proprietary_module", "oot_module", "unsigned_module")
    ]
    host = report(SCENES / "disagreeing", code=TAINTED)
    assert host["disagreeing"] == ["nvidia", "vboxdrv"]


@test
def a_reboot_is_told_by_what_comes_back_after_it():
    reboot = report(SCENES / "oops", code=TAINTED)["reboot"]
    assert slugs(reboot["gone"]) == [
        *("forced_rmmod", "machine_check", "bad_page", "user", "die", "warn"),
        "softlockup",
    ]
    assert slugs(reboot["with_boot"]) == [
        *("overridden_acpi_table", "firmware_workaround", "randstruct"),
    ]
    carriers = {flag["taint"]: flag["modules"] for flag in reboot["with_modules"]}
    assert carriers["proprietary_module"] == ["lab_heir", "lab_nolicense", "lab_prop"]
    assert carriers["livepatch"] == ["lab_klp"]
    # Where its cause is not known.
    assert slugs(reboot["unknown"]) == ["cpu_out_of_spec"]
    reboot = report(SCENES / "microcode-old", code=TAINTED)["reboot"]
    assert slugs(reboot["with_boot"]) == ["cpu_out_of_spec"]
    for scene in ("oops", "orphan", "proprietary"):
        assert "Nothing but a reboot clears a taint." in text(SCENES / scene, code=TAINTED)


@test
def a_kernel_without_modules_and_a_given_dialect_are_told():
    host = report(SCENES / "no-module-support", code=TAINTED)
    assert (host["module_support"], host["modules_loaded"]) == (False, 0)
    assert "cannot load any" in text(SCENES / "no-module-support", code=TAINTED)
    host = report(SCENES / "rhel8.5", code=TAINTED)
    assert host["dialect"] == "rhel8" and "tech_preview" in slugs(host["taints"])
    host = report(SCENES / "rhel8.5", "--kernel.dialect=mainline", code=TAINTED)
    assert host["dialect"] == "mainline" and "unknown" in slugs(host["taints"])


@test
def this_host_is_told_with_its_own_mask():
    mask = int(pathlib.Path("/proc/sys/kernel/tainted").read_text())
    result = command("status", "--json")
    host = json.loads(result.stdout)
    check(host)
    assert host["mask"] & mask == mask
    assert result.returncode == (TAINTED if host["mask"] else CLEAN)
    assert host["release"] == os.uname().release


# ---- hostile values ----


@test
def nothing_that_a_terminal_would_obey_reaches_it():
    evil = b"\x1b]0;title\x07\x1b[2J\r\n\x08\x7f\xc2\x9b31m\xff"
    words = [(word, evil[:-1]) for word in ("license", "version", "srcversion", "name")]
    scenes = every_scene()
    with temporary_folder() as folder:
        tree = Tree(folder / "scene", ("evil", "POE"), mask=0x3001)
        tree.add("kernel/evil.ko", elf(words))
        tree.index()
        named = make_scene(folder / "named", mask=0x3000, release="6.1\x1b[2J\x07")
        name = b"evil\x1b[2J\x07\xff"
        os.makedirs(os.fsencode(named) + b"/sys/module/" + name)
        hidden = os.fsencode(named) + b"/sys/module/" + name
        for file, content in ((b"initstate", b"live\n"), (b"taint", b"\n")):
            with open(hidden + b"/" + file, "wb") as attribute:
                attribute.write(content)
        for scene in (
            *(scenes["hostile-names"], scenes["names-like-records"]),
            *(tree.folder, named),
        ):
            for flags in ([], ["--json"]):
                result = status(scene, *flags)
                assert result.returncode == TAINTED, scene
                output = result.stdout.decode()
                bad = [
                    char
                    for char in output
                    if char != "\n" and (ord(char) < 32 or 0x7F <= ord(char) < 0xA0)
                ]
                assert not bad, (scene, output)
                assert b"\x1b" not in result.stderr
        host = report(scenes["hostile-names"], code=TAINTED)
        names = [module["module"] for module in host["modules"]]
        assert "new\nline" in names and 'quote"and\\backslash' in names
        assert "title" in report(tree.folder, code=TAINTED)["modules"][0]["license"]
        assert "2J" in report(named, code=TAINTED)["hidden"][0]


# ---- colours ----


def on_terminal(*arguments, **environment):
    """(exit code, what a terminal is given); TERM and NO_COLOR are only the given ones."""
    kept = {
        name: value for name, value in os.environ.items() if name not in ("TERM", "NO_COLOR")
    }
    master, slave = pty.openpty()
    process = subprocess.Popen(
        [PROGRAM, "status", *arguments],
        stdin=slave,
        stdout=slave,
        stderr=subprocess.DEVNULL,
        env={**kept, **environment},
    )
    os.close(slave)
    output = b""
    try:
        while piece := os.read(master, 65536):
            output += piece
    except OSError as error:
        # That nobody has the other end any more.
        assert error.errno == errno.EIO
    finally:
        os.close(master)
    return process.wait(TIMEOUT), output.decode().replace("\r\n", "\n")


@test
def a_terminal_is_given_colours_and_the_same_words():
    for scene, code in (("clean", CLEAN), ("oops", TAINTED), ("mask-missing", ERROR)):
        flags = scene_flags(SCENES / scene)
        for environment in ({"TERM": "xterm"}, {"TERM": "xterm", "NO_COLOR": ""}):
            found, output = on_terminal(*flags, **environment)
            assert found == code, (scene, found)
            assert COLOUR.match(output), output
            wanted = text(SCENES / scene, code=code)
            assert COLOUR.sub("", output) == wanted
            assert "\x1b" not in wanted


@test
def who_declines_colours_or_cannot_show_them_has_none():
    wanted = text(SCENES / "oops", code=TAINTED)
    for environment in (
        {"TERM": "xterm", "NO_COLOR": "1"},
        {"TERM": "xterm", "NO_COLOR": "0"},
        {"TERM": "dumb"},
        {"TERM": ""},
        {},
    ):
        found = on_terminal(*scene_flags(SCENES / "oops"), **environment)
        assert found == (TAINTED, wanted), environment
    _, output = on_terminal("--json", *scene_flags(SCENES / "oops"), TERM="xterm")
    check(json.loads(output))
    environment = {**os.environ, "TERM": "xterm"}
    environment.pop("NO_COLOR", None)
    assert text(SCENES / "oops", code=TAINTED, env=environment) == wanted


# ---- how it is called, and ends ----


@test
def usage_that_is_wrong_exits_2():
    for arguments in (
        ["word"],
        ["--nosuch"],
        ["--output=x"],
        ["--collector.log"],
        ["--web.listen-address=:0"],
        ["--kernel.dialect=nosuch"],
    ):
        result = command("status", *PROPRIETARY, *arguments)
        assert (result.returncode, result.stdout) == (USAGE, b""), arguments
        assert b"--help" in result.stderr, arguments


@test
def certificates_that_cannot_be_read_are_an_error():
    result = command("status", "--collector.signature.trust=/nosuch", *PROPRIETARY)
    assert (result.returncode, result.stdout) == (ERROR, b"")
    assert "/nosuch" in lines_of(result.stderr, "error")[0]


@test
def standard_output_that_takes_nothing_is_an_error():
    for flags in ([], ["--json"]):
        with open("/dev/full", "wb") as full:
            result = command("status", *flags, *PROPRIETARY, stdout=full)
        assert result.returncode == ERROR
        assert len(lines_of(result.stderr, "error")) == 1
        result = command(
            "-c", 'exec "$0" status "$@" >&-', PROGRAM, *PROPRIETARY, program=["sh"]
        )
        assert result.returncode == ERROR
        assert len(lines_of(result.stderr, "error")) == 1
        reader, writer = os.pipe()
        os.close(reader)
        try:
            result = command("status", *flags, *PROPRIETARY, stdout=writer)
        finally:
            os.close(writer)
        assert result.returncode not in (CLEAN, USAGE, TAINTED)


@test
def closed_streams_are_never_written_to_instead():
    with temporary_folder() as folder:
        scene = copy_scene(SCENES / "unreadable-modules", folder / "scene")

        def contents():
            files = (path for path in scene.rglob("*") if path.is_file())
            return {path: path.read_bytes() for path in files}

        before = contents()
        wanted = status(scene).stdout
        for closed in CLOSED_STREAMS:
            result = command(
                "-c",
                f'exec "$0" status "$@" {closed}',
                PROGRAM,
                *scene_flags(scene),
                program=["sh"],
            )
            is_mute = " >&-" in closed
            assert result.returncode == (ERROR if is_mute else TAINTED), closed
            assert result.stdout == (b"" if is_mute else wanted), closed
            assert contents() == before, closed


@test
def nobody_is_told_the_same():
    with folder_for_nobody() as (folder, nobody):
        for name in ("module-files", "clean", "orphan"):
            scene = copy_scene(SCENES / name, folder / name)
            for flags in ([], ["--json"]):
                wanted = status(scene, *flags)
                found = status(scene, *flags, program=nobody)
                assert found.returncode == wanted.returncode, found
                assert found.stdout == wanted.stdout
        found = command("status", program=nobody)
        assert found.returncode in (CLEAN, TAINTED), found


run()
