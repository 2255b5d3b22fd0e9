# SPDX-License-Identifier: Apache-2.0
"""
The program and its clients, many and bad ones: none holds up another, none leaves
anything behind, and who is slow still gets the whole page. Knows no metric by meaning.
"""

import concurrent.futures
import contextlib
import gzip
import mmap
import os
import pathlib
import resource
import socket
import time

from suite import PROGRAM, SCENES, is_sanitized, run, test
from exporter import Exporter, scene_flags, wait_until, without_volatile
from process import SEEN, descriptors, is_at_rest
from scenery import (
    ALL_SUCCESSFUL,
    families,
    make_wide_scene,
    successes,
    temporary_folder,
)
from situations import (
    CONNECTIONS_MAX,
    CONNECTIONS_PER_CLIENT_MAX,
    IDLE_SECONDS,
    PATIENCE,
    SLOW_READER_SECONDS,
    begin_reading,
    descriptors_at_rest,
    later_exporter,
    paused,
    wide_exporter,
)
from wire import Wire

ACCEPT_OPENMETRICS = "Accept: application/openmetrics-text;version=1.0.0"

# A test holds 1,000 connections itself.
_, most_files = resource.getrlimit(resource.RLIMIT_NOFILE)
resource.setrlimit(resource.RLIMIT_NOFILE, (min(most_files, 4096), most_files))

SHARED = Exporter(PROGRAM, *scene_flags(SCENES / "proprietary"), *SEEN)


def is_alive():
    return SHARED.get("/-/healthy")[0] == 200


def can_scrape(exporter):
    try:
        return exporter.get()[0] == 200
    except ConnectionError:
        return False


# ---- connections ----


@test
def a_connection_is_kept_until_the_client_asks_to_close_it():
    with Wire(SHARED) as wire:
        pages = {without_volatile(wire.ask().reply().body) for _ in range(20)}
        assert len(pages) == 1
        reply = wire.ask("/-/healthy", "Connection: close").reply()
        assert reply.headers["connection"].lower() == "close"
        assert wire.everything() == b""


@test
def pipelined_requests_are_answered_in_order():
    paths = ["/-/healthy", "/metrics", "/nowhere", "/", "/metrics?collect[]=x"] * 10
    statuses = [200, 200, 404, 200, 400] * 10
    requests = "".join(f"GET {path} HTTP/1.1\r\nHost: x\r\n\r\n" for path in paths)
    with Wire(SHARED) as wire:
        wire.send(requests.encode())
        assert [wire.reply().status for _ in paths] == statuses
        wire.ask("/metrics", method="HEAD").ask("/-/ready")
        assert wire.reply("HEAD").status == 200
        assert wire.reply().body == b"OK\n"


@test
def eight_clients_at_once_get_the_same_page():
    kinds = [("", False), (ACCEPT_OPENMETRICS, False), ("", True)]

    def client(number):
        accept, zipped = kinds[number % len(kinds)]
        headers = [accept] if accept else []
        headers += ["Accept-Encoding: gzip"] if zipped else []
        pages = set()
        with Wire(SHARED) as wire:
            for _ in range(50):
                reply = wire.ask("/metrics", *headers).reply()
                assert reply.status == 200
                body = gzip.decompress(reply.body) if zipped else reply.body
                pages.add((accept, without_volatile(body)))
        return pages

    with concurrent.futures.ThreadPoolExecutor(8) as pool:
        pages = set().union(*pool.map(client, range(8)))
    assert len(pages) == 2, len(pages)


@test
def a_client_that_sends_byte_by_byte_holds_nobody_up():
    request = b"GET /metrics HTTP/1.1\r\nHost: localhost\r\n\r\n"
    with Wire(SHARED) as slow:
        for byte in request[:-1]:
            slow.send(bytes([byte]))
            assert SHARED.get()[0] == 200
            assert not slow.is_closed()
        assert slow.send(request[-1:]).reply().status == 200


