# SPDX-License-Identifier: Apache-2.0
"""
A web configuration with TLS and a user that never rests: good ones, with one certificate
and the other, and bad ones in between. Knows what it may say, nothing of who reads it.
"""

import base64
import crypt
import itertools
import json
import ssl

from certificates import NEW_KEY, openssl
from scene import replace

USER, PASSWORD = "prometheus", "a good one"
HOSTS = ("one", "other")


def login(password):
    token = base64.b64encode(f"{USER}:{password}".encode()).decode()
    return f"Basic {token}"


def not_verified():
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    return context


def pair(certificate, key):
    return {"cert_file": f"{certificate}.crt", "key_file": f"{key}.key"}


class ChangingDoor:
    """Its files in FOLDER are changed by each call of change()."""

    def __init__(self, folder):
        self.file = folder / "web.yml"
        for host in HOSTS:
            key, certificate = folder / f"{host}.key", folder / f"{host}.crt"
            new = ("req", "-x509", *NEW_KEY, "-subj", f"/CN={host}", "-days", "9")
            openssl(*new, "-keyout", key, "-out", certificate)
        salt = crypt.mksalt(crypt.METHOD_BLOWFISH, rounds=16)
        users = {USER: crypt.crypt(PASSWORD, salt)}
        one, other = (
            {"tls_server_config": pair(host, host), "basic_auth_users": users}
            for host in HOSTS
        )
        bad = (
            {**one, "nobody_knows": "this"},
            {**one, "basic_auth_users": {USER: "no bcrypt"}},
            {"basic_auth_users": users},  # TLS was there at the start
            {**one, "tls_server_config": pair("one", "other")},
            {**one, "tls_server_config": pair("none", "one")},
        )
        # JSON is YAML.
        contents = [json.dumps(settings) for settings in (other, *bad)]
        contents.append("tls_server_config: [\n")
        good = json.dumps(one)
        self._contents = itertools.cycle([c for bad in contents for c in (bad, good)])
        replace(self.file, good)

    def change(self):
        replace(self.file, next(self._contents))
