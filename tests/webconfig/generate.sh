#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Makes the certificates of tests/webconfig/keys anew, and the configurations that hold
# them inline. ECDSA P-256, valid for a hundred years, and of no use outside these tests.
set -eu
cd "$(dirname "$0")"
mkdir -p keys
days=36500

make_key() {
	openssl ecparam -name prime256v1 -genkey -noout |
		openssl pkcs8 -topk8 -nocrypt -out "keys/$1.key.pem"
}

make_key ca
openssl req -x509 -new -key keys/ca.key.pem -subj "/CN=Tests' authority" -days $days \
	-addext basicConstraints=critical,CA:TRUE \
	-addext keyUsage=critical,keyCertSign,cRLSign -out keys/ca.crt.pem
make_key server
openssl req -new -key keys/server.key.pem -subj "/CN=localhost" |
	openssl x509 -req -CA keys/ca.crt.pem -CAkey keys/ca.key.pem -days $days \
		-set_serial 2 -extfile keys/server.ext -out keys/server.crt.pem
rm keys/ca.key.pem

indented() {
	sed 's/^/    /' "keys/server.$1.pem"
}

cat >good/tls-inline.yml <<END
# Certificate and key are in the file itself.
# promtool: 2.42 knows cert_file and key_file only
tls_server_config:
  cert: |
$(indented crt)
  key: |
$(indented key)
END

cat >good/tls-half-inline.yml <<END
# A certificate from a file, a key from the file itself.
# promtool: 2.42 knows cert_file and key_file only
tls_server_config:
  cert_file: ../keys/server.crt.pem
  key: |
$(indented key)
END
