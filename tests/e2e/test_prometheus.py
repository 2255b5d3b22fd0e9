# SPDX-License-Identifier: Apache-2.0
"""
A real Prometheus scrapes the program over many scenes and over this host, once in each
format, and its query API must tell what the scenes say. Knows what those scenes are.
"""

import contextlib
import dataclasses
import http.client
import http.server
import json
import os
import pathlib
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import urllib.parse

from suite import PROGRAM, SCENES, run, test
from exporter import Exporter, TIMEOUT, VOLATILE, scene_flags, wait_until
from scenery import ALL_SUCCESSFUL, copy_scene, families, replace, successes, value
from servers import Prometheus

CAPTURED = ("proprietary", "orphan", "oops", "transient", "warn-6.12")
MADE = (
    "rhel6",
    "rhel8.6",
    "suse-6.4",
    "unknown-bits",
    "no-module-support",
    "contradicted",
    "hidden",
    "disagreeing",
    "unreadable-kernel",
    "posture-full",
    "module-files",
)
GENERATED = ("hostile-names", "thousand-modules")
HOST, CHANGING = "this-host", "changing"

# Whose module files are told of in full.
FILES = "module-files"
FILES_FLAGS = [
    "--collector.signature.modules=all",
    f"--collector.signature.trust={SCENES / FILES / 'signing-key.crt.pem'}",
]

# How Prometheus 2.42 asks: it cannot be told a format, so a proxy on the way changes it.
ACCEPT_TEXT = "text/plain;version=0.0.4;q=1,*/*;q=0.1"
CONTENT_TYPES = {
    "openmetrics": "application/openmetrics-text; version=1.0.0; charset=utf-8",
    "text": "text/plain; version=0.0.4; charset=utf-8",
}
JOBS = (*CONTENT_TYPES, "direct")


class Proxy(http.server.ThreadingHTTPServer):
    """Forwards scrapes, with another Accept header if ACCEPT is given, and notes them."""

    daemon_threads = True

    def __init__(self, accept=None):
        super().__init__(("127.0.0.1", 0), ProxyHandler)
        self.accept = accept
        self.seen = []  # (Accept of Prometheus, reply's Content-Type and -Encoding)

    @property
    def url(self):
        return "http://%s:%d" % self.server_address


class ProxyHandler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_GET(self):
        target = urllib.parse.urlsplit(self.path)
        headers = dict(self.headers)
        if self.server.accept:
            headers["Accept"] = self.server.accept
        upstream = http.client.HTTPConnection(target.netloc, timeout=TIMEOUT)
        with contextlib.closing(upstream):
            try:
                upstream.request("GET", target.path, headers=headers)
                reply = upstream.getresponse()
                body = reply.read()
            except ConnectionError:
                self.send_error(502)
                return
        self.server.seen.append(
            (
                self.headers["Accept"],
                reply.headers["Content-Type"],
                reply.headers["Content-Encoding"],
            )
        )
        self.send_response(reply.status)
        for name in ("Content-Type", "Content-Encoding", "Content-Length"):
            if name in reply.headers:
                self.send_header(name, reply.headers[name])
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *arguments):
        pass


def configuration(targets, proxies):
    """What prometheus.yml holds."""
    return {
        "global": {"scrape_interval": "1s", "scrape_timeout": "1s"},
        "scrape_configs": [
            {
                "job_name": job,
                **({"proxy_url": proxies[job].url} if job in proxies else {}),
                "static_configs": [
                    {"targets": [address], "labels": {"scene": scene}}
                    for scene, address in targets.items()
                ],
            }
            for job in JOBS
        ],
    }


@dataclasses.dataclass
class Stage:
    """All that runs while the tests do."""

    folder: pathlib.Path
    exporters: dict
    proxies: dict
    prometheus: Prometheus

    def series(self, job, scene):
        """What families() would give of the page that was scraped."""
        samples = {}
        selector = f'{{job="{job}",scene="{scene}",__name__=~"kernel_taint_.+"}}'
        for labels, number in self.prometheus.query(selector):
            name = labels.pop("__name__")
            for label in ("job", "scene", "instance"):
                del labels[label]
            samples[(name, tuple(sorted(labels.items())))] = number
        return samples


