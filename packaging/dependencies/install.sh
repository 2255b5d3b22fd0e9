#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Installs the Debian packages that the given lists name and that are missing here.
# Each list holds one package name a line.
set -eu

# What is installed, and what that provides (deb-control(5)).
installed=$(dpkg-query -W -f '${db:Status-Abbrev},${Package},${Provides}\n' 2>/dev/null |
	sed -n 's/^ii *,//p' | tr ',' '\n' | sed 's/(.*//; s/ //g')

missing=''
packages=$(cat "$@")
for package in $packages; do
	echo "$installed" | grep -qxF "$package" || missing="$missing $package"
done
[ -n "$missing" ] || exit 0

give_up()
{
	echo "install: $1; please install:$missing" >&2
	exit 1
}

command -v apt-get >/dev/null || give_up 'this is no Debian machine'
as_root=''
if [ "$(id -u)" -ne 0 ]; then
	command -v sudo >/dev/null || give_up 'neither root nor sudo here'
	as_root='sudo'
fi

echo "install: installing the missing Debian packages:$missing"
$as_root apt-get update -q >/dev/null || give_up 'apt-get update failed'
# shellcheck disable=SC2086 # the words of $missing are package names
$as_root env DEBIAN_FRONTEND=noninteractive \
	apt-get install -q -y --no-install-recommends $missing >/dev/null ||
	give_up 'apt-get install failed'
