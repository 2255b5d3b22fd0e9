# SPDX-License-Identifier: Apache-2.0
"""
Runs a program as a unit would: confined.py UNIT PROGRAM [ARGUMENT...]. Of the unit's
settings those that the program could run into, since no systemd may be at hand: which
system calls there are, which kinds of sockets, no memory both written and run, no
namespaces, and the limits.
"""

import errno
import os
import pathlib
import resource
import subprocess
import sys

import seccomp

PROT_WRITE, PROT_EXEC = 2, 4
FAMILIES = {"AF_UNIX": 1, "AF_INET": 2, "AF_INET6": 10}


def settings(unit):
    """The assignments of a unit: {name: [value, ...]}, in their order."""
    found = {}
    for line in pathlib.Path(unit).read_text().splitlines():
        name, assigns, value = line.partition("=")
        if assigns and not line.startswith("#"):
            found.setdefault(name, []).append(value)
    return found


def calls_of(group):
    """The system calls of @GROUP, and of the groups in it."""
    output = subprocess.run(
        ["systemd-analyze", "--no-pager", "syscall-filter", group],
        check=True,
        stdout=subprocess.PIPE,
    ).stdout.decode()
    calls = set()
    for word in (line.strip() for line in output.splitlines()[1:]):
        if word.startswith("@"):
            calls |= calls_of(word)
        elif word and not word.startswith("#"):
            calls.add(word)
    return calls


def allowed_calls(values):
    """As systemd.exec(5) reads the lines of SystemCallFilter=; the first one allows."""
    allowed = calls_of("@default")
    for value in values:
        words = value.lstrip("~").split()
        calls = set().union(
            *(calls_of(word) if word.startswith("@") else {word} for word in words)
        )
        allowed = allowed - calls if value.startswith("~") else allowed | calls
    return allowed


def add_rules(filter_, name, conditions):
    """Allows the call if any of CONDITIONS holds, each a list of comparisons."""
    for condition in conditions:
        try:
            filter_.add_rule(seccomp.ALLOW, name, *condition)
        except (OSError, RuntimeError):
            # Another architecture's.
            assert not condition, name


def enter(unit):
    """Shuts this process in for good."""
    found = settings(unit)
    filter_ = seccomp.SyscallFilter(defaction=seccomp.ERRNO(errno.EPERM))
    families = found["RestrictAddressFamilies"][0].split()
    conditions = {
        "socket": [[seccomp.Arg(0, seccomp.EQ, FAMILIES[f])] for f in families],
        "mprotect": [[seccomp.Arg(2, seccomp.MASKED_EQ, PROT_EXEC, 0)]],
        "mmap": [
            [seccomp.Arg(2, seccomp.MASKED_EQ, PROT_WRITE | PROT_EXEC, protection)]
            for protection in (0, PROT_WRITE, PROT_EXEC)
        ],
        "unshare": [],
        "setns": [],
        "personality": [],
    }
    assert found["MemoryDenyWriteExecute"] == found["RestrictNamespaces"] == ["yes"]
    for name in sorted(allowed_calls(found["SystemCallFilter"])):
        add_rules(filter_, name, conditions.get(name, [[]]))
    files = int(found["LimitNOFILE"][0])
    resource.setrlimit(resource.RLIMIT_NOFILE, (files, files))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    filter_.load()


if __name__ == "__main__":
    enter(sys.argv[1])
    os.execv(sys.argv[2], sys.argv[2:])
