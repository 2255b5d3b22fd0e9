# SPDX-License-Identifier: Apache-2.0
"""
Pages of a host some part of which could not be read, beside the one where all could:
unknown is not zero. Knows which families tell of failures.
"""

from scenery import families, successes

# What no two scrapes share, and what is no matter of the host.
FREE = (
    "kernel_taint_scrape_collector_duration_seconds",
    "kernel_taint_scrape_collector_success",
    "kernel_taint_exporter_",
    "kernel_taint_log_first_event_timestamp_seconds",
    "process_",
)
FILES = "kernel_taint_module_files"
INFO = "kernel_taint_module_info"
DIFFERS = "kernel_taint_module_file_differs"
UNKNOWN = ("pending", "unreadable")


def _facts(samples):
    return {key: value for key, value in samples.items() if not key[0].startswith(FREE)}


def _info(samples, module):
    """The labels of a module's file."""
    for name, pairs in samples:
        labels = dict(pairs)
        if name == INFO and labels["module"] == module:
            return labels
    return {}


def _is_unknown_file(name, labels, healthy):
    """Whether it is a module's file that could not be read, or not all of it."""
    if name != INFO or labels["signature"] not in UNKNOWN:
        return False
    known = _info(healthy, labels["module"])
    return all(
        value in ("", known.get(label))
        for label, value in labels.items()
        if label not in ("signature", "path")
    )


def _check_files(samples, healthy):
    """Each file is as it was, or unknown."""
    counts = {labels: value for (name, labels), value in samples.items() if name == FILES}
    before = {labels: value for (name, labels), value in healthy.items() if name == FILES}
    if not counts:
        return
    assert counts.keys() == before.keys(), counts
    assert sum(counts.values()) == sum(before.values()), counts
    for labels, value in counts.items():
        assert value <= before[labels] or dict(labels)["signature"] in UNKNOWN, counts


def check_page(page, healthy_page):
    """PAGE is whole, and says nothing that HEALTHY_PAGE does not, but what is unknown."""
    assert page.endswith(b"\n"), page[-100:]
    all_samples = families(page)
    samples, healthy = _facts(all_samples), _facts(families(healthy_page))
    _check_files(samples, healthy)
    for key, value in samples.items():
        name, labels = key[0], dict(key[1])
        if name == FILES or _is_unknown_file(name, labels, healthy):
            continue
        assert key in healthy, f"made up: {key} {value}"
        assert value == healthy[key], f"false: {key} {value}, which is {healthy[key]}"
    if all(successes(all_samples).values()):
        # For a single file no collector fails: its line says why there is no more.
        missing = {key for key in healthy.keys() - samples.keys() if key[0] != DIFFERS}
        for name, pairs in missing:
            is_told = name == INFO and _info(samples, dict(pairs)["module"])
            assert is_told, f"silently lost: {name} {pairs}"


# In a report these say why something else is missing, and what follows from it.
REASONS = ("absent", "collectors", "error", "reboot", "why")


def _place(taint):
    """Of a taint of the mask, which has a bit, or of a module."""
    return taint.get("bit") or 0, taint["flag"]


def check_report(said, healthy, path="$"):
    """SAID, JSON or a part of it, is HEALTHY, but for what it says is not known."""
    if said is None:
        return
    if path.endswith(".signature") and said in UNKNOWN:
        return
    # Without the dialect nobody knows the order of flags, nor what a bit means.
    if path.endswith(".flags"):
        said, healthy = sorted(said), sorted(healthy)
    elif path.endswith(".taints"):
        said, healthy = (sorted(taints, key=_place) for taints in (said, healthy))
    if isinstance(said, dict) and isinstance(healthy, dict):
        assert said.keys() == healthy.keys(), path
        skipped = set(REASONS)
        if "loaded" in said and said["loaded"] is None:
            skipped |= {"flags", "taints"}  # of what is loaded, if it is
        if said.get("signature") in UNKNOWN:
            skipped |= {"path"}  # where there is a file at all
        for key in said.keys() - skipped:
            check_report(said[key], healthy[key], f"{path}.{key}")
    elif isinstance(said, list) and isinstance(healthy, list):
        assert len(said) == len(healthy), f"{path}: {said}, not {healthy}"
        for index, pair in enumerate(zip(said, healthy)):
            check_report(*pair, f"{path}[{index}]")
    else:
        allowed = ("", "?", "unknown", healthy)
        assert said in allowed, f"{path}: {said!r}, not {healthy!r}"
