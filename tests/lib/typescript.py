# SPDX-License-Identifier: Apache-2.0
"""
JSON against published types of TypeScript: each object becomes a literal, where the compiler
also refuses fields that nobody knows.
"""

import json
import pathlib
import re
import subprocess
import tempfile

PACKAGES = pathlib.Path(__file__).resolve().parents[1] / "node_modules"
TSC = PACKAGES / "typescript" / "bin" / "tsc"
COMPLAINT = re.compile(r"(\d+)\.ts\(\d+,\d+\): error (TS\d+: .*)")


def complaints(objects, type_of, *flags):
    """
    What the compiler says of OBJECTS, by their names: {name: [complaint]}. TYPE_OF says of
    an object which type of which module it has to have; FLAGS are the compiler's.
    """
    names = list(objects)
    with tempfile.TemporaryDirectory() as folder:
        files = []
        for number, one in enumerate(objects.values()):
            type_, module = type_of(one)
            files.append(pathlib.Path(folder) / f"{number}.ts")
            files[-1].write_text(
                f"import type {{ {type_} }} from '{module}';\n"
                f"export const object: {type_} = {json.dumps(one, indent=1)};\n",
                encoding="utf-8",
            )
        run = subprocess.run(
            ["node", TSC, "--noEmit", "--strict", "--target", "es2022", "--module", "esnext",
             "--moduleResolution", "bundler", "--pretty", "false", *flags, *files],
            cwd=folder, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
        )
    found = {}
    for number, complaint in COMPLAINT.findall(run.stdout):
        found.setdefault(names[int(number)], []).append(complaint)
    assert bool(found) == bool(run.returncode), run.stdout
    return found