@test
def a_thousand_idle_connections_do_not_keep_a_scrape_out():
    with contextlib.ExitStack() as stack:
        idle = [stack.enter_context(Wire(SHARED)) for _ in range(1000)]
        for number, wire in enumerate(idle[::2]):
            # Half of them got as far as half a request.
            with contextlib.suppress(ConnectionError):
                wire.send(b"GET /metrics HTTP/1.1\r\n")
        for _ in range(20):
            status, _, body = SHARED.get()
            assert status == 200
            assert successes(families(body)) == ALL_SUCCESSFUL
        wait_until(
            lambda: sum(not wire.is_closed() for wire in idle)
            < CONNECTIONS_PER_CLIENT_MAX,
            what="end of the oldest idle connections",
        )
        # The newest stay.
        assert not idle[-1].is_closed()
        assert descriptors(SHARED.process.pid) < CONNECTIONS_PER_CLIENT_MAX + 100
        wait_until(lambda: is_at_rest(SHARED.process.pid), what="rest")
    assert is_alive()


@test
def the_oldest_idle_connection_of_a_client_goes_for_its_new_one():
    with contextlib.ExitStack() as stack:

        def client(source="127.0.0.1"):
            wire = stack.enter_context(Wire(SHARED, source=source))
            assert wire.ask("/-/ready").reply().status == 200
            return wire

        wait_until(lambda: is_at_rest(SHARED.process.pid), what="rest")
        other = client("127.0.0.9")
        own = [client("127.0.0.8") for _ in range(CONNECTIONS_PER_CLIENT_MAX)]
        # A request makes a connection young, half a one does not.
        assert own[0].ask("/-/ready").reply().status == 200
        own[1].send(b"GET /-/ready HTTP/1.1\r\n")
        for gone in own[1:3]:
            client("127.0.0.8")
            wait_until(gone.is_closed, what="end of the oldest")
        for wire in (other, own[0], *own[3:]):
            assert wire.ask("/-/ready").reply().status == 200


@test
def idle_connections_of_many_addresses_do_not_keep_a_scrape_out():
    with contextlib.ExitStack() as stack:
        idle = [
            stack.enter_context(Wire(SHARED, source=f"127.0.0.{2 + number % 8}"))
            for number in range(1000)
        ]
        for _ in range(20):
            assert SHARED.get()[0] == 200
        wait_until(
            lambda: sum(not wire.is_closed() for wire in idle) <= CONNECTIONS_MAX,
            what="end of the oldest idle connections",
        )
        assert not idle[-1].is_closed()
        assert descriptors(SHARED.process.pid) < CONNECTIONS_MAX + 100
        wait_until(lambda: is_at_rest(SHARED.process.pid), what="rest")
    assert is_alive()


@test
def resets_at_any_moment_do_no_harm():
    request = b"GET /metrics HTTP/1.1\r\nHost: localhost\r\n\r\n"
    with Exporter(PROGRAM, *scene_flags(SCENES / "proprietary"), *SEEN) as exporter:
        base = descriptors_at_rest(exporter)
        for length in range(len(request) + 1):
            Wire(exporter).send(request[:length]).reset()
        for size in (1, 100, 1000, 4000):
            wire = Wire(exporter).ask()
            wire.take(size)
            wire.reset()
        assert exporter.get("/-/ready")[0] == 200
        wait_until(
            lambda: descriptors(exporter.process.pid) == base,
            what="end of the descriptors",
        )


@test
def a_client_that_ends_its_side_gets_its_pages_and_the_end():
    for count in (1, 5):
        with Wire(SHARED) as wire:
            with paused(SHARED):
                for _ in range(count):
                    wire.ask()
                wire.socket.shutdown(socket.SHUT_WR)
            for _ in range(count):
                assert wire.reply().status == 200
            wait_until(wire.is_closed, timeout=PATIENCE, what="end")