STAGE = None


@contextlib.contextmanager
def stage():
    with contextlib.ExitStack() as stack:
        folder = pathlib.Path(
            stack.enter_context(tempfile.TemporaryDirectory(prefix="taint-", dir="/dev/shm"))
        )
        subprocess.run(
            [sys.executable, SCENES / "generate.py", folder], check=True, timeout=TIMEOUT
        )
        scenes = {name: SCENES / name for name in CAPTURED + MADE}
        scenes |= {name: folder / name for name in GENERATED}
        scenes[CHANGING] = copy_scene(SCENES / "clean", folder / CHANGING)
        flags = {name: scene_flags(scene) for name, scene in scenes.items()}
        flags[FILES] += FILES_FLAGS
        flags[HOST] = []
        exporters = {
            name: stack.enter_context(Exporter(PROGRAM, *flags[name])) for name in flags
        }
        proxies = {"openmetrics": Proxy(), "text": Proxy(ACCEPT_TEXT)}
        for proxy in proxies.values():
            thread = threading.Thread(target=proxy.serve_forever, args=(0.05,))
            thread.start()
            stack.callback(thread.join)
            stack.callback(proxy.server_close)
            stack.callback(proxy.shutdown)
        targets = {name: exporter.address for name, exporter in exporters.items()}
        prometheus = stack.enter_context(
            Prometheus(folder, configuration(targets, proxies))
        )
        yield Stage(folder, exporters, proxies, prometheus)


def is_steady(key):
    """Whether two scrapes of the same state agree on this sample."""
    return not VOLATILE.match(f"{key[0]} \n".encode())


def steady(samples):
    return {key: number for key, number in samples.items() if is_steady(key)}


def as_stored(samples):
    """Without process families, and without empty labels: to Prometheus they are none."""
    stored = {}
    for (name, labels), number in samples.items():
        if name.startswith("kernel_taint_"):
            key = (name, tuple(label for label in labels if label[1]))
            assert key not in stored, key
            stored[key] = number
    return stored


# ---- tests ----


@test
def every_target_is_up():
    count = len(JOBS) * len(STAGE.exporters)
    wait_until(
        lambda: len(STAGE.prometheus.query("up == 1")) == count, what="up == 1 everywhere"
    )
    status, body = STAGE.prometheus.fetch("/api/v1/targets?state=active")
    targets = json.loads(body)["data"]["activeTargets"]
    assert (status, len(targets)) == (200, count)
    for target in targets:
        assert (target["health"], target["lastError"]) == ("up", ""), target


@test
def each_job_negotiated_its_format_and_gzip():
    for job, proxy in STAGE.proxies.items():
        assert len(proxy.seen) >= len(STAGE.exporters)
        for accept, content_type, encoding in proxy.seen:
            assert accept.startswith("application/openmetrics-text"), accept
            assert content_type == CONTENT_TYPES[job], content_type
            assert encoding == "gzip", encoding


@test
def the_query_api_returns_every_sample_of_every_page_and_no_other():
    for scene, exporter in STAGE.exporters.items():
        page = families(exporter.get()[2])
        for job in JOBS:
            found = STAGE.series(job, scene)
            own = as_stored(page)
            assert found.keys() == own.keys(), (job, scene)
            assert steady(found) == steady(own), (job, scene)
            selector = f'{{job="{job}",scene="{scene}"}}'
            scraped = STAGE.prometheus.one(f"scrape_samples_scraped{selector}")
            assert scraped == len(page), (job, scene)


@dataclasses.dataclass
class Facts:
    """What a scene says, written down by hand."""

    mask: int
    dialect: str
    release: str
    flags: str  # the letters that are set, in the order of their bits
    loaded: int
    modules: dict  # {module: its letters}
    unexplained: str = ""
    contradicted: str = ""
    hidden: int = 0


