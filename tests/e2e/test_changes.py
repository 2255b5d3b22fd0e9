# SPDX-License-Identifier: Apache-2.0
"""
A host that changes while the program runs: values, lists and folders that are written
anew, replaced, removed and made again; and modules that come and go while it reads.
Knows the order in which the kernel lists modules and shows them in sysfs.
"""

import contextlib
import itertools
import multiprocessing
import os
import re
import shutil
import threading

from suite import PROGRAM, SCENES, run, test
from exporter import Exporter, TIMEOUT, scene_flags, wait_until, without_volatile
from scenery import (
    ALL_SUCCESSFUL,
    add_module_folder,
    copy_scene,
    families,
    make_scene,
    module_line,
    replace,
    successes,
    temporary_folder,
    value,
)
from wire import Wire

COUNTS = (
    "loaded",
    "tainting",
    "proprietary",
    "out_of_tree",
    "unsigned",
    "hidden",
    "disagreeing",
)


@contextlib.contextmanager
def changing(*modules, mask=12288, flags=()):
    """A scene with MODULES and five built-ins, and an exporter that looked at it once."""
    with temporary_folder() as folder:
        built_in = [f"built_in_{i}" for i in range(5)]
        scene = make_scene(folder / "scene", mask, modules, built_in)
        with Exporter(PROGRAM, *flags, *scene_flags(scene)) as exporter:
            assert successes(families(exporter.get()[2])) == ALL_SUCCESSFUL
            yield scene, exporter


def scrape(exporter):
    status, _, page = exporter.get()
    assert status == 200
    return families(page)


def counts(samples):
    """The counts of modules, in the order of COUNTS."""
    return [value(samples, f"kernel_taint_modules_{name}") for name in COUNTS]


def module_series(samples):
    """{module: its letters, sorted}"""
    modules = {}
    for name, labels in samples:
        if name == "kernel_taint_module":
            labels = dict(labels)
            modules.setdefault(labels["module"], []).append(labels["flag"])
    return {name: "".join(sorted(letters)) for name, letters in modules.items()}


def remove_module_folder(scene, name):
    """At one stroke, as sysfs does it; not out of the root, which openat2() notices."""
    away = scene / f"sys/away-{name}"
    os.rename(scene / "sys/module" / name, away)
    shutil.rmtree(away)


def in_place(path, content):
    """Writes into the same file, as one does into a file system that is no kernel's."""
    with open(path, "r+", encoding="ascii") as file:
        file.truncate()
        file.write(content)


def anew(path, content):
    path.unlink()
    path.write_text(content)


# ---- between two scrapes ----


@test
def values_that_change_are_shown_by_the_next_scrape():
    for change in (in_place, replace, anew):
        with changing(("one", "OE")) as (scene, exporter):
            kernel = scene / "proc/sys/kernel"
            for mask in (0, 12289, 1, (1 << 53) - 1, 12288):
                change(kernel / "tainted", f"{mask}\n")
                samples = scrape(exporter)
                assert value(samples, "kernel_taint_mask") == mask
                labels = {"bit": "0", "flag": "P", "taint": "proprietary_module"}
                assert value(samples, "kernel_taint_flag", **labels) == mask & 1
            change(kernel / "modules_disabled", "1\n")
            change(scene / "proc/cmdline", "panic_on_taint=0x3 quiet\n")
            change(kernel / "osrelease", "5.14.0-362.el9.x86_64\n")
            samples = scrape(exporter)
            assert successes(samples) == ALL_SUCCESSFUL
            assert value(samples, "kernel_taint_module_loading_disabled") == 1
            assert value(samples, "kernel_taint_panic_mask") == 3
            labels = {"dialect": "rhel9", "release": "5.14.0-362.el9.x86_64"}
            assert value(samples, "kernel_taint_kernel_info", **labels) == 1


@test
def lists_that_change_are_shown_by_the_next_scrape():
    for change in (in_place, replace, anew):
        with changing(("one", "OE")) as (scene, exporter):
            modules, folder = scene / "proc/modules", scene / "sys/module"
            add_module_folder(scene, "two", "POE")
            change(modules, module_line("two", "POE") + module_line("one", "OE"))
            samples = scrape(exporter)
            assert counts(samples) == [2, 2, 1, 2, 2, 0, 0]
            assert module_series(samples) == {"one": "EO", "two": "EOP"}

            change(modules, module_line("two", "E") + module_line("one"))
            change(folder / "two/taint", "E\n")
            change(folder / "one/taint", "\n")
            samples = scrape(exporter)
            assert counts(samples) == [2, 1, 0, 0, 1, 0, 0]
            assert module_series(samples) == {"two": "E"}

            remove_module_folder(scene, "one")
            change(modules, module_line("two", "E"))
            assert counts(scrape(exporter)) == [1, 1, 0, 0, 1, 0, 0]

            # The same name again, another module.
            remove_module_folder(scene, "two")
            add_module_folder(scene, "two", "O")
            change(modules, module_line("two", "O"))
            samples = scrape(exporter)
            assert counts(samples) == [1, 1, 0, 1, 0, 0, 0]
            assert module_series(samples) == {"two": "O"}
            assert successes(samples) == ALL_SUCCESSFUL