@test
def a_client_that_gives_up_in_the_middle_of_a_request_leaves_nothing_behind():
    request = b"GET /metrics HTTP/1.1\r\nHost: localhost\r\n\r\n"
    with Exporter(PROGRAM, *scene_flags(SCENES / "proprietary"), *SEEN) as exporter:
        base = descriptors_at_rest(exporter)
        for length in (0, 1, 10, len(request) - 1, len(request), len(request) + 5):
            with paused(exporter), Wire(exporter) as wire:
                wire.send((request * 2)[:length])
        # Served after all of them.
        assert exporter.get("/-/ready")[0] == 200
        wait_until(
            lambda: descriptors(exporter.process.pid) == base,
            timeout=PATIENCE,
            what="end of the descriptors",
        )


@test
def the_program_that_met_all_these_clients_stops_without_complaint():
    SHARED.stop()
    assert "level=error" not in SHARED.log, SHARED.log


# ---- pages that do not fit into sockets ----


@test
def a_slow_reader_gets_its_whole_page_while_others_are_served():
    with wide_exporter() as exporter:
        wanted = without_volatile(exporter.get()[2])
        with begin_reading(exporter) as slow:
            assert without_volatile(exporter.get()[2]) == wanted
            for _ in range(20):
                slow.give_back(slow.take(50000) + slow.take(50000))
                assert exporter.get("/-/ready")[0] == 200
            assert without_volatile(slow.reply().body) == wanted


@test
def the_last_page_of_a_connection_arrives_whole_though_more_was_sent_behind_it():
    # A socket that is closed with unread bytes is reset, and its last bytes are lost.
    with wide_exporter() as exporter:
        wanted = without_volatile(exporter.get()[2])
        for count in (1, 1000):
            with begin_reading(exporter, "Connection: close") as wire:
                for _ in range(count):
                    wire.ask("/-/ready")
                assert without_volatile(wire.reply().body) == wanted


def beside_slow_reader(ask):
    """
    What ASK(exporter) gets while a client, and only one may, rests in the middle of its
    page. On a busy machine it may have to give way: then all of it begins anew.
    """
    for _ in range(20):
        with wide_exporter("--web.max-requests=1") as exporter, begin_reading(exporter):
            began = time.monotonic()
            answer = ask(exporter)
            if time.monotonic() - began < SLOW_READER_SECONDS / 2:
                return answer
    raise AssertionError("the machine is too slow")


@test
def scrapes_over_the_limit_are_told_to_come_again():
    for path in ("/metrics", "/", "/api/v1/status"):
        status, headers, body = beside_slow_reader(lambda exporter: exporter.get(path))
        assert status == 503, path
        assert headers["Content-Type"] == "text/plain; charset=utf-8"
        assert b"too many requests" in body
    head = beside_slow_reader(lambda exporter: exporter.request("HEAD", "/metrics"))
    assert head[0] == 503
    # Only scrapes are limited.
    for path in ("/-/healthy", "/-/ready"):
        assert beside_slow_reader(lambda exporter: exporter.get(path))[0] == 200, path


@test
def scrapes_that_end_make_room_for_others():
    with wide_exporter("--web.max-requests=2") as exporter:
        with begin_reading(exporter) as first, begin_reading(exporter) as second:
            assert first.reply().status == 200
            assert first.ask("/-/ready").reply().status == 200
            wait_until(lambda: exporter.get()[0] == 200, what="free place")
            second.reset()
        with Wire(exporter) as wire:
            for _ in range(5):
                assert wire.ask("/metrics?collect[]=x").reply().status == 400
                assert wire.ask("/metrics", method="HEAD").reply("HEAD").status == 200


@test
def no_limit_of_scrapes_is_set_by_zero():
    with wide_exporter("--web.max-requests=0") as exporter:
        with contextlib.ExitStack() as stack:
            for _ in range(6):
                stack.enter_context(begin_reading(exporter))
            assert exporter.get("/metrics")[0] == 200


