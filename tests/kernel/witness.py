# SPDX-License-Identifier: Apache-2.0
"""
What the kernel itself says: its files as it shows them to root, and its log, read
independently of the program under test. The meaning of letters is that of
Documentation/admin-guide/tainted-kernels.rst, their names those of include/linux/panic.h.
"""

import collections
import dataclasses
import re

# In the order of the bits, as the page names them.
TAINTS = {
    "P": "proprietary_module",
    "F": "forced_module",
    "S": "cpu_out_of_spec",
    "R": "forced_rmmod",
    "M": "machine_check",
    "B": "bad_page",
    "U": "user",
    "D": "die",
    "A": "overridden_acpi_table",
    "W": "warn",
    "C": "crap",
    "I": "firmware_workaround",
    "O": "oot_module",
    "E": "unsigned_module",
    "L": "softlockup",
    "K": "livepatch",
    "X": "aux",
    "T": "randstruct",
    "N": "test",
    "J": "fwctl",
}
LETTERS = "".join(TAINTS)
OF_MODULES = "PFCOEKXN"  # that a module can carry

DUMP = (
    "grep -sH '' /proc/modules /proc/cmdline /proc/sys/kernel/tainted"
    " /proc/sys/kernel/osrelease /proc/sys/kernel/modules_disabled"
    " /sys/module/module/parameters/sig_enforce /sys/kernel/security/lockdown"
    " /sys/kernel/warn_count /sys/kernel/oops_count"
    " /sys/module/*/taint /sys/module/*/initstate; true"
)

MODULE = re.compile(r"(\S+) \d+ -?\d+ \S+ (Live|Loading|Unloading) \S+(?: \((\S+)\))?")

STATE = re.compile(r"CPU: \d+ .*(?:Not tainted|Tainted: ([A-Z ]+?)) +\d")

# What the kernel says when it taints itself, or refuses to.
ANNOUNCEMENTS = {
    "crap": r"(\S+): module is from the staging directory, the quality is unknown",
    "forced_module": r"(\S+): .*: kernel tainted\.$",
    "livepatch": r"(\S+): tainting kernel with TAINT_LIVEPATCH$",
    "lock_debugging_disabled": r"()Disabling lock debugging due to kernel taint$",
    "module_rejected": r"()(?:Loading of .* is rejected$|Lockdown: .*: unsigned module)",
    "oot_module": r"(\S+): loading out-of-tree module taints kernel\.$",
    "panic_on_taint": r"()panic_on_taint: bitmask=",
    "proprietary_module": r"(\S+): module license '.*' taints kernel\.$",
    "proprietary_symbols": r"(\S+): module uses symbols .* from proprietary module ",
    "test": r"(\S+): loading test module taints kernel\.$",
    "unsigned_module": r"(\S+): module verification failed: ",
}


def mask_of(letters):
    return sum(1 << LETTERS.index(letter) for letter in letters)


def letters_of(mask):
    return {letter for bit, letter in enumerate(LETTERS) if mask >> bit & 1}


@dataclasses.dataclass
class Module:
    state: str
    letters: set


@dataclasses.dataclass
class Report:
    """An oops, or what else the kernel tells its state with."""

    letters: set
    constants: dict  # {letter: name} of the line behind it; empty before 6.11
    modules: dict  # {name: letters}
    unloaded: str  # the last one, as "name(letters)"; empty if there is none


class Witness:
    """The kernel's files in the moment of their DUMP."""

    def __init__(self, dump):
        self._files = collections.defaultdict(list)
        for line in dump.splitlines():
            path, _, content = line.partition(":")
            self._files[path].append(content)

    def file(self, path):
        """The words of a file, or None."""
        return " ".join(self._files[path]) if path in self._files else None

    def number(self, path):
        text = self.file(path)
        return None if text is None else int(text)

    @property
    def mask(self):
        return self.number("/proc/sys/kernel/tainted")

    @property
    def modules(self):
        """{name: Module}; of the letters + and - say what the state says, too."""
        found = [MODULE.fullmatch(line) for line in self._files["/proc/modules"]]
        return {
            line[1]: Module(line[2], set(line[3] or "") - set("+-")) for line in found
        }

    @property
    def modules_of_sysfs(self):
        """{name: letters} of what is no built-in."""
        folders = (path.removesuffix("/initstate") for path in list(self._files))
        return {
            folder.rpartition("/")[2]: set(self.file(f"{folder}/taint"))
            for folder in folders
            if f"{folder}/initstate" in self._files
        }

    @property
    def lockdown(self):
        """The mode in brackets, and all modes."""
        modes = self.file("/sys/kernel/security/lockdown")
        return re.search(r"\[(\w+)\]", modes)[1], re.findall(r"\w+", modes)


def messages(log):
    """The lines of LOG (str) without what stands in front of them."""
    return [re.sub(r"^\[ *\d+\.\d+\] ", "", line) for line in log.splitlines()]


def announcements(log):
    """{(event, module): count}"""
    counts = collections.Counter()
    for message in messages(log):
        for event, pattern in ANNOUNCEMENTS.items():
            found = re.match(pattern, message)
            if found:
                counts[(event, found[1])] += 1
    return counts


def _items(text):
    """{name: letters} of "a(OE) b c(P)"."""
    pairs = re.findall(r"([^\s(]+)(?:\((\S*)\))?", text)
    return {name: set(letters) - set("+-") for name, letters in pairs}


def reports(log):
    """The Reports of LOG, in their order."""
    states, constants, modules = [], {}, []
    for message in messages(log):
        if state := STATE.match(message):
            states.append(set(state[1] or "") - set(" G"))
        elif message.startswith("Tainted: ["):
            pairs = re.findall(r"\[(.)\]=([A-Z_]+)", message)
            constants[len(states) - 1] = {letter: name.lower() for letter, name in pairs}
        elif message.startswith("Modules linked in:"):
            modules.append(message.partition(":")[2])
    # Which of state and modules comes first depends on the kind of report.
    assert len(states) == len(modules), log
    found = []
    for number, (letters, text) in enumerate(zip(states, modules)):
        linked, _, last = text.partition(" [last unloaded: ")
        found.append(
            Report(
                letters,
                constants.get(number, {}),
                _items(linked),
                last.rstrip("]"),
            )
        )
    return found
