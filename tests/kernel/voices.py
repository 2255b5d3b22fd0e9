# SPDX-License-Identifier: Apache-2.0
"""
What the program says in its three voices (the page, status --json, decode --json), each
against what the kernel itself says. Each check raises with what differs.
"""

import collections
import json
import re
import subprocess

from prometheus_client.parser import text_string_to_metric_families

from exporter import TIMEOUT
from witness import (
    LETTERS,
    OF_MODULES,
    TAINTS,
    announcements,
    letters_of,
    mask_of,
    reports,
)

LAYERS = ("capabilities", "landlock", "seccomp")
COLLECTORS = ("kernel", "log", "modules", "posture", "signature")


def same(what, said, true):
    """Both are dictionaries, and what both agree on is left out of the complaint."""
    differences = [
        f"{key}: the program says {said.get(key)!r}, the kernel {true.get(key)!r}"
        for key in sorted(said.keys() | true.keys(), key=repr)
        if said.get(key) != true.get(key)
    ]
    assert not differences, f"{what}:\n" + "\n".join(differences)


def samples(page):
    """{(name, labels as a sorted tuple of pairs): value}"""
    return {
        (sample.name, tuple(sorted(sample.labels.items()))): sample.value
        for family in text_string_to_metric_families(page.decode())
        for sample in family.samples
    }


class _Expected(dict):
    """Samples that a page should have, without the prefix that all names share."""

    def add(self, name, number, **labels):
        self[(f"kernel_taint_{name}", tuple(sorted(labels.items())))] = number

    def add_unless_none(self, name, number, **labels):
        if number is not None:
            self.add(name, number, **labels)


def _taint(letter):
    return {"flag": letter, "taint": TAINTS[letter]}


def _numbered(letter):
    return {"bit": str(LETTERS.index(letter)), **_taint(letter)}


def _counts(witness):
    """{what both voices count: number}"""
    carried = [module.letters for module in witness.modules.values()]
    return {
        "modules_loaded": len(carried),
        "modules_tainting": sum(bool(letters) for letters in carried),
        "modules_proprietary": sum("P" in letters for letters in carried),
        "modules_out_of_tree": sum("O" in letters for letters in carried),
        "modules_unsigned": sum("E" in letters for letters in carried),
    }


def _carried(witness):
    return set().union(*(module.letters for module in witness.modules.values()))


def _unexplained(witness):
    return (letters_of(witness.mask) & set(OF_MODULES)) - _carried(witness)


def _panic_mask(witness):
    given = re.findall(r"panic_on_taint=([0-9a-fx]+)", witness.file("/proc/cmdline"))
    return int(given[-1], 16) if given else 0


def _enforced(witness):
    return witness.file("/sys/module/module/parameters/sig_enforce") == "Y"


def _is_loading_disabled(witness):
    return witness.number("/proc/sys/kernel/modules_disabled") == 1


def _expect_kernel(expected, witness):
    mask = witness.mask
    expected.add("mask", mask)
    for bit, letter in enumerate(LETTERS):
        expected.add("flag", mask >> bit & 1, **_numbered(letter))
    release = witness.file("/proc/sys/kernel/osrelease")
    expected.add("kernel_info", 1, dialect="mainline", release=release)


def _expect_modules(expected, witness):
    expected.add("module_support", 1)
    for name, number in _counts(witness).items():
        expected.add(name, number)
    for name, module in witness.modules.items():
        for letter in module.letters:
            expected.add("module", 1, module=name, **_taint(letter))
    contradicted = _carried(witness) - letters_of(witness.mask)
    for letter in OF_MODULES:
        unexplained = letter in _unexplained(witness)
        expected.add("flag_unexplained", unexplained, **_numbered(letter))
        expected.add("flag_contradicted", letter in contradicted, **_numbered(letter))
    expected.add("modules_hidden", 0)
    of_procfs = {name: module.letters for name, module in witness.modules.items()}
    assert of_procfs == witness.modules_of_sysfs, "the kernel does not agree with itself"
    expected.add("modules_disagreeing", 0)


def _expect_posture(expected, witness):
    expected.add("module_signatures_enforced", _enforced(witness))
    expected.add("module_loading_disabled", _is_loading_disabled(witness))
    current, modes = witness.lockdown
    for mode in modes:
        expected.add("lockdown", mode == current, mode=mode)
    for reading in ("lockdown", "secure_boot"):
        expected.add("posture_visible", 1, reading=reading)
    expected.add("panic_mask", _panic_mask(witness))
    for name, file in (("warnings", "warn_count"), ("oopses", "oops_count")):
        count = witness.number(f"/sys/kernel/{file}")
        expected.add_unless_none(f"kernel_{name}_total", count)


