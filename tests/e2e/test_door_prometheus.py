#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""
A real Prometheus at the door: over TLS, with a password, with a certificate of its own;
and without them, when it must not see a page.

Usage: test_door_prometheus.py PROGRAM
"""

import contextlib
import crypt
import json
import socket
import subprocess
import urllib.parse
import urllib.request

from suite import PROGRAM, SCENES, run, test
from certificates import ALLOWED_SAN, make_certificates
from exporter import TIMEOUT, Exporter, scene_flags, wait_until
from scenery import temporary_folder

USER, PASSWORD = "prometheus", "correct horse"


def doors(folder):
    """name: (web configuration, how Prometheus comes in, ways in which it must not)"""
    tls = {"cert_file": "server.crt", "key_file": "server.key"}
    mutual = {
        **tls,
        "client_ca_file": "ca.crt",
        "client_auth_type": "RequireAndVerifyClientCert",
        "client_allowed_sans": [ALLOWED_SAN],
    }
    users = {USER: crypt.crypt(PASSWORD, crypt.mksalt(crypt.METHOD_BLOWFISH, rounds=16))}

    def way(client=None, password=None):
        tls_config = {"ca_file": f"{folder}/ca.crt"}
        if client:
            tls_config["cert_file"] = f"{folder}/{client}.crt"
            tls_config["key_file"] = f"{folder}/{client}.key"
        result = {"tls_config": tls_config}
        if password:
            result["basic_auth"] = {"username": USER, "password": password}
        return result

    return {
        "tls": ({"tls_server_config": tls}, way(), [{"tls_config": {}}]),
        "password": (
            {"tls_server_config": tls, "basic_auth_users": users},
            way(password=PASSWORD),
            [way(), way(password="wrong")],
        ),
        "certificate": (
            {"tls_server_config": mutual},
            way(client="good"),
            [way(), way(client="wrong-ca"), way(client="wrong-san")],
        ),
    }


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


@contextlib.contextmanager
def prometheus(folder, jobs):
    """JOBS is a list of scrape_configs; gives a function that asks the query API."""
    file, port = folder / "prometheus.yml", free_port()
    settings = {"global": {"scrape_interval": "1s", "scrape_timeout": "1s"}}
    file.write_text(json.dumps({**settings, "scrape_configs": jobs}))  # JSON is YAML
    address = f"127.0.0.1:{port}"

    def query(expression):
        url = f"http://{address}/api/v1/query?" + urllib.parse.urlencode(
            {"query": expression}
        )
        try:
            with urllib.request.urlopen(url, timeout=TIMEOUT) as reply:
                result = json.load(reply)["data"]["result"]
        except OSError:
            return {}
        return {entry["metric"]["job"]: entry["value"][1] for entry in result}

    process = subprocess.Popen(
        [
            "prometheus",
            f"--config.file={file}",
            f"--storage.tsdb.path={folder}/data",
            f"--web.listen-address={address}",
            "--log.level=error",
        ],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
    )
    try:
        yield query
    finally:
        process.terminate()
        try:
            process.wait(TIMEOUT)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


@test
def prometheus_sees_pages_with_what_it_needs_and_none_without():
    with temporary_folder() as folder, contextlib.ExitStack() as stack:
        make_certificates(folder)
        jobs, expected = [], {}
        for name, (settings, good, bad) in doors(folder).items():
            file = folder / f"{name}.yml"
            file.write_text(json.dumps(settings))
            flags = [f"--web.config.file={file}", *scene_flags(SCENES / "proprietary")]
            exporter = stack.enter_context(Exporter(PROGRAM, *flags))
            for number, how in enumerate([good, *bad]):
                job = {"job_name": f"{name}-{number}", "scheme": "https", **how}
                job["static_configs"] = [{"targets": [exporter.address]}]
                jobs.append(job)
                expected[job["job_name"]] = "0" if number else "1"
        query = stack.enter_context(prometheus(folder, jobs))
        wait_until(lambda: query("up") == expected, what="expected up")
        pages = {job for job, up in expected.items() if up == "1"}
        assert set(query("kernel_taint_mask")) == pages, query("kernel_taint_mask")
        # And it stays so.
        assert query("max_over_time(up[1m])") == expected, query("max_over_time(up[1m])")


run()
