# SPDX-License-Identifier: Apache-2.0
"""
Every call out of the program that can fail is made to, one at a time (faults.c): nothing
crashes, hangs or leaks, what is written is whole, and what it says is true.

For each situation the program runs once to see which calls it makes, each together with
the way to it, and then once for each of them: the first such call fails. In a loop, the
first round stands for all; another way to the same function is another call.
"""

import json
import pathlib
import re
import subprocess

from sweep import PROGRAM, SCENES, has_error, make_scene_of_everything, sweep
from commands import command as run_program
from suite import TESTS_FOLDER, run, test
from degraded import check_page, check_report
from exporter import scene_flags
from scenery import temporary_folder

FAULTS = pathlib.Path(__file__).resolve().parent
TRUST = f"--collector.signature.trust={SCENES / 'module-files/signing-key.crt.pem'}"
CLEAN = scene_flags(SCENES / "clean")
ALL = [
    "--collector.signature.wait=60s",
    "--collector.log",
    "--collector.unloaded",
    TRUST,
]


@test
def every_call_out_of_the_program_can_be_made_to_fail_or_cannot_fail():
    built = pathlib.Path(PROGRAM).parents[2]
    objects = [built / "exporter/main.o", *built.glob("lib*.a")]

    def symbols(*arguments):
        output = subprocess.run(
            ["nm", "-P", *arguments], stdout=subprocess.PIPE, text=True, check=True
        ).stdout
        return re.findall(r"^(\S+) (\w)", output, re.MULTILINE)

    seen = symbols(*objects)
    ours = {name for name, kind in seen if kind != "U"}
    called = {name for name, kind in seen if kind == "U"} - ours
    called = {name for name in called if not name.startswith(("__asan_", "__ubsan_"))}
    made = symbols("--defined-only", built / "tests/faults/faults.o")
    wrapped = {name.removeprefix("__wrap_") for name, kind in made if kind == "T"}
    lines = (FAULTS / "unfailing.txt").read_text().splitlines()
    listed = " ".join(line for line in lines if not line.startswith("#")).split()
    assert len(listed) == len(set(listed)), "listed twice"
    assert not wrapped & set(listed), wrapped & set(listed)
    assert not called - wrapped - set(listed), called - wrapped - set(listed)
    assert not set(listed) - called, f"not called: {set(listed) - called}"
    assert not wrapped - called, f"not called: {wrapped - called}"


def check_once(result, healthy):
    if result.returncode == 0:
        check_page(result.stdout, healthy.stdout)
    else:
        assert result.returncode == 1, result
        assert (result.stdout, has_error(result.stderr)) == (b"", True), result


@test
def once_writes_a_page_that_is_true_or_none():
    with temporary_folder() as folder:
        scene = make_scene_of_everything(folder)
        sweep(["once", *ALL, *scene_flags(scene)], check_once)


@test
def once_replaces_a_file_by_a_page_that_is_true_or_leaves_it():
    with temporary_folder() as folder:
        only = ["--collector.disable-defaults", "--collector.kernel"]
        wanted = run_program("once", *only, *CLEAN).stdout

        def check(result, healthy, file):
            page = file.read_bytes()
            file.unlink()
            # What is left behind when it cannot be removed is no page to read.
            assert not list(file.parent.glob("*.prom")), result
            if result.returncode == 0:
                check_page(page, wanted)
            else:
                assert (result.returncode, page) == (1, b"old\n"), result
                assert has_error(result.stderr), result

        def arguments(lane):
            file = folder / str(lane) / "taint.prom"
            file.parent.mkdir(exist_ok=True)
            file.write_bytes(b"old\n")
            return ["once", f"--output={file}", *only, *CLEAN], file

        sweep(arguments, check)


def check_json(result, healthy):
    """A report, or none and why; 1 says as well that something in it is not known."""
    assert result.returncode in (healthy.returncode, 1), result
    if result.stdout:
        said = json.loads(result.stdout)
        check_report(said, json.loads(healthy.stdout))
        # Of a module that is told of, nothing is empty that is put together.
        for module in said if isinstance(said, list) else said["modules"] or []:
            assert module["why"].endswith("."), result
            assert module["flags"] or not module.get("loaded", True), result
    else:
        assert (result.returncode, has_error(result.stderr)) == (1, True), result


@test
def status_says_what_is_true_and_what_it_does_not_know():
    sweep(["status", "--json", *scene_flags(SCENES / "oops")], check_json)


@test
def module_says_what_is_true_and_what_it_does_not_know():
    flags = [TRUST, *scene_flags(SCENES / "module-files")]
    sweep(["module", "--json", "lab_signed", *flags], check_json)


@test
def decode_says_what_is_in_the_logs_that_it_could_read():
    logs = [TESTS_FOLDER / "logs" / f"{name}.log" for name in ("captured-oops", "rhel6")]

    def of(reports, log):
        return [report for report in reports if report["source"] == str(log)]

    def check(result, healthy):
        said = json.loads(result.stdout) if result.stdout else []
        wanted = json.loads(healthy.stdout)
        if result.returncode == 0:
            assert said == wanted, result
            return
        assert (result.returncode, has_error(result.stderr)) == (1, True), result
        # Nothing at all, or all of the one file, and of the other what could be read.
        whole = [log for log in logs if of(said, log) == of(wanted, log)]
        assert not said or len(whole) >= len(logs) - 1, result
        masks = {report.get("mask") for report in said}
        assert masks <= {None} | {report.get("mask") for report in wanted}, result

    sweep(["decode", "--json", *logs], check)


def check_whole(result, healthy):
    """All of it, or nothing and why."""
    if result.returncode == 0:
        assert result.stdout == healthy.stdout, result
    else:
        assert (result.returncode, has_error(result.stderr)) == (1, True), result
        assert result.stdout.strip(b"[]\n") == b"", result


@test
def decode_tells_all_of_a_mask_or_nothing():
    sweep(["decode", "0xffffffffffffffff"], check_whole)
    sweep(["decode", "--json", "0xffffffffffffffff"], check_whole)


@test
def module_tells_people_what_it_could_read_in_whole_lines():
    def flags(text):
        return set(re.findall(rb"(?m)^  (?:flags)? +(\w): ", text))

    def check(result, healthy):
        assert result.returncode in (0, 1), result
        if not result.stdout:
            assert (result.returncode, has_error(result.stderr)) == (1, True), result
            return
        assert result.stdout.endswith(b".\n"), result
        if b"loaded        yes" in result.stdout:
            assert flags(result.stdout) == flags(healthy.stdout), result

    sweep(["module", "lab_signed", *scene_flags(SCENES / "module-files")], check)


run()
