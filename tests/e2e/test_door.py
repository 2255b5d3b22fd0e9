# SPDX-License-Identifier: Apache-2.0
"""
Who comes in by a web configuration, and who does not: TLS, certificates of clients and
passwords, tried with curl and openssl. What a configuration may say is the matter of
other tests.
"""

import base64
import crypt
import json
import subprocess

from suite import PROGRAM, run, test
from certificates import ALLOWED_SAN, BAD_CLIENTS, make_certificates
from commands import PROPRIETARY
from exporter import TIMEOUT, Exporter, wait_until
from scenery import replace, temporary_folder
from wire import Wire

USER, PASSWORD = "prometheus", "correct horse"
SECRETS = (b"kernel_taint", b"prometheus", b"/proc", b"/dev/shm")


def bcrypt(password):
    return crypt.crypt(password, crypt.mksalt(crypt.METHOD_BLOWFISH, rounds=16))


def configure(**settings):
    """Writes the configuration; JSON is YAML."""
    file = FOLDER / "web.yml"
    replace(file, json.dumps(settings))
    return file


def serve(**settings):
    file = configure(**settings)
    return Exporter(PROGRAM, f"--web.config.file={file}", *PROPRIETARY)


def tls(**settings):
    return {"cert_file": "server.crt", "key_file": "server.key", **settings}


MUTUAL = {
    "client_ca_file": "ca.crt",
    "client_auth_type": "RequireAndVerifyClientCert",
    "client_allowed_sans": [ALLOWED_SAN],
}


def curl(exporter, *arguments, client=None):
    """(whether a reply came, its status, all that came)"""
    if client:
        arguments += ("--cert", FOLDER / f"{client}.crt", "--key", FOLDER / f"{client}.key")
    result = subprocess.run(
        ["curl", "-sSi", "-m", str(TIMEOUT), "--cacert", FOLDER / "ca.crt", *arguments]
        + [f"https://{exporter.address}/metrics"],
        stdin=subprocess.DEVNULL,
        capture_output=True,
        timeout=TIMEOUT,
    )
    return result.returncode, result.stdout


def basic(user, password):
    token = base64.b64encode(f"{user}:{password}".encode()).decode()
    return f"Authorization: Basic {token}"


def is_secret(data):
    return not any(secret in data for secret in SECRETS)


@test
def a_client_with_a_good_certificate_comes_in_and_all_others_see_nothing():
    with serve(tls_server_config=tls(**MUTUAL)) as exporter:
        code, page = curl(exporter, client="good")
        assert code == 0 and b" 200 " in page and b"kernel_taint_mask" in page, page
        for client in (None, *BAD_CLIENTS):
            for version in ("1.2", "1.3"):
                options = (f"--tlsv{version}", "--tls-max", version)
                code, page = curl(exporter, *options, client=client)
                assert (code != 0, page) == (True, b""), (client, version, page)
        assert curl(exporter, client="good")[0] == 0


@test
def old_versions_of_tls_and_other_ciphers_are_refused():
    settings = tls(cipher_suites=["TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384"])
    with serve(tls_server_config=settings) as exporter:
        for options, is_good in (
            (["-tls1", "-cipher", "ALL:@SECLEVEL=0"], False),
            (["-tls1_1", "-cipher", "ALL:@SECLEVEL=0"], False),
            (["-tls1_2", "-cipher", "ECDHE-ECDSA-AES128-GCM-SHA256"], False),
            (["-tls1_2", "-cipher", "ECDHE-ECDSA-AES256-GCM-SHA384"], True),
            (["-tls1_3"], True),
        ):
            result = subprocess.run(
                ["openssl", "s_client", "-connect", exporter.address, *options],
                stdin=subprocess.DEVNULL,
                capture_output=True,
                timeout=TIMEOUT,
            )
            assert (result.returncode == 0) == is_good, (options, result)
            assert (b"BEGIN CERTIFICATE" in result.stdout) == is_good, options


