# SPDX-License-Identifier: Apache-2.0
"""
The program as an HTTP server to one client at a time: every status, and everything that
is no request. Knows no metric by meaning.
"""

import contextlib
import json
import gzip
import random
import re

from suite import PROGRAM, SCENES, run, test
from exporter import Exporter, scene_flags, wait_until
from scenery import ALL_SUCCESSFUL, families, successes
from situations import PATIENCE
from wire import Wire

TEXT = "text/plain; version=0.0.4; charset=utf-8"
OPENMETRICS = "application/openmetrics-text; version=1.0.0; charset=utf-8"

SHARED = Exporter(PROGRAM, *scene_flags(SCENES / "proprietary"))


def is_alive():
    return SHARED.get("/-/healthy")[0] == 200


# ---- statuses ----


@test
def metrics_are_served_with_their_type_and_length():
    status, headers, body = SHARED.get()
    assert status == 200
    assert headers["Content-Type"] == TEXT
    assert headers["Vary"] == "Accept, Accept-Encoding"
    assert "Content-Encoding" not in headers
    assert int(headers["Content-Length"]) == len(body)
    assert successes(families(body)) == ALL_SUCCESSFUL


@test
def openmetrics_and_gzip_are_served_to_those_who_ask():
    status, headers, body = SHARED.get(
        headers={
            "Accept": "application/openmetrics-text;version=1.0.0",
            "Accept-Encoding": "gzip",
        }
    )
    assert status == 200
    assert headers["Content-Type"] == OPENMETRICS
    assert headers["Content-Encoding"] == "gzip"
    assert int(headers["Content-Length"]) == len(body)
    page = gzip.decompress(body)
    assert page.endswith(b"\n# EOF\n")
    assert successes(families(page, openmetrics=True)) == ALL_SUCCESSFUL
    # Several lines of a header are one list (RFC 9110, section 5.3).
    with Wire(SHARED) as wire:
        wire.ask(
            "/metrics",
            "Accept: text/html",
            "Accept: application/openmetrics-text;version=1.0.0",
            "Accept-Encoding: br",
            "Accept-Encoding: gzip",
        )
        assert gzip.decompress(wire.reply().body).endswith(b"\n# EOF\n")


@test
def several_lines_of_a_header_are_one_and_its_name_has_no_case():
    with Wire(SHARED) as wire:
        lines = "Accept: text/plain;q=0.1", "aCCEPT: application/openmetrics-text"
        reply = wire.ask("/metrics", *lines, "Accepts: text/plain").reply()
        assert reply.headers["content-type"].startswith("application/openmetrics-text")


@test
def head_is_answered_as_get_without_a_body():
    for path in ("/", "/-/healthy", "/-/ready", "/metrics"):
        with Wire(SHARED) as wire:
            get = wire.ask(path).reply()
            head = wire.ask(path, method="HEAD").reply("HEAD")
            assert head.status == get.status == 200, path
            assert head.headers["content-type"] == get.headers["content-type"]
            if path != "/metrics":
                length = str(len(get.body))
                assert head.headers["content-length"] == length, path
            # No byte of a body stands before the next reply.
            assert wire.ask("/-/ready").reply().body == b"OK\n"


@test
def unknown_paths_are_not_found():
    for path in (
        "/metrics/",
        "//metrics",
        "/Metrics",
        "/metrics%2f",
        "/metrics/../metrics",
        "/-/",
        "/-/healthy/",
        "/-/reload",
        "/favicon.ico",
        "/proc/version",
    ):
        status, headers, body = SHARED.get(path)
        assert status == 404, path
        assert headers["Content-Type"] == "text/plain; charset=utf-8"
        assert body == b"not found\n"


@test
def a_zero_byte_ends_no_path_and_no_name():
    assert SHARED.get("/metrics%00")[0] in (400, 404)
    assert SHARED.get("/metrics%00/x")[0] in (400, 404)
    assert SHARED.get("/metrics?collect[]=kernel%00x")[0] == 400