@test
def clients_that_vanish_in_the_middle_of_a_page_leave_nothing_behind():
    with wide_exporter("--web.max-requests=1", *SEEN) as exporter:
        base = descriptors_at_rest(exporter)
        for end in (Wire.reset, Wire.close) * 3:
            end(begin_reading(exporter))
            wait_until(lambda: exporter.get()[0] == 200, what="free place")
        wait_until(
            lambda: descriptors(exporter.process.pid) == base,
            what="end of the descriptors",
        )


@test
def a_page_without_memory_is_an_error_and_never_half_a_page():
    env = dict(os.environ)
    if is_sanitized():
        options = env.get("ASAN_OPTIONS", "")
        env["ASAN_OPTIONS"] = (
            f"{options}:allocator_may_return_null=1:max_allocation_size_mb=2"
        )
    with wide_exporter(env=env) as exporter:
        if not is_sanitized():
            pid = exporter.process.pid
            # A thread that starts takes more addresses than it keeps.
            wait_until(lambda: is_at_rest(pid), what="rest")
            pages = int(pathlib.Path(f"/proc/{pid}/statm").read_text().split()[0])
            size = pages * mmap.PAGESIZE + (3 << 20)
            _, most = resource.prlimit(pid, resource.RLIMIT_AS)
            resource.prlimit(pid, resource.RLIMIT_AS, (size, most))
        for _ in range(3):
            for encoding in ("identity", "gzip"):
                status, headers, body = exporter.get(
                    headers={"Accept-Encoding": encoding}
                )
                assert status == 500, (status, len(body))
                assert headers["Content-Type"] == "text/plain; charset=utf-8"
                assert "Content-Encoding" not in headers
                assert body == b"out of memory\n"
        assert exporter.get("/-/healthy")[0] == 200
        status, _, body = exporter.get("/metrics?collect[]=kernel")
        assert status == 200
        assert successes(families(body)) == {"kernel": 1}


# ---- no descriptors ----


@test
def a_crowd_at_64_descriptors_does_not_keep_a_scrape_out():
    program = ["prlimit", "--nofile=64:64", PROGRAM]
    with Exporter(program, *scene_flags(SCENES / "proprietary")) as exporter:
        with contextlib.ExitStack() as stack:
            for _ in range(20):
                with paused(exporter):
                    for _ in range(50):
                        wire = stack.enter_context(Wire(exporter))
                        wire.send(b"GET /metrics HTTP/1.1\r\n")
                    last = stack.enter_context(Wire(exporter)).ask()
                reply = last.reply()
                assert reply.status == 200
                assert successes(families(reply.body)) == ALL_SUCCESSFUL
            wait_until(lambda: is_at_rest(exporter.process.pid), what="rest")
        assert exporter.get()[0] == 200


@test
def busy_clients_at_64_descriptors_get_their_pages():
    with temporary_folder() as folder:
        scene = make_wide_scene(folder / "scene")
        with Exporter(
            ["prlimit", "--nofile=64:64", PROGRAM],
            "--web.max-requests=0",
            *scene_flags(scene),
        ) as exporter, contextlib.ExitStack() as stack:
            wanted = without_volatile(exporter.get()[2])
            busy = [stack.enter_context(begin_reading(exporter)) for _ in range(20)]
            # All of them and more, at once and with nothing left to evict.
            crowd = [stack.enter_context(Wire(exporter)) for _ in range(60)]
            for wire in crowd:
                with contextlib.suppress(ConnectionError):
                    wire.ask()
            wait_until(lambda: is_at_rest(exporter.process.pid), what="rest")
            for wire in busy:
                assert without_volatile(wire.reply().body) == wanted
                wire.close()
            for wire in crowd:
                wire.close()
            wait_until(lambda: can_scrape(exporter), what="answer")