@test
def nothing_is_told_without_the_right_password():
    with serve(basic_auth_users={USER: bcrypt(PASSWORD)}) as exporter:
        for header in (
            [],
            [basic(USER, "wrong")],
            [basic("nobody", PASSWORD)],
            [basic(USER, "")],
            [basic("", "")],
        ):
            for path in ("/metrics", "/", "/-/healthy", "/none"):
                for method in ("GET", "POST"):
                    with Wire(exporter) as wire:
                        reply = wire.ask(path, *header, method=method).reply()
                    assert reply.status == 401, (header, path, method, reply)
                    assert reply.headers["www-authenticate"].startswith("Basic"), reply
                    assert is_secret(reply.body), reply
        with Wire(exporter) as wire:
            assert wire.ask("/metrics", basic(USER, PASSWORD)).reply().status == 200


@test
def a_new_password_counts_at_once_on_a_connection_that_is_open():
    with serve(basic_auth_users={USER: bcrypt(PASSWORD)}) as exporter:
        with Wire(exporter) as wire:
            assert wire.ask("/metrics", basic(USER, PASSWORD)).reply().status == 200
            configure(basic_auth_users={USER: bcrypt("another")})

            def status(password):
                return wire.ask("/metrics", basic(USER, password)).reply().status

            wait_until(lambda: status("another") == 200, what="new password")
            assert status(PASSWORD) == 401


@test
def configured_headers_are_on_every_reply():
    headers = {"X-Frame-Options": "deny"}
    users = {USER: bcrypt(PASSWORD)}
    with serve(
        basic_auth_users=users, http_server_config={"headers": headers}
    ) as exporter:
        for path, header, status in (
            ("/metrics", [basic(USER, PASSWORD)], 200),
            ("/none", [basic(USER, PASSWORD)], 404),
            ("/metrics", [], 401),
        ):
            with Wire(exporter) as wire:
                reply = wire.ask(path, *header).reply()
            assert reply.status == status, reply
            assert reply.headers["x-frame-options"] == "deny", reply


@test
def a_broken_file_keeps_the_old_configuration_and_is_complained_of_once():
    with serve(basic_auth_users={USER: bcrypt(PASSWORD)}) as exporter:
        replace(FOLDER / "web.yml", "\nbasic_auth_user: {}\n")
        with Wire(exporter) as wire:

            def complaints():
                reply = wire.ask("/metrics", basic(USER, PASSWORD)).reply()
                assert reply.status == 200, reply
                return exporter.log.count("level=error")

            wait_until(complaints, what="complaint")
            assert [complaints() for _ in range(5)] == [1] * 5, exporter.log
            assert wire.ask().reply().status == 401
        assert f"{FOLDER}/web.yml:2: " in exporter.log, exporter.log


@test
def plain_http_is_told_nothing_by_a_tls_port():
    with serve(tls_server_config=tls()) as exporter:
        with Wire(exporter) as wire:
            answer = wire.ask().everything()
        assert is_secret(answer) and b" 200 " not in answer, answer
        assert curl(exporter)[0] == 0


@test
def requests_over_the_limit_are_refused():
    with serve(rate_limit={"interval": "1h", "burst": 2}) as exporter:
        replies = []
        for _ in range(4):
            with Wire(exporter) as wire:
                replies.append(wire.ask().reply())
        assert [reply.status for reply in replies] == [200, 200, 429, 429], replies
        assert all(is_secret(reply.body) for reply in replies[2:]), replies


@test
def requests_cannot_put_headers_into_replies():
    with serve(basic_auth_users={USER: bcrypt(PASSWORD)}) as exporter:
        for value in ("a\r\nX-Evil: 1", "a\nX-Evil: 1", "a\rX-Evil: 1"):
            for path, header in (("/%0d%0aX-Evil:1", value), ("/none", value)):
                with Wire(exporter) as wire:
                    wire.ask(path, f"Connection: close\r\nX-Any: {header}")
                    answer = wire.everything()
                assert b"evil" not in answer.lower(), answer


with temporary_folder() as FOLDER:
    make_certificates(FOLDER)
    run()