@test
def other_methods_than_get_and_head_are_not_allowed():
    for path in ("/", "/metrics", "/-/healthy", "/-/ready"):
        for method in ("POST", "PUT", "DELETE", "PATCH", "OPTIONS", "TRACE", "XYZZY"):
            status, headers, _ = SHARED.request(method, path)
            assert status == 405, (method, path, status)
            assert headers["Allow"] == "GET, HEAD"
    assert SHARED.request("POST", "/nowhere")[0] == 404


@test
def bad_filters_are_refused_with_the_name():
    for query, word in (
        ("collect[]=nosuch", b"nosuch"),
        ("exclude[]=nosuch", b"nosuch"),
        ("collect[]=kernel&collect[]=nosuch", b"nosuch"),
        ("collect[]=", b"unknown"),
        ("collect[]", b"unknown"),
        ("collect[]=Kernel", b"Kernel"),
        ("collect[]=x%ff", "collector: x\ufffd".encode()),
        ("collect[]=kernel&exclude[]=modules", b"together"),
        ("exclude[]=kernel&collect[]=kernel", b"together"),
    ):
        status, headers, body = SHARED.get(f"/metrics?{query}")
        assert status == 400, query
        assert headers["Content-Type"] == "text/plain; charset=utf-8"
        assert word in body, (query, body)
        assert body.count(b"\n") == 1, body


@test
def a_disabled_collector_cannot_be_asked_for_and_may_be_excluded():
    with Exporter(
        PROGRAM, "--no-collector.posture", *scene_flags(SCENES / "clean")
    ) as exporter:
        status, _, body = exporter.get("/metrics?collect[]=posture")
        assert (status, body) == (400, b"disabled collector: posture\n")
        status, _, body = exporter.get("/metrics?exclude[]=posture")
        assert successes(families(body)) == {"kernel": 1, "modules": 1, "signature": 1}


@test
def filters_choose_the_collectors():
    for query, names in (
        ("collect[]=kernel", {"kernel"}),
        ("collect[]=kernel&collect[]=posture", {"kernel", "posture"}),
        ("collect[]=kernel&collect[]=kernel", {"kernel"}),
        ("collect[]=signature", {"signature"}),
        ("exclude[]=kernel", {"modules", "posture", "signature"}),
        ("exclude[]=kernel&exclude[]=modules", {"posture", "signature"}),
        ("exclude[]=signature&exclude[]=modules", {"kernel", "posture"}),
        ("&".join(f"exclude[]={name}" for name in ALL_SUCCESSFUL), set()),
        ("collect%5B%5D=ker%6eel", {"kernel"}),
    ):
        status, _, body = SHARED.get(f"/metrics?{query}")
        assert status == 200, query
        found = successes(families(body))
        assert found == dict.fromkeys(names, 1), (query, found)
        assert (b"\nkernel_taint_module{" in body) == ("modules" in names), query
        assert (b"\nkernel_taint_module_files{" in body) == ("signature" in names), query


@test
def query_strings_and_percent_encoding_do_not_change_the_path():
    for path in (
        "/metrics?",
        "/metrics?x=1&y",
        "/metrics?&&=&%zz",
        "/%6detrics",
        "/%6D%65trics?collect[]=kernel",
        "/-/healthy?x",
        "/%2d/ready",
        "/?x",
    ):
        with Wire(SHARED) as wire:
            assert wire.ask(path).reply().status == 200, path


@test
def the_absolute_form_of_a_target_is_served():
    # RFC 9112, section 3.2.2: a server must accept it.
    with Wire(SHARED) as wire:
        reply = wire.ask(f"http://{SHARED.address}/metrics").reply()
        assert reply.status == 200
        assert successes(families(reply.body)) == ALL_SUCCESSFUL