DEBIAN = "6.1.0-56-amd64"
OE = "OE"
FACTS = {
    "proprietary": Facts(
        12289,
        "mainline",
        DEBIAN,
        "POE",
        21,
        {
            "lab_base": OE,
            "lab_gpl": OE,
            "lab_heir": "POE",
            "lab_prop": "POE",
            "lab_signed": OE,
            "lab_tampered": OE,
            "lab_user": OE,
            "lru_cache": "E",
        },
    ),
    "orphan": Facts(12288, "mainline", DEBIAN, OE, 13, {}, unexplained=OE),
    "oops": Facts(
        524287,
        "mainline",
        DEBIAN,
        "PFSRMBUDAWCIOELKXTN",
        39,
        dict.fromkeys(
            (
                "lab_badpage lab_base lab_gpl lab_lockup lab_mce lab_oops lab_signed "
                "lab_slow2 lab_tampered lab_user lab_warn"
            ).split(),
            OE,
        )
        | dict.fromkeys(("lab_heir", "lab_nolicense", "lab_prop"), "POE")
        | {
            "lab_intree": "E",
            "lab_klp": "OEK",
            "lab_staging": "COE",
            "lab_taint": "OEX",
            "lab_test": "OEN",
            "lru_cache": "E",
            "r8188eu": "C",
            "ts_kmp": "FE",
        },
    ),
    "rhel8.6": Facts(
        1 << 12 | 1 << 13 | 1 << 16 | 1 << 27 | 1 << 30,
        "rhel8",
        "4.18.0-372.9.1.el8.x86_64",
        "OEXru",
        5,
        {"vboxdrv": OE, "wireguard": "X"},
    ),
    "suse-6.4": Facts(
        1 << 12 | 1 << 13 | 1 << 16 | 1 << 18 | 1 << 19 | 1 << 31,
        "suse",
        "6.4.0-150600.23.7-default",
        "OEXN?n",
        4,
        {"kunit": "N", "mlx5_core": "OEX", "nouveau": "n"},
    ),
    "no-module-support": Facts(
        4608, "mainline", "6.18.44-fc-v669", "WO", 0, {}, unexplained="O"
    ),
}


@test
def the_query_api_returns_what_the_scenes_say():
    query, one = STAGE.prometheus.query, STAGE.prometheus.one
    for job in JOBS:
        for scene, facts in FACTS.items():
            where = f'job="{job}",scene="{scene}"'

            def letters(family):
                found = query(f"{family}{{{where}}} == 1")
                found.sort(key=lambda entry: int(entry[0]["bit"]))
                return "".join(labels["flag"] for labels, _ in found)

            assert one(f"kernel_taint_mask{{{where}}}") == facts.mask
            ((info, number),) = query(f"kernel_taint_kernel_info{{{where}}}")
            assert (info["dialect"], info["release"]) == (facts.dialect, facts.release)
            assert number == 1
            assert letters("kernel_taint_flag") == facts.flags, (job, scene)
            assert letters("kernel_taint_flag_unexplained") == facts.unexplained
            assert letters("kernel_taint_flag_contradicted") == facts.contradicted

            modules = {}
            for labels, number in query(f"kernel_taint_module{{{where}}}"):
                assert number == 1
                modules.setdefault(labels["module"], set()).add(labels["flag"])
            wanted = {name: set(carried) for name, carried in facts.modules.items()}
            assert modules == wanted, (job, scene)

            def carriers(letter):
                return sum(letter in carried for carried in facts.modules.values())

            for name, count in (
                ("loaded", facts.loaded),
                ("tainting", len(facts.modules)),
                ("proprietary", carriers("P")),
                ("out_of_tree", carriers("O")),
                ("unsigned", carriers("E")),
                ("hidden", facts.hidden),
                ("disagreeing", 0),
            ):
                found = one(f"kernel_taint_modules_{name}{{{where}}}")
                assert found == count, (job, scene, name)
            # The counts follow from the series, too.
            if carriers("P"):
                counted = one(
                    f"count by (taint) (kernel_taint_module{{{where},"
                    f'taint="proprietary_module"}})'
                )
                assert counted == carriers("P")


