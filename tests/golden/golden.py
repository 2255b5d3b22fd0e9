#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""
Goldens: golden.py PROGRAM starts the exporter on every scene and compares the page, in
both formats, with SCENE.prom and SCENE.om beside this file; UPDATE=1 rewrites them. All
pages also go through promtool, Debian's prometheus_client, and a check of our own. What
the page for people says of some is in SCENE.html; what the commands status and module do,
in SCENE.COMMAND.txt and, with indents, SCENE.COMMAND.json. Knows the families of the
metrics contract, their labels and their order, and nothing of what a scene should say:
that is in the goldens.
"""

import concurrent.futures
import difflib
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile

sys.dont_write_bytecode = True  # nothing is left in the source tree

from prometheus_client.openmetrics.parser import (  # noqa: E402
    text_string_to_metric_families as parse_openmetrics,
)
from prometheus_client.parser import (  # noqa: E402
    text_string_to_metric_families as parse_text,
)

HERE = os.path.dirname(os.path.abspath(__file__))
TESTS = os.path.dirname(HERE)
SCENES = os.path.join(TESTS, "scenes")
sys.path[:0] = [os.path.join(TESTS, "lib"), SCENES]

from exporter import TIMEOUT, Exporter, scene_flags, tap, without_volatile  # noqa: E402
from generate import generate  # noqa: E402

PROGRAM = sys.argv[1]
OPENMETRICS = "application/openmetrics-text;version=1.0.0"
CONTENT_TYPES = {
    "prom": "text/plain; version=0.0.4; charset=utf-8",
    "om": "application/openmetrics-text; version=1.0.0; charset=utf-8",
}

# So that no module file is pending by chance.
PATIENCE = "--collector.signature.wait=60s"

ONLY = ["--collector.disable-defaults"]

# Goldens of a scene that is looked at with further flags: name, scene, flags.
VARIANTS = [
    ("disagreeing.all", "disagreeing", ["--collector.modules.sysfs=all"]),
    ("rhel8.5.mainline", "rhel8.5", ["--kernel.dialect=mainline"]),
    ("rhel8.5.suse", "rhel8.5", ["--kernel.dialect=suse"]),
    ("mask-garbage.modules", "mask-garbage", ["--no-collector.kernel"]),
    ("release-missing.modules", "release-missing", ["--no-collector.kernel"]),
    ("release-missing.rhel9", "release-missing", ["--kernel.dialect=rhel9"]),
    ("oops.kernel", "oops", [*ONLY, "--collector.kernel"]),
    ("oops.nothing", "oops", ONLY),
    ("module-files.all", "module-files", ["--collector.signature.modules=all"]),
    (
        "module-files.trust",
        "module-files",
        [
            "--collector.signature.modules=all",
            f"--collector.signature.trust={SCENES}/module-files/signing-key.crt.pem",
        ],
    ),
    ("renamed-files.all", "renamed-files", ["--collector.signature.modules=all"]),
    ("log.on", "log", ["--collector.log"]),
    ("unloaded.on", "unloaded", ["--collector.unloaded"]),
    ("log-hostile.on", "log-hostile", [*ONLY, "--collector.log", "--collector.unloaded"]),
    ("clean.on", "clean", [*ONLY, "--collector.log", "--collector.unloaded"]),
    (
        "release-missing.unloaded",
        "release-missing",
        [*ONLY, "--collector.unloaded"],
    ),
]

# Scenes whose status has goldens, too.
STATUS = (
    "clean",
    "clean-contradicted",
    "clean-disagreeing",
    "clean-hidden",
    "container",
    "contradicted",
    "disagreeing",
    "hidden",
    "hostile-names",
    "mask-all-bits",
    "mask-missing",
    "microcode-current",
    "microcode-old",
    "microcode-unknown",
    "module-files",
    "modules-garbage",
    "no-module-support",
    "no-sysfs",
    "nothing-mounted",
    "oops",
    "orphan",
    "posture-full",
    "proprietary",
    "release-missing",
    "renamed-files",
    "rhel7.0",
    "rhel9.7",
    "same-names",
    "securityfs-not-mounted",
    "shim-validation-off",
    "sle15sp6-clean",
    "sle15sp7",
    "suse-4.4",
    "unknown-bits",
    "unknown-letters",
    "unreadable-posture",
    "vz7",
)

# Scenes whose page for people has a golden, without its style and what made it.
PEOPLE = (
    "clean",
    "hostile-names",
    "mask-missing",
    "module-files",
    "oops",
    "release-missing",
    "unknown-bits",
)
VOLATILE_HTML = re.compile(rb"(?s)(?<=<style>).*(?=</style>)|(?<=<footer>).*(?=</footer>)")

# Modules of a scene of which the command module has goldens: all that are loaded, and these.
MODULES = {"module-files": ("ext4", "lab-user"), "same-names": (), "unknown-letters": ()}

# Scenes that are donated again. Between them they have every kind of file.
DONATED_SCENES = (
    "container",
    "hostile-names",
    "microcode-old",
    "module-files",
    "oops",
    "posture-full",
    "rhel6",
    "securityfs-not-mounted",
    "shim-validation-off",
    "unloaded",
)

# The contract: every family in its order, with its type and labels.
FLAG = ("bit", "flag", "taint")
MODULE_INFO = (
    "module",
    "flags",
    "signature",
    "signer",
    "sig_key",
    "sig_hashalgo",
    "license",
    "version",
    "srcversion",
    "intree",
    "path",
    "verified",
)
FAMILIES = {
    "kernel_taint_mask": ("gauge", ()),
    "kernel_taint_flag": ("gauge", FLAG),
    "kernel_taint_kernel_info": ("gauge", ("dialect", "release")),
    "kernel_taint_module_support": ("gauge", ()),
    "kernel_taint_modules_loaded": ("gauge", ()),
    "kernel_taint_modules_tainting": ("gauge", ()),
    "kernel_taint_modules_proprietary": ("gauge", ()),
    "kernel_taint_modules_out_of_tree": ("gauge", ()),
    "kernel_taint_modules_unsigned": ("gauge", ()),
    "kernel_taint_module": ("gauge", ("module", "taint", "flag")),
    "kernel_taint_flag_unexplained": ("gauge", FLAG),
    "kernel_taint_flag_contradicted": ("gauge", FLAG),
    "kernel_taint_modules_hidden": ("gauge", ()),
    "kernel_taint_modules_disagreeing": ("gauge", ()),
    "kernel_taint_module_files": ("gauge", ("signature",)),
    "kernel_taint_module_info": ("gauge", MODULE_INFO),
    "kernel_taint_module_file_differs": ("gauge", ("module",)),
    "kernel_taint_module_signatures_enforced": ("gauge", ()),
    "kernel_taint_module_loading_disabled": ("gauge", ()),
    "kernel_taint_lockdown": ("gauge", ("mode",)),
    "kernel_taint_secure_boot": ("gauge", ()),
    "kernel_taint_microcode_outdated": ("gauge", ()),
    "kernel_taint_posture_visible": ("gauge", ("reading",)),
    "kernel_taint_panic_mask": ("gauge", ()),
    "kernel_taint_kernel_warnings_total": ("counter", ()),
    "kernel_taint_kernel_oopses_total": ("counter", ()),
    "kernel_taint_kernel_softlockups_total": ("counter", ()),
    "kernel_taint_kernel_hardlockups_total": ("counter", ()),
    "kernel_taint_kernel_rcu_stalls_total": ("counter", ()),
    "kernel_taint_log_events_total": ("counter", ("event", "module")),
    "kernel_taint_log_first_event_timestamp_seconds": ("gauge", ("event", "module")),
    "kernel_taint_log_lost_records_total": ("counter", ()),
    "kernel_taint_unloaded_module": ("gauge", ("module", "flags")),
    "kernel_taint_scrape_collector_success": ("gauge", ("collector",)),
    "kernel_taint_scrape_collector_duration_seconds": ("gauge", ("collector",)),
    "kernel_taint_exporter_sandbox": ("gauge", ("layer",)),
    "kernel_taint_exporter_build_info": (
        "gauge",
        ("version", "revision", "branch", "compiler", "arch"),
    ),
    "process_cpu_seconds_total": ("counter", ()),
    "process_open_fds": ("gauge", ()),
    "process_max_fds": ("gauge", ()),
    "process_virtual_memory_bytes": ("gauge", ()),
    "process_resident_memory_bytes": ("gauge", ()),
    "process_start_time_seconds": ("gauge", ()),
}

HELP = re.compile(r"# HELP ([a-z_]+) (\S.*\S)")
TYPE = re.compile(r"# TYPE ([a-z_]+) (gauge|counter)")
SAMPLE = re.compile(r"([a-z_]+)(?:\{(.*)\})? (\d+(?:\.\d+)?)")
LABEL = re.compile(r'([a-z_]+)="((?:[^"\\\n]|\\[\\"n])*)"(?:,(?=.)|$)')
UNESCAPED = {r"\\": "\\", r"\"": '"', r"\n": "\n"}


class Look:
    """What the program said of one scene; error is why it could not be asked."""

    def __init__(self, name, scene, flags):
        self.name = name
        self.flags = scene_flags(scene) + [PATIENCE] + flags
        self.pages = {}  # by the golden's suffix
        self.again = {}
        self.people = b""
        self.once = None
        self.promtool = None
        self.error = None

    def take(self):
        try:
            self.take_pages()
        except Exception as error:  # whatever it is, the test of this scene tells
            self.error = error
        return self

    def take_pages(self):
        with Exporter(PROGRAM, *self.flags) as exporter:
            for pages in (self.pages, self.again):
                for suffix, accept in (("prom", None), ("om", OPENMETRICS)):
                    pages[suffix] = fetch(exporter, suffix, accept)
            self.people = exporter.get("/")[2]
        self.once = run_once(self.flags)
        self.promtool = subprocess.run(
            ["promtool", "check", "metrics"],
            input=self.pages["prom"],
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            timeout=TIMEOUT,
            check=False,
        )


def fetch(exporter, suffix, accept):
    status, headers, body = exporter.get(headers={"Accept": accept} if accept else {})
    assert status == 200, f"status {status}: {body!r}"
    assert headers["Content-Type"] == CONTENT_TYPES[suffix], headers["Content-Type"]
    return body


def run_once(flags):
    return subprocess.run(
        [PROGRAM, "once", *flags],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        timeout=TIMEOUT,
        check=True,
    ).stdout


def unescape(value):
    return re.sub(r"\\.", lambda found: UNESCAPED[found.group()], value)


def parse_sample(line):
    """(name, {label: value}, value) of a sample line; raises when it is none."""
    found = SAMPLE.fullmatch(line)
    assert found, f"no sample: {line!r}"
    name, inside, value = found.groups()
    labels, at = {}, 0
    while inside and at < len(inside):
        label = LABEL.match(inside, at)
        assert label, f"no label at {inside[at:]!r}: {line!r}"
        assert label.group(1) not in labels, f"label twice: {line!r}"
        labels[label.group(1)] = unescape(label.group(2))
        at = label.end()
    return name, labels, value


def sort_key(labels):
    return tuple(
        (int(value), b"") if name == "bit" else (0, value.encode())
        for name, value in labels.items()
    )


def check_page(page, suffix):
    """Rules 3, 4, 6 and 7 of the contract, and the grammar as we write it."""
    assert page.endswith(b"\n") and b"\0" not in page
    lines = page.decode("utf-8").removesuffix("\n").split("\n")
    if suffix == "om":
        assert lines.pop() == "# EOF", "no # EOF at the end"
    order = list(FAMILIES)
    seen, at = [], 0
    while at < len(lines):
        head = [HELP, TYPE] if suffix == "prom" else [TYPE, HELP]
        first, second = (head[i].fullmatch(lines[at + i]) for i in (0, 1))
        assert first and second, f"no family: {lines[at]!r}, {lines[at + 1]!r}"
        assert first.group(1) == second.group(1), f"mixed: {lines[at]!r}"
        kind = (second if suffix == "prom" else first).group(2)
        total = "_total" if suffix == "om" and kind == "counter" else ""
        family = first.group(1) + total
        assert family in FAMILIES, f"not in the contract: {family}"
        assert (kind, family.endswith("_total")) in (("counter", True), ("gauge", False))
        assert kind == FAMILIES[family][0], f"{family} is no {kind}"
        assert not seen or order.index(family) > order.index(seen[-1]), (
            f"twice or out of order: {family}"
        )
        seen.append(family)
        at += 2

        keys = []
        while at < len(lines) and not lines[at].startswith("# "):
            name, labels, value = parse_sample(lines[at])
            assert name == family, f"among {family}: {lines[at]!r}"
            assert tuple(labels) == FAMILIES[family][1], f"labels: {lines[at]!r}"
            assert "." not in value or family.endswith("_seconds") or total or (
                family == "process_cpu_seconds_total"
            ), f"no integer: {lines[at]!r}"
            keys.append(sort_key(labels))
            at += 1
        assert keys, f"no sample: {family}"
        assert keys == sorted(set(keys)), f"twice or not sorted: {family}"


def series(families):
    """{(name, labels): value} of what a parser of prometheus_client gave."""
    found = {}
    for family in families:
        assert family.type in ("gauge", "counter"), family
        assert family.documentation, family
        for sample in family.samples:
            key = (sample.name, tuple(sorted(sample.labels.items())))
            assert key not in found, f"twice: {key}"
            assert sample.timestamp is None and sample.exemplar is None, sample
            found[key] = sample.value
    return found


def check_parsers(look):
    text = series(parse_text(look.pages["prom"].decode("utf-8")))
    openmetrics = series(parse_openmetrics(look.pages["om"].decode("utf-8")))
    assert list(text) == list(openmetrics), set(text) ^ set(openmetrics)
    # Each parser must have seen what stands on the page, not its own idea of it.
    for suffix, found in (("prom", text), ("om", openmetrics)):
        for line in look.pages[suffix].decode("utf-8").split("\n"):
            if line and not line.startswith("# "):
                name, labels, value = parse_sample(line)
                key = (name, tuple(sorted(labels.items())))
                assert float(found.pop(key)) == float(value), line
        assert not found, found
    samples = [
        [line for line in without_volatile(page).split(b"\n") if line[:2] != b"# "]
        for page in look.pages.values()
    ]
    assert [line for line in samples[0] if line] == [line for line in samples[1] if line]


def check_promtool(look):
    output = look.promtool.stdout.decode("utf-8", "replace")
    assert look.promtool.returncode == 0 and not output, output


def check_again(look):
    for suffix, page in look.pages.items():
        compare(without_volatile(page), without_volatile(look.again[suffix]), "again")


def check_once(look):
    page = re.sub(
        rb"(?m)^# (HELP|TYPE) process_.*\n", b"", without_volatile(look.pages["prom"])
    )
    assert b"process_" not in look.once
    compare(page, without_volatile(look.once), "once")


def check_grammar(look):
    for suffix in ("prom", "om"):
        check_page(look.pages[suffix], suffix)


def compare(expected, page, name):
    if page == expected:
        return
    diff = difflib.unified_diff(
        *(text.decode("utf-8", "replace").split("\n") for text in (expected, page)),
        f"expected {name}",
        f"page {name}",
        n=1,
        lineterm="",
    )
    raise AssertionError("\n" + "\n".join(diff))


def check_golden(name, page):
    path = os.path.join(HERE, name)
    if os.environ.get("UPDATE"):
        with open(path, "wb") as file:
            file.write(page)
    with open(path, "rb") as file:
        compare(file.read(), page, name)


def golden_test(look):
    def test():
        if look.error:
            raise look.error
        for suffix in ("prom", "om"):
            page = without_volatile(look.pages[suffix])
            check_golden(f"{look.name}.{suffix}", page)
        if look.name in PEOPLE:
            check_golden(f"{look.name}.html", VOLATILE_HTML.sub(b"", look.people))

    test.__name__ = f"{look.name}_looks_as_its_goldens_say"
    return test


def run_command(*arguments):
    """Ends with 3 on a tainted scene and 1 without a module: that is no error here."""
    return subprocess.run(
        [PROGRAM, *arguments],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        timeout=TIMEOUT,
        check=False,
    ).stdout


def command_test(name, command, flags, arguments=()):
    """For people in NAME.COMMAND.txt; for programs, with indents, in NAME.COMMAND.json."""

    def test():
        given = [command, *flags, "--", *arguments]
        check_golden(f"{name}.{command}.txt", run_command(*given))
        said = json.loads(run_command(command, "--json", *flags, "--", *arguments))
        indented = json.dumps(said, indent=1, ensure_ascii=False)
        check_golden(f"{name}.{command}.json", f"{indented}\n".encode())

    test.__name__ = f"{command}_of_{name}_reads_as_its_goldens_say"
    return test


def loaded_modules(scene):
    with open(os.path.join(scene, "proc/modules"), "rb") as file:
        return [line.split(b" ")[0] for line in file]


def command_tests(scenes):
    for name in STATUS:
        yield command_test(name, "status", scene_flags(scenes[name]))
    for name, arguments in MODULES.items():
        arguments = [*loaded_modules(scenes[name]), *arguments]
        yield command_test(name, "module", scene_flags(scenes[name]), arguments)


def every_page_test(name, check, looks):
    """One test of all scenes, which names those that fail."""

    def test():
        failures = []
        for look in looks:
            try:
                assert not look.error, "no page"
                check(look)
            except Exception as error:
                failures.append(f"{look.name}: {error}")
        assert not failures, "\n".join(failures)

    test.__name__ = name
    return test


def donate_test(scenes):
    def a_donated_scene_has_the_page_of_its_machine():
        for name in DONATED_SCENES:
            with tempfile.TemporaryDirectory() as folder:
                donated = os.path.join(folder, name)
                subprocess.run(
                    [os.path.join(SCENES, "donate.sh"), donated]
                    + [os.path.join(scenes[name], root) for root in ("proc", "sys")],
                    stdout=subprocess.DEVNULL,
                    timeout=TIMEOUT,
                    check=True,
                )
                if os.path.isdir(os.path.join(scenes[name], "lib")):
                    shutil.copytree(
                        os.path.join(scenes[name], "lib"), os.path.join(donated, "lib")
                    )
                pages = [
                    without_volatile(run_once(scene_flags(scene)))
                    for scene in (scenes[name], donated)
                ]
            compare(*pages, name)

    return a_donated_scene_has_the_page_of_its_machine


def readme_test(scenes):
    def the_readme_has_a_row_for_every_scene():
        with open(os.path.join(SCENES, "README.md"), encoding="utf-8") as file:
            rows = re.findall(r"^\| `([^`]+)` \|", file.read(), re.MULTILINE)
        assert sorted(rows) == sorted(scenes), set(rows) ^ set(scenes)

    return the_readme_has_a_row_for_every_scene


def only_golden_test(looks):
    def no_golden_is_left_without_its_scene():
        names = {f"{look.name}.{suffix}" for look in looks for suffix in ("prom", "om")}
        names |= {f"{name}.html" for name in PEOPLE}
        for suffix in ("txt", "json"):
            names |= {f"{name}.status.{suffix}" for name in STATUS}
            names |= {f"{name}.module.{suffix}" for name in MODULES}
        # The command decode has goldens of its own.
        names |= {name for name in os.listdir(HERE) if name.endswith(".py")} | {"decode"}
        for name in sorted(set(os.listdir(HERE)) - names):
            assert os.environ.get("UPDATE"), name
            os.unlink(os.path.join(HERE, name))

    return no_golden_is_left_without_its_scene


def main():
    with tempfile.TemporaryDirectory(dir="/dev/shm") as generated:
        generate(generated)
        scenes = {
            name: os.path.join(folder, name)
            for folder in (SCENES, generated)
            for name in os.listdir(folder)
            if os.path.isdir(os.path.join(folder, name)) and name[0] not in "_."
        }
        looks = [Look(name, scene, []) for name, scene in sorted(scenes.items())]
        looks += [Look(name, scenes[scene], flags) for name, scene, flags in VARIANTS]
        with concurrent.futures.ThreadPoolExecutor(2) as pool:
            looks = list(pool.map(Look.take, looks))

        every = [
            ("promtool_accepts_every_page", check_promtool),
            ("prometheus_client_reads_the_same_from_both_formats", check_parsers),
            ("every_page_keeps_the_contract's_names_and_order", check_grammar),
            ("a_second_scrape_of_every_scene_is_byte-identical", check_again),
            ("once_prints_every_page_without_the_process_families", check_once),
        ]
        tap(
            [golden_test(look) for look in looks]
            + list(command_tests(scenes))
            + [every_page_test(name, check, looks) for name, check in every]
            + [donate_test(scenes), readme_test(scenes), only_golden_test(looks)]
        )


if __name__ == "__main__":
    main()
