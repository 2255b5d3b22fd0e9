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

from suite import PROGRAM, SCENES, run, test
from certificates import ALLOWED_SAN, make_certificates
from exporter import Exporter, scene_flags, wait_until
from scenery import temporary_folder
from servers import Prometheus

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
                expected[job["job_name"]] = 0 if number else 1
        configuration = {
            "global": {"scrape_interval": "1s", "scrape_timeout": "1s"},
            "scrape_configs": jobs,
        }
        prometheus = stack.enter_context(Prometheus(folder, configuration))

        def query(expression):
            return {labels["job"]: value for labels, value in prometheus.query(expression)}

        wait_until(lambda: query("up") == expected, what="expected up")
        pages = {job for job, up in expected.items() if up == 1}
        assert set(query("kernel_taint_mask")) == pages, query("kernel_taint_mask")
        # And it stays so.
        assert query("max_over_time(up[1m])") == expected, query("max_over_time(up[1m])")


run()