@test
def the_query_api_returns_what_the_module_files_say():
    for job in JOBS:
        where = f'job="{job}",scene="{FILES}"'

        def labels_of(family, label):
            """{module: the label, "" if Prometheus has none}"""
            return {
                labels["module"]: labels.get(label, "")
                for labels, _ in STAGE.prometheus.query(f"{family}{{{where}}}")
            }

        states = {
            labels["signature"]: number
            for labels, number in STAGE.prometheus.query(
                f"kernel_taint_module_files{{{where}}}"
            )
        }
        assert states == {
            "elf_section": 1,
            "malformed": 2,
            "missing": 9,
            "none": 2,
            "pending": 0,
            "pgp": 1,
            "pkcs7": 3,
            "unknown": 1,
            "unreadable": 1,
            "x509": 1,
        }
        loaded = STAGE.prometheus.one(f"kernel_taint_modules_loaded{{{where}}}")
        assert sum(states.values()) == loaded

        signers = labels_of("kernel_taint_module_info", "signer")
        assert len(signers) == loaded
        assert {name: signer for name, signer in signers.items() if signer} == {
            "crc7": "Build time autogenerated kernel key",
            "failover": "Key of the vendor",
            "lab_signed": "Taint lab signing key",
            "lab_tampered": "Taint lab signing key",
        }
        verified = labels_of("kernel_taint_module_info", "verified")
        for name, word in (
            ("crc7", "untrusted"),
            ("lab_signed", "yes"),
            ("lab_tampered", "no"),
            ("lab_heir", ""),
        ):
            assert verified[name] == word, (job, name, verified[name])
        differing = {
            labels["module"]: number
            for labels, number in STAGE.prometheus.query(
                f"kernel_taint_module_file_differs{{{where}}}"
            )
        }
        assert differing == {
            "crc7": 0,
            "lab_gpl": 1,
            "lab_prop": 1,
            "lab_signed": 0,
            "lab_tampered": 0,
        }
        # Which modules that the kernel took for unsigned hold a signature?
        question = (
            f'kernel_taint_module{{{where},taint="unsigned_module"}} * on (module) '
            f'group_left (signer) kernel_taint_module_info{{{where},signature="pkcs7"}}'
        )
        answer = {labels["module"] for labels, _ in STAGE.prometheus.query(question)}
        assert answer == {"lab_signed", "lab_tampered"}


@test
def names_of_any_bytes_arrive():
    for job in JOBS:
        modules = {}
        for labels, _ in STAGE.prometheus.query(
            f'kernel_taint_module{{job="{job}",scene="hostile-names"}}'
        ):
            modules.setdefault(labels["module"], set()).add(labels["flag"])
        for name, letters in (
            ('quote"and\\backslash', "E"),
            ("new\nline", "E"),
            ("ends in \\", "E"),
            ('x"} 1 # {y="', "E"),
            ("caf\u00e9", "E"),
            ("bad\ufffd", "OE"),
            ("\ufffd" * 55, "E"),
            ("slash/in/the/name", "OE"),
            ("# HELP kernel_taint_mask No.", "E"),
        ):
            assert modules[name] == set(letters), (job, name)


@test
def this_host_is_shown_as_it_is():
    mask = int(pathlib.Path("/proc/sys/kernel/tainted").read_text())
    release = os.uname().release
    has_modules = os.path.exists("/proc/modules")
    for job in JOBS:
        samples = STAGE.series(job, HOST)
        assert successes(samples) == ALL_SUCCESSFUL
        assert value(samples, "kernel_taint_mask") == mask
        assert value(samples, "kernel_taint_module_support") == has_modules
        releases = {
            dict(labels)["release"]
            for name, labels in samples
            if name == "kernel_taint_kernel_info"
        }
        assert releases == {release}