def check_page(page, witness, log):
    """Every sample but those of files, of the process, and those that no two share."""
    expected = _Expected()
    _expect_kernel(expected, witness)
    _expect_modules(expected, witness)
    _expect_posture(expected, witness)
    for collector in COLLECTORS:
        expected.add("scrape_collector_success", 1, collector=collector)
    for layer in LAYERS:
        expected.add("exporter_sandbox", 1, layer=layer)
    for (event, module), count in announcements(log).items():
        # The page counts what announces a taint, and nothing else.
        if event not in ("module_rejected", "panic_on_taint"):
            expected.add("log_events_total", count, event=event, module=module)
    expected.add("log_lost_records_total", 0)
    left_out = re.compile(
        "process_.*"
        "|kernel_taint_(module_file.*|module_info|.*_seconds|exporter_build_info)"
    )
    said = {
        key: number
        for key, number in samples(page).items()
        if not left_out.fullmatch(key[0])
    }
    same("the page", said, expected)


def files(page):
    """{module: what the page says of its file}, and {signature: count}."""
    infos, counts = {}, {}
    for (name, labels), number in samples(page).items():
        labels = dict(labels)
        if name == "kernel_taint_module_info":
            infos.setdefault(labels["module"], {}).update(labels)
        elif name == "kernel_taint_module_file_differs":
            infos.setdefault(labels["module"], {})["differs"] = int(number)
        elif name == "kernel_taint_module_files":
            counts[labels["signature"]] = int(number)
    return infos, counts


def check_status(code, text, witness):
    """CODE and TEXT are the exit code and the output of status --json."""
    said = json.loads(text)
    mask = witness.mask
    expected = {
        "tainted": mask != 0,
        "mask": mask,
        "release": witness.file("/proc/sys/kernel/osrelease"),
        "dialect": "mainline",
        "taints": [bit for bit in range(len(LETTERS)) if mask >> bit & 1],
        "module_support": True,
        **_counts(witness),
        "modules": {
            name: module.letters
            for name, module in witness.modules.items()
            if module.letters
        },
        "unexplained": _unexplained(witness),
        "contradicted": set(),
        "hidden": [],
        "disagreeing": [],
    }
    said["taints"] = [taint["bit"] for taint in said["taints"]]
    said["modules"] = {entry["module"]: set(entry["flags"]) for entry in said["modules"]}
    for field in ("unexplained", "contradicted"):
        said[field] = {taint["flag"] for taint in said[field]}
    same("status", {key: said[key] for key in expected}, expected)

    posture = {
        "module_signatures_enforced": _enforced(witness),
        "module_loading_disabled": _is_loading_disabled(witness),
        "lockdown": witness.lockdown[0],
        "panic_mask": _panic_mask(witness),
        "kernel_warnings_total": witness.number("/sys/kernel/warn_count"),
        "kernel_oopses_total": witness.number("/sys/kernel/oops_count"),
    }
    same("status", {key: said["posture"][key] for key in posture}, posture)
    assert code == (3 if mask else 0), f"status exits with {code}"


def _decoded_report(item):
    modules = {}
    for taint in item["taints"]:
        for module in taint["modules"]:
            modules.setdefault(module, set()).add(taint["flag"])
    last = item["last_unloaded"] or {"module": "", "flags": ""}
    flags = f"({last['flags']})" if last["flags"] else ""
    return {
        "mask": item["mask"],
        "names": {t["flag"]: t["taint"] for t in item["taints"] if t["in_mask"]},
        "modules listed": item["modules_listed"],
        "modules": modules,
        "last unloaded": last["module"] + flags,
    }


def _true_report(report):
    names = {letter: TAINTS[letter] for letter in report.letters}
    # The kernel's own names, where it tells them.
    assert report.constants in ({}, names), report
    return {
        "mask": mask_of(report.letters),
        "names": names,
        "modules listed": len(report.modules),
        "modules": {name: letters for name, letters in report.modules.items() if letters},
        "last unloaded": report.unloaded,
    }


def check_decode(program, log, release):
    """What the program makes of the kernel's LOG."""
    result = subprocess.run(
        [program, "decode", "--json", "-"],
        input=log.encode(errors="surrogateescape"),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        timeout=TIMEOUT,
    )
    items = json.loads(result.stdout)
    true = reports(log)
    decoded = [item for item in items if item["kind"] == "report"]
    for number, report in enumerate(true):
        assert number < len(decoded), f"decode misses {report}"
        name = f"report {number} of decode"
        same(name, _decoded_report(decoded[number]), _true_report(report))
    assert len(decoded) == len(true), decoded[len(true) :]

    assert all(item["dialect"] == "mainline" for item in items), items
    assert all(item["release"] == release for item in items), items
    # A report tells of what was announced before it, and the last item of all.
    last = items[-1]["announcements"] if items else []
    counts = collections.Counter()
    for entry in last:
        counts[entry["event"], entry["module"]] += entry["count"]
    same("announcements of decode", dict(counts), dict(announcements(log)))
    assert result.returncode == (0 if items else 1), result
