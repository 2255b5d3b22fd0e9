# SPDX-License-Identifier: Apache-2.0
"""
The end of the program by a signal: what is in flight arrives, and nobody delays it.
"""

import contextlib
import signal

from suite import PROGRAM, SCENES, run, test
from exporter import Exporter, TIMEOUT, scene_flags, wait_until, without_volatile
from situations import (
    STOP_SECONDS,
    begin_reading,
    is_refused,
    later_exporter,
    paused,
    wide_exporter,
)
from wire import Wire


@test
def sigterm_lets_a_page_in_flight_arrive_whole():
    with wide_exporter() as exporter:
        wanted = without_volatile(exporter.get()[2])
        with contextlib.ExitStack() as stack:
            readers = [stack.enter_context(begin_reading(exporter)) for _ in range(2)]
            idle = stack.enter_context(Wire(exporter))
            half = stack.enter_context(Wire(exporter)).send(b"GET /metr")
            exporter.process.send_signal(signal.SIGTERM)
            wait_until(lambda: is_refused(exporter), what="end of listening")
            assert exporter.process.poll() is None
            for wire in readers:
                assert without_volatile(wire.reply().body) == wanted
            # The others got nothing and do not delay the end.
            assert exporter.process.wait(TIMEOUT) == 0, exporter.log
            for wire in readers + [idle, half]:
                assert wire.everything() == b""
        assert "msg=Stopped" in exporter.log


@test
def sigterm_lets_a_page_arrive_whole_though_more_was_asked_behind_it():
    for count in (1, 1000):
        with wide_exporter() as exporter:
            wanted = without_volatile(exporter.get()[2])
            with begin_reading(exporter) as wire:
                for _ in range(count):
                    wire.ask("/-/healthy")
                exporter.process.send_signal(signal.SIGTERM)
                wait_until(lambda: is_refused(exporter), what="end of listening")
                assert without_volatile(wire.reply().body) == wanted
            assert exporter.process.wait(TIMEOUT) == 0, exporter.log


@test
def idle_connections_do_not_delay_the_end():
    for signum in (signal.SIGTERM, signal.SIGINT):
        with Exporter(PROGRAM, *scene_flags(SCENES / "clean")) as exporter:
            with contextlib.ExitStack() as stack:
                wires = [stack.enter_context(Wire(exporter)) for _ in range(50)]
                wires[0].send(b"GET /metrics HTTP/1.1\r\n")
                assert wires[1].ask().reply().status == 200
                exporter.stop(signum, timeout=STOP_SECONDS / 2)
                assert all(wire.everything() == b"" for wire in wires)


@test
def requests_that_arrived_before_the_signal_are_answered():
    for _ in range(10):
        with Exporter(PROGRAM, *scene_flags(SCENES / "clean")) as exporter:
            with contextlib.ExitStack() as stack:
                kept = [stack.enter_context(Wire(exporter)) for _ in range(20)]
                for wire in kept:
                    assert wire.ask("/-/ready").reply().status == 200
                with paused(exporter):
                    new = [stack.enter_context(Wire(exporter)) for _ in range(20)]
                    for wire in kept + new:
                        wire.ask("/metrics")
                    exporter.process.send_signal(signal.SIGTERM)
                for wire in kept + new:
                    reply = wire.reply()
                    assert reply is not None, "a request got no reply"
                    assert reply.status == 200
                    assert wire.everything() == b""
                assert exporter.process.wait(TIMEOUT) == 0, exporter.log


@test
def a_second_signal_ends_at_once():
    with wide_exporter() as exporter:
        with begin_reading(exporter):
            exporter.process.send_signal(signal.SIGTERM)
            wait_until(lambda: is_refused(exporter), what="end of listening")
            assert exporter.process.poll() is None
            exporter.stop(timeout=STOP_SECONDS / 2)


@test
def a_reader_that_takes_nothing_delays_the_end_only_so_long():
    with later_exporter() as (exporter, later):
        with begin_reading(exporter) as stuck:
            exporter.process.send_signal(signal.SIGTERM)
            wait_until(lambda: is_refused(exporter), what="end of listening")
            assert exporter.process.poll() is None
            later.turn_to(STOP_SECONDS + 1)
            # What waits in the kernel is woken by the reader.
            stuck.everything()
            assert exporter.process.wait(TIMEOUT) == 0, exporter.log


run()