@test
def a_failed_collector_is_seen_and_its_families_are_absent():
    for job in JOBS:
        where = f'job="{job}",scene="unreadable-kernel"'
        failed = STAGE.prometheus.query(
            f"kernel_taint_scrape_collector_success{{{where}}} == 0"
        )
        found = {labels["collector"] for labels, _ in failed}
        assert found == {"kernel", "signature"}
        for family in ("kernel_taint_mask", "kernel_taint_module_files"):
            assert STAGE.prometheus.query(f"{family}{{{where}}}") == []


@test
def a_change_is_shown_by_the_next_scrape_and_what_vanished_is_gone():
    scene = STAGE.folder / CHANGING
    where = f'scene="{CHANGING}"'
    one, query = STAGE.prometheus.one, STAGE.prometheus.query

    def everywhere(family, number):
        values = [n for _, n in query(f"{family}{{{where}}}")]
        return values == [number] * len(JOBS)

    assert everywhere("kernel_taint_mask", 0)
    assert query(f"kernel_taint_module{{{where}}}") == []
    for name in ("proprietary", "orphan", "clean"):
        for part in ("sys/module", "proc/sys/kernel"):
            shutil.rmtree(scene / part)
            shutil.copytree(SCENES / name / part, scene / part)
        replace(scene / "proc/modules", (SCENES / name / "proc/modules").read_text())
        # Asked of one that has nothing to remember.
        with Exporter(PROGRAM, *scene_flags(scene)) as fresh:
            wanted = steady(as_stored(families(fresh.get()[2])))
        for job in JOBS:
            wait_until(
                lambda: steady(STAGE.series(job, CHANGING)) == wanted,
                what=f"state of {name} in {job}",
            )
    assert one(f'count(up{{{where}}} == 1)') == len(JOBS)


@test
def a_program_that_stopped_is_down_and_comes_back():
    exporter = STAGE.exporters[CHANGING]
    where = f'scene="{CHANGING}"'

    def count(state):
        return len(STAGE.prometheus.query(f"up{{{where}}} == {state}"))

    exporter.stop(signal.SIGTERM)
    wait_until(lambda: count(0) == len(JOBS), what="up == 0")
    assert STAGE.prometheus.query(f"kernel_taint_mask{{{where}}}") == []
    with Exporter(
        PROGRAM, *scene_flags(STAGE.folder / CHANGING), listen=exporter.address
    ):
        wait_until(lambda: count(1) == len(JOBS), what="up == 1")
        wait_until(
            lambda: len(STAGE.prometheus.query(f"kernel_taint_mask{{{where}}}"))
            == len(JOBS),
            what="masks",
        )


@test
def prometheus_complained_of_nothing():
    status, body = STAGE.prometheus.fetch("/metrics")
    assert status == 200
    samples = families(body)
    complaint = re.compile(
        r"prometheus_target_scrapes?_(sample|exceeded|pool_exceeded)_\w+_total"
    )
    complaints = [
        (name, number)
        for (name, _), number in samples.items()
        if complaint.fullmatch(name)
    ]
    names = {name for name, _ in complaints}
    assert "prometheus_target_scrapes_sample_duplicate_timestamp_total" in names
    assert "prometheus_target_scrapes_sample_out_of_order_total" in names
    assert not [entry for entry in complaints if entry[1] != 0], complaints
    # Whoever was not stopped never missed a scrape.
    down = STAGE.prometheus.query(f'min_over_time(up{{scene!="{CHANGING}"}}[5m]) == 0')
    assert down == []
    lines = re.findall(r"^.*level=(?:warn|error).*$", STAGE.prometheus.log, re.MULTILINE)
    assert lines == []


@test
def the_programs_that_were_scraped_stop_without_complaint():
    for scene, exporter in STAGE.exporters.items():
        exporter.stop()
        has_errors = "level=error" in exporter.log
        assert has_errors == scene.startswith("unreadable"), exporter.log


with stage() as STAGE:
    run()