@test
def a_request_with_a_body_is_refused_and_its_body_is_no_request():
    inner = b"GET /-/healthy HTTP/1.1\r\nHost: localhost\r\n\r\n"
    for size in (len(inner), 1 << 20):
        body = inner.ljust(size, b"x")
        for framing, sent in (
            (f"Content-Length: {size}", body),
            ("Transfer-Encoding: chunked", b"%x\r\n%s\r\n0\r\n\r\n" % (size, body)),
        ):
            with Wire(SHARED) as wire:
                wire.ask("/metrics", framing)
                with contextlib.suppress(ConnectionError):
                    wire.send(sent)
                assert wire.reply().status == 413, framing
                assert wire.everything() == b""
    with Wire(SHARED) as wire:
        wire.ask("/metrics", "Content-Length: 5", "Expect: 100-continue")
        assert wire.reply().status == 413
    with Wire(SHARED) as wire:
        # The first one is not believed.
        wire.ask("/metrics", "Content-Length: 0", "Content-Length: 5").send(b"GET /")
        assert wire.reply().status in (400, 413)
        assert wire.everything() == b""
    with Wire(SHARED) as wire:
        assert wire.ask("/metrics", "Content-Length: 0").reply().status == 200


@test
def the_page_at_the_root_tells_of_the_host_and_runs_nothing():
    status, headers, body = SHARED.get("/")
    assert status == 200
    assert headers["Content-Type"] == "text/html; charset=utf-8"
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert "default-src 'none'" in headers["Content-Security-Policy"]
    assert b'href="/metrics"' in body
    assert b"<strong>tainted</strong>" in body
    assert b"<script" not in body
    status, headers, body = SHARED.get("/", {"Accept": "application/json"})
    assert (status, headers["Content-Type"]) == (200, "application/json")
    assert json.loads(body)["tainted"] is True
    assert SHARED.get("/api/v1/status")[2] == body


@test
def health_and_readiness_are_ok():
    for path in ("/-/healthy", "/-/ready"):
        status, headers, body = SHARED.get(path)
        assert (status, body) == (200, b"OK\n")
        assert headers["Content-Type"] == "text/plain; charset=utf-8"


@test
def a_scrape_timeout_bounds_the_work_and_a_bad_one_is_ignored():
    header = "X-Prometheus-Scrape-Timeout-Seconds"
    little = "0.000000001"
    bad = (f"{little} {little}", f"{little}, {little}", f"{little}s")
    for timeout in (*bad, "10", "0.5", "1e9", "nan", "-1", "0", "", "soon", "inf"):
        status, _, body = SHARED.get(headers={header: timeout})
        assert status == 200, timeout
        assert successes(families(body)) == ALL_SUCCESSFUL, timeout
    status, _, body = SHARED.get(headers={header: little})
    assert status == 200
    assert successes(families(body)) == dict.fromkeys(ALL_SUCCESSFUL, 0)
    assert b"kernel_taint_mask" not in body
    assert b"kernel_taint_modules_" not in body
    assert b"kernel_taint_module_files" not in body


# ---- what is no request ----


@test
def malformed_requests_are_refused():
    for request in (
        b"GARBAGE\r\n\r\n",
        b"GET\r\n\r\n",
        b"GET /metrics HTTP/1.1\r\nHost: x\r\nno colon here\r\n\r\n",
        b"GET /metrics HTTP/1.1\r\nHost: x\r\nContent-Length: many\r\n\r\n",
        b"GET /metrics HTTP/1.1\r\nHost: x\r\nContent-Length: -1\r\n\r\n",
        b"GET /metrics HTTP/9.9\r\nHost: x\r\n\r\n",
        b"GET /metrics JUNK/1.1\r\nHost: x\r\n\r\n",
    ):
        with Wire(SHARED) as wire:
            reply = wire.send(request).reply()
            assert reply is None or 400 <= reply.status < 600, (request, reply)
            assert b" 200 " not in wire.everything(), request
        assert is_alive()