@test
def what_is_removed_fails_its_collector_until_it_is_back():
    # The root itself, too, for which the sandbox has no room when it is another one.
    with changing(("one", "OE"), flags=["--no-sandbox"]) as (scene, exporter):
        before = scrape(exporter)
        for path, failed in (
            ("proc/sys/kernel/tainted", {"kernel"}),
            ("proc/sys/kernel/osrelease", {"kernel", "signature"}),
            ("proc/sys/kernel", {"kernel", "posture", "signature"}),
            ("proc/cmdline", {"posture"}),
            ("sys/module", {"modules"}),
            ("proc", set(ALL_SUCCESSFUL)),
        ):
            for _ in range(2):
                away = scene / "away"
                if (scene / path).is_dir():
                    shutil.copytree(scene / path, away)
                    shutil.rmtree(scene / path)
                else:
                    shutil.copy(scene / path, away)
                    (scene / path).unlink()
                found = successes(scrape(exporter))
                if path != "proc/cmdline":
                    expected = {name: name not in failed for name in found}
                    assert found == expected, (path, found)
                os.rename(away, scene / path)
                after = scrape(exporter)
                assert successes(after) == ALL_SUCCESSFUL, path
                assert counts(after) == counts(before), path
                assert module_series(after) == module_series(before), path


@test
def a_kernel_without_modules_is_one_only_while_the_list_is_missing():
    with changing(("one", "OE")) as (scene, exporter):
        (scene / "proc/modules").unlink()
        samples = scrape(exporter)
        assert successes(samples) == ALL_SUCCESSFUL
        assert value(samples, "kernel_taint_module_support") == 0
        assert value(samples, "kernel_taint_modules_loaded") == 0
        (scene / "proc/modules").write_text(module_line("one", "OE"))
        samples = scrape(exporter)
        assert value(samples, "kernel_taint_module_support") == 1
        assert counts(samples) == [1, 1, 0, 1, 1, 0, 0]


@test
def a_module_that_hides_is_counted_until_it_shows_itself():
    modules = [(f"module_{i}", "OE" if i % 2 else "") for i in range(6)]
    lines = [module_line(*module) for module in modules]
    with changing(*modules) as (scene, exporter):
        for i in range(len(modules)):
            replace(scene / "proc/modules", "".join(lines[:i] + lines[i + 1 :]))
            assert value(scrape(exporter), "kernel_taint_modules_hidden") == 1, i
            # Another one comes meanwhile.
            add_module_folder(scene, "new")
            replace(
                scene / "proc/modules",
                "".join([module_line("new")] + lines[:i] + lines[i + 1 :]),
            )
            assert value(scrape(exporter), "kernel_taint_modules_hidden") == 1, i
            remove_module_folder(scene, "new")
            replace(scene / "proc/modules", "".join(lines))
            assert value(scrape(exporter), "kernel_taint_modules_hidden") == 0, i
        replace(scene / "proc/modules", "")
        assert value(scrape(exporter), "kernel_taint_modules_hidden") == 6


@test
def letters_that_begin_to_disagree_are_counted_until_they_agree():
    with changing(("one", "OE"), ("two", "OE")) as (scene, exporter):
        for change in (in_place, replace, anew):
            change(scene / "sys/module/one/taint", "O\n")
            assert value(scrape(exporter), "kernel_taint_modules_disagreeing") == 1
            change(scene / "sys/module/one/taint", "EO\n")
            assert value(scrape(exporter), "kernel_taint_modules_disagreeing") == 0


@test
def a_captured_host_that_gets_tainted_is_shown_step_by_step():
    # On a busy machine a module's file is not pending when it is compared.
    wait = "--collector.signature.wait=60s"
    with temporary_folder() as folder:
        scene = copy_scene(SCENES / "clean", folder / "scene")
        with Exporter(PROGRAM, *scene_flags(scene), "--no-sandbox", wait) as exporter:
            # Secure Boot is read once, at the start.
            assert exporter.get()[0] == 200
            for name in ("proprietary", "orphan", "oops", "claims", "clean") * 2:
                for part in ("proc", "sys"):
                    shutil.rmtree(scene / part)
                    shutil.copytree(SCENES / name / part, scene / part)
                # The old folders are gone, and so are the roots: these are new.
                status, _, page = exporter.get()
                assert status == 200
                with Exporter(PROGRAM, *scene_flags(SCENES / name), wait) as fresh:
                    wanted = fresh.get()[2]
                assert without_volatile(page) == without_volatile(wanted), name


# ---- while it reads ----


