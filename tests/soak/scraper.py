# SPDX-License-Identifier: Apache-2.0
"""
A client as everybody wishes: it asks by the clock, reads to the end, and looks at what it
got.
"""

import gzip
import http.client
import itertools
import json
import re
import threading
import time

from exporter import TIMEOUT

COMPLAINTS_MAX = 10  # that are kept; all are counted

MASK = re.compile(rb"^kernel_taint_mask (\d+)(?:\.0)?$", re.MULTILINE)


def _is_text(body, masks):
    found = MASK.search(body)
    return body.endswith(b"\n") and found and int(found.group(1)) in masks


def _is_openmetrics(body, masks):
    return _is_text(body, masks) and body.endswith(b"\n# EOF\n")


def _is_gzip(body, masks):
    return _is_text(gzip.decompress(body), masks)


def _is_page(body, masks):
    return body.startswith(b"<!DOCTYPE html>") and body.endswith(b"</html>\n")


def _is_json(body, masks):
    return json.loads(body)["mask"] in masks


KINDS = (
    ("/metrics", {}, _is_text),
    ("/metrics", {"Accept": "application/openmetrics-text"}, _is_openmetrics),
    ("/metrics", {"Accept-Encoding": "gzip"}, _is_gzip),
    ("/", {"Accept": "text/html"}, _is_page),
    ("/", {"Accept": "application/json"}, _is_json),
)


class Scraper(threading.Thread):
    """
    Asks EXPORTER for a page every INTERVAL seconds, each of another kind, over one
    connection or, without KEEPS, over a new one each time, until OVER, an event. What is
    late is made up for.
    """

    def __init__(self, exporter, context, login, masks, keeps, interval, over):
        super().__init__(daemon=True)
        self.done = self.errors = 0
        self.complaints = []
        self._exporter, self._context, self._masks = exporter, context, masks
        self._login = {"Authorization": login}
        self._keeps, self._interval, self._over = keeps, interval, over
        self._connection = None

    def run(self):
        at = time.monotonic()
        for path, headers, is_whole in itertools.cycle(KINDS):
            if self._over.wait(max(at - time.monotonic(), 0)):
                break
            at += self._interval
            self._scrape(path, headers, is_whole)
        self._close()

    def _scrape(self, path, headers, is_whole):
        try:
            if self._connection is None:
                self._connection = http.client.HTTPSConnection(
                    self._exporter.host,
                    self._exporter.port,
                    timeout=TIMEOUT,
                    context=self._context,
                )
            self._connection.request("GET", path, headers={**headers, **self._login})
            reply = self._connection.getresponse()
            body = reply.read()
            if reply.status != 200 or not is_whole(body, self._masks):
                self._complain(f"{path} {headers}: {reply.status} {body[-200:]}")
        except (OSError, http.client.HTTPException, ValueError, LookupError) as error:
            self._complain(f"{path} {headers}: {error!r}")
            self._close()
        if not self._keeps:
            self._close()
        self.done += 1

    def _complain(self, complaint):
        self.errors += 1
        if len(self.complaints) < COMPLAINTS_MAX:
            self.complaints.append(complaint)

    def _close(self):
        if self._connection is not None:
            self._connection.close()
            self._connection = None