@test
def a_request_without_just_one_host_is_refused():
    for version, hosts in ((b"1.1", 0), (b"1.1", 2), (b"1.0", 2)):
        with Wire(SHARED) as wire:
            head = b"GET /metrics HTTP/%s\r\n" % version
            reply = wire.send(head + b"Host: x\r\n" * hosts + b"\r\n").reply()
            assert reply.status == 400, (version, hosts)
            assert wire.everything() == b""


@test
def a_bad_request_behind_good_ones_ends_the_connection():
    good = b"GET /-/ready HTTP/1.1\r\nHost: x\r\n\r\n"
    for bad in (b"GARBAGE\r\n\r\n", good.replace(b"Host", b"No"), good.replace(b":", b"")):
        with Wire(SHARED) as wire:
            wire.send(good + good + bad + good)
            assert [wire.reply().status for _ in range(2)] == [200, 200]
            assert b" 200 " not in wire.everything(), bad


@test
def http_1_0_needs_no_host_and_gets_the_page():
    with Wire(SHARED) as wire:
        reply = wire.send(b"GET /metrics HTTP/1.0\r\n\r\n").reply()
        assert reply.status == 200
        assert successes(families(reply.body)) == ALL_SUCCESSFUL
        assert wire.everything() == b""
    with Wire(SHARED) as wire:
        for _ in range(3):
            wire.send(b"GET /-/ready HTTP/1.0\r\nConnection: Keep-Alive\r\n\r\n")
            assert wire.reply().status == 200


@test
def http_0_9_and_tls_and_noise_do_no_harm():
    noise = random.Random(5)
    hello = bytes.fromhex("1603010200010001fc0303") + noise.randbytes(500)
    requests = [b"GET /metrics\r\n", b"GET /metrics\r\n\r\n", hello, b"\0" * 4096]
    requests += [b"\r\n" * 100, b"\n", b" ", b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"]
    requests += [noise.randbytes(noise.randrange(1, 3000)) for _ in range(200)]
    with contextlib.ExitStack() as stack:
        for request in requests:
            wire = stack.enter_context(Wire(SHARED))
            with contextlib.suppress(ConnectionError):
                wire.send(request)
            # One loop serves all: it has seen what came before this.
            assert is_alive()
            answer = wire.take() if wire.is_readable() else b""
            assert b" 200 " not in answer.partition(b"\r\n")[0], (request, answer)


@test
def long_request_lines_and_headers_are_refused_and_do_no_harm():
    for size in (4000, 8000, 15000, 16000, 16384, 17000, 65536, 1 << 20):
        for path, headers in (
            ("/metrics?" + "x" * size, []),
            ("/" + "x" * size, []),
            ("/metrics", ["X: " + "x" * size]),
            ("/metrics", ["Accept: " + "x" * size]),
            ("/metrics", ["Accept-Encoding: " + "gzip;" * (size // 5)]),
            ("/metrics", ["a: b"] * (size // 6)),
            ("/metrics", ["x" * size + ": x"]),
        ):
            with Wire(SHARED) as wire:
                with contextlib.suppress(ConnectionError):
                    wire.ask(path, *headers)
                reply = wire.reply()
                expected = (200, 400, 404, 413, 414, 431)
                assert reply is None or reply.status in expected, (size, reply)
                assert size <= 16384 or reply is None or reply.status >= 400, size
    assert is_alive()


@test
def a_query_of_too_many_arguments_is_refused_at_once():
    for count in (200, 300, 1000, 3000, 4000):
        with Wire(SHARED) as wire:
            wire.ask("/metrics?" + "&".join(["x=1"] * count))
            # No other client comes, whose request would wake the server.
            wait_until(wire.is_readable, timeout=PATIENCE, what="reply")
            reply = wire.reply()
            assert reply is None or count == 200 or reply.status >= 400, count
    assert is_alive()


@test
def the_program_that_met_all_these_clients_stops_without_complaint():
    SHARED.stop()
    # But of the collectors that were given no time.
    errors = re.findall(r"^.*level=error.*$", SHARED.log, re.MULTILINE)
    assert errors and all("the time for it is over" in line for line in errors), errors


run(SHARED)
