#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""
Checks which files include which: headers of the own folder and of the layers below it,
without a circle in one folder; a foreign library, and the calls that open files, are used
in one file only.
"""
import pathlib
import re
import sys

# Which folders a folder may include besides itself.
BELOW = {
    "base": set(),
    "model": {"base"},
    "web": {"base"},
    "sources": {"base", "model"},
    "exposition": {"base", "model"},
    "commands": {"base", "model", "sources", "exposition", "web"},
    "main": {"base", "commands"},
}

# Header or call -> the files that may use it.
ONLY_IN = {
    r"#include <microhttpd\.h>": {"web/http", "web/request"},
    r"#include <zlib\.h>": {"base/gzip", "sources/image"},
    r"#include <(?:lzma|zstd)\.h>": {"sources/image"},
    r"#include <libkmod\.h>": {"sources/modinfo"},
    r"#include <gnutls/(?!crypto)": {"sources/pkcs7", "web/tls", "web/tls_client",
                                    "web/tls_material"},
    r"#include <gnutls/crypto\.h>": {"web/auth"},
    r"#include <libtasn1\.h>": {"sources/cms"},
    r"#include <yaml\.h>": {"web/yaml_tree"},
    r"#include <crypt\.h>": {"web/auth"},
    r"#include <cap-ng\.h>": {"web/sandbox"},
    r"#include <linux/landlock\.h>": {"web/landlock"},
    r"#include <seccomp\.h>": {"web/seccomp"},
    r"#include <(?:gelf|libelf)\.h>": {"sources/elf_module"},
    r"#include <pthread\.h>": {"base/worker", "sources/inspector", "sources/stalls"},
    r"#include <getopt\.h>": {"commands/options"},
    r"\b(?:open|openat|fopen|freopen|opendir|creat)\(":
        # Landlock's rules take descriptors that name a file and cannot read it.
        {"sources/hostfs", "web/landlock"},
    r"\bfdopendir\(": {"sources/descriptor"},
}

INCLUDE = re.compile(r'#include "(\w+)/(\w+)\.h"')


def name_of(path):
    """exporter/base/text.c and include/base/text.h are the name base/text."""
    return "main" if path.name == "main.c" else f"{path.parent.name}/{path.stem}"


def without_comments(text):
    return re.sub(r"/\*.*?\*/", lambda m: "\n" * m.group().count("\n"), text, flags=re.S)


def find_circle(graph, name, path=()):
    if name in path:
        return path[path.index(name):] + (name,)
    for neighbour in sorted(graph.get(name, ())):
        circle = find_circle(graph, neighbour, path + (name,))
        if circle:
            return circle
    return None


def main():
    complaints = []
    graph = {}
    files = sorted(pathlib.Path("exporter").rglob("*.c")) + \
        sorted(pathlib.Path("include").rglob("*.h"))
    for path in files:
        text = without_comments(path.read_text(encoding="utf-8"))
        name = name_of(path)
        folder = name.split("/")[0]
        for number, line in enumerate(text.splitlines(), 1):
            include = INCLUDE.match(line)
            if include:
                other = include.group(1)
                if other != folder and other not in BELOW[folder]:
                    complaints.append(f"{path}:{number}: {folder} must not include {other}")
                target = "/".join(include.groups())
                if other == folder and target != name:
                    graph.setdefault(name, set()).add(target)
            for pattern, names in ONLY_IN.items():
                if re.search(pattern, line) and name not in names:
                    complaints.append(f"{path}:{number}: only in {', '.join(sorted(names))}: "
                                      f"{line.strip()}")
        if path.suffix == ".c" and name != "main":
            if not pathlib.Path("include", f"{name}.h").exists():
                complaints.append(f"{path}: include/{name}.h is missing")
            first = re.search(r'#include [<"](.*)[>"]', text)
            if not first or first.group(1) != f"{name}.h":
                complaints.append(f"{path}: the first include is not its own header")
        if path.suffix == ".h" and "#pragma once" not in text:
            complaints.append(f"{path}: #pragma once is missing")
    for name in sorted(graph):
        circle = find_circle(graph, name)
        if circle:
            complaints.append("circle: " + " -> ".join(circle))
            break
    print("\n".join(complaints), end="\n" if complaints else "")
    return 1 if complaints else 0


sys.exit(main())