@test
def without_any_descriptor_the_program_rests_and_comes_back():
    with Exporter(PROGRAM, *scene_flags(SCENES / "proprietary"), *SEEN) as exporter:
        pid = exporter.process.pid
        assert exporter.get()[0] == 200
        limit = resource.prlimit(pid, resource.RLIMIT_NOFILE)
        for left in (1, 0):
            # One more than are open, or so few that giving up a client does not help.
            lowered = descriptors(pid) + 1 if left else 3
            with contextlib.ExitStack() as stack:
                kept = stack.enter_context(Wire(exporter))
                assert kept.ask("/-/ready").reply().status == 200
                resource.prlimit(pid, resource.RLIMIT_NOFILE, (lowered, limit[1]))
                for _ in range(200):
                    stack.enter_context(Wire(exporter)).ask()
                if not left:
                    exporter.wait_log("Cannot accept a connection")
                wait_until(lambda: is_at_rest(pid), what="rest")
            resource.prlimit(pid, resource.RLIMIT_NOFILE, limit)
            # Clients that are gone may still be in the queue, and have the place of a scrape.
            wait_until(lambda: can_scrape(exporter), what="answer")
            status, _, body = exporter.get()
            assert status == 200, (status, body)
            assert successes(families(body)) == ALL_SUCCESSFUL
            wait_until(lambda: is_at_rest(pid), what="rest")


# ---- time ----


@test
def silent_clients_are_closed_in_time_and_not_before():
    with later_exporter() as (exporter, later), contextlib.ExitStack() as stack:

        def client():
            return stack.enter_context(Wire(exporter))

        nothing, half, kept, trickle = (client() for _ in range(4))
        half.send(b"GET /-/ready HTTP/1.1\r\n")
        trickle.send(b"GET /-/ready HTTP/1.1\r\nX: ")
        assert kept.ask("/-/ready").reply().status == 200
        stuck = stack.enter_context(begin_reading(exporter))
        wait_until(lambda: is_at_rest(exporter.process.pid), what="rest")

        later.turn_to(IDLE_SECONDS - 15)
        assert exporter.get("/-/ready")[0] == 200
        wait_until(lambda: is_at_rest(exporter.process.pid), what="rest")
        for wire in (nothing, half, kept, trickle):
            assert not wire.is_closed()
        # A byte now and then is no complete request; one from a kept connection is.
        trickle.send(b"x")
        assert kept.ask("/-/ready").reply().status == 200

        later.turn_to(IDLE_SECONDS + 15)

        def are_closed():
            # What waits in the kernel is woken by a client.
            assert exporter.get("/-/ready")[0] == 200
            return all(wire.is_closed() for wire in (nothing, half, trickle))

        wait_until(are_closed, what="end of the silent connections")
        assert kept.ask("/-/ready").reply().status == 200

        # The one that takes nothing of its page is cut off, too.
        cut = True
        try:
            cut = stuck.reply() is None
        except AssertionError:
            pass
        assert cut, "the reader that took nothing for so long got its page"


@test
def a_reader_that_takes_nothing_gives_its_place_back_in_time():
    with later_exporter("--web.max-requests=1") as (exporter, later):
        with begin_reading(exporter):
            assert exporter.get()[0] == 503
            later.turn_to(IDLE_SECONDS + 15)
            wait_until(lambda: exporter.get()[0] == 200, what="free place")


@test
def a_reader_that_takes_a_little_now_and_then_gets_its_page():
    with later_exporter() as (exporter, later):
        wanted = without_volatile(exporter.get()[2])
        with begin_reading(exporter) as slow:
            taken = b""
            for turn in (1, 2):
                wait_until(lambda: is_at_rest(exporter.process.pid), what="rest")
                later.turn_to(turn * (IDLE_SECONDS - 15))
                # More than a third of what sockets hold makes the server send again.
                while len(taken) < turn * 9 * len(wanted) // 25:
                    taken += slow.take()
            wait_until(lambda: is_at_rest(exporter.process.pid), what="rest")
            later.turn_to(3 * (IDLE_SECONDS - 15))
            assert exporter.get("/-/ready")[0] == 200
            slow.give_back(taken)
            assert without_volatile(slow.reply().body) == wanted


run(SHARED)