class Churn:
    """
    Loads and unloads modules in the kernel's order, in a process of its own, for a with
    statement: on loading the list first, then the folder; on unloading the folder first,
    then the list. LETTERS are those of one load after the other.
    """

    def __init__(self, scene, static, names, letters):
        self._scene = scene
        self._static = "".join(module_line(*module) for module in static)
        self._names = names
        self._letters = itertools.cycle(letters)
        self._loaded = {}
        fork = multiprocessing.get_context("fork")
        self._is_over = fork.Event()
        self._rounds = fork.Value("i", 0)
        self._process = fork.Process(target=self._run)

    @property
    def rounds(self):
        return self._rounds.value

    def _list(self):
        # The newest is on top.
        lines = [module_line(name, *how) for name, how in self._loaded.items()]
        replace(self._scene / "proc/modules", "".join(lines[::-1]) + self._static)

    def _show(self, name, file, content):
        """A file appears in a module's folder, whole."""
        stage = self._scene / "sys/stage"
        stage.write_text(content)
        os.replace(stage, self._scene / "sys/module" / name / file)

    def _set_state(self, name, state):
        """It is the same file in all states."""
        path = self._scene / "sys/module" / name / "initstate"
        with open(path, "r+b", buffering=0) as file:
            file.write(f"{state}\n".encode())
            file.truncate()

    def _load(self, name):
        letters = next(self._letters)
        self._loaded[name] = (letters + "+", "Loading")
        self._list()
        (self._scene / "sys/module" / name).mkdir()
        self._show(name, "taint", f"{letters}\n")
        self._show(name, "initstate", "coming\n")
        self._loaded[name] = (letters, "Live")
        self._list()
        self._set_state(name, "live")

    def _unload(self, name):
        letters = self._loaded[name][0]
        self._loaded[name] = (letters + "-", "Unloading")
        self._list()
        self._set_state(name, "going")
        remove_module_folder(self._scene, name)
        del self._loaded[name]
        self._list()

    def _run(self):
        while not self._is_over.is_set():
            for name in self._names:
                self._load(name)
            for name in self._names:
                self._unload(name)
            self._rounds.value += 1

    def __enter__(self):
        self._process.start()
        return self

    def __exit__(self, *exception):
        self._is_over.set()
        self._process.join(TIMEOUT)
        self._process.kill()
        self._process.join()
        assert self._process.exitcode == 0 or exception[0], "the churn failed"


# What must stand in every page, whatever comes and goes.
STEADY = re.compile(
    rb"^kernel_taint_(?:modules_hidden|modules_disagreeing|scrape_collector_success|"
    rb"flag_unexplained|flag_contradicted)[ {].*$",
    re.MULTILINE,
)
LOADED = re.compile(rb"^kernel_taint_modules_loaded (\d+)$", re.MULTILINE)


def churn_and_scrape(letters, names, flags=()):
    """Scrapes many times while modules NAMES come with LETTERS, and go."""
    static = [(f"static_{i:02}", "OE" if i % 3 == 0 else "") for i in range(60)]
    static.append(("static_p", "POE"))
    with changing(*static, mask=12289, flags=flags) as (scene, exporter):
        counted = set()
        with Churn(scene, static, names, letters) as churn, Wire(exporter) as wire:
            wait_until(lambda: churn.rounds > 0, what="modules that come and go")
            steady = STEADY.findall(wire.ask().reply().body)
            for line in steady:
                assert line.endswith(b" 1" if b"success" in line else b" 0"), line

            def count():
                page = wire.ask().reply().body
                assert STEADY.findall(page) == steady, exporter.log + page.decode()
                counted.add(int(LOADED.search(page).group(1)))
                return len(counted)

            for _ in range(3000):
                count()
            # How the two keep step is the machine's business.
            wait_until(lambda: count() > 1, what="page with another number of modules")
            wait_until(lambda: churn.rounds > 100, what="hundred rounds")
    assert min(counted) >= len(static), counted
    assert max(counted) <= len(static) + len(names), counted


@test
def modules_that_come_and_go_are_never_taken_for_hidden():
    churn_and_scrape(["OE"], ["a_first", "zz_last", "static_000"])


@test
def a_module_that_comes_back_with_other_letters_does_not_disagree_with_itself():
    churn_and_scrape(["OE", "POE", "E", "O"], ["module"])


@test
def nor_does_it_when_every_module_is_compared():
    churn_and_scrape(["OE", "", "POE"], ["m", "n"], ["--collector.modules.sysfs=all"])


@test
def a_module_that_taints_while_the_host_is_read_contradicts_nothing():
    # The kernel sets the bit in the mask before it lists the module.
    with changing(mask=0) as (scene, exporter):

        def taint():
            replace(scene / "proc/sys/kernel/tainted", "12288\n")
            replace(scene / "proc/modules", module_line("late", "OE"))
            add_module_folder(scene, "late", "OE")

        def is_listed_while_it_taints():
            thread = threading.Thread(target=taint)
            thread.start()
            try:
                samples = scrape(exporter)
            finally:
                thread.join()
            for (name, labels), number in samples.items():
                if name == "kernel_taint_flag_contradicted":
                    assert number == 0, labels
            remove_module_folder(scene, "late")
            replace(scene / "proc/modules", "")
            replace(scene / "proc/sys/kernel/tainted", "0\n")
            return value(samples, "kernel_taint_modules_loaded") == 1

        caught = [is_listed_while_it_taints() for _ in range(200)]
        # How the two keep step is the machine's business.
        any(caught) or wait_until(is_listed_while_it_taints, what="page that lists it")


run()
