#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# rpm.sh VERSION FOLDER: the packages of Fedora and its kin, source and binary, from the
# archive of dist.sh in FOLDER, beside it.
set -eu

version=$1
folder=$(cd "$2" && pwd)
name=kernel-taint-exporter
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

mkdir "$work/SPECS" "$work/SOURCES"
cp "$folder/kernel_taint_exporter-$version.tar.gz" "$work/SOURCES"
SOURCE_DATE_EPOCH=$(stat -c %Y Makefile)
export SOURCE_DATE_EPOCH
sed "s/@VERSION@/$version/; s/@DATE@/$(LC_ALL=C date -u -d "@$SOURCE_DATE_EPOCH" '+%a %b %d %Y')/" \
	packaging/rpm/$name.spec.in >"$work/SPECS/$name.spec"

# Debian has neither the packages that the specification names nor systemd's macros.
set --
[ -e /etc/debian_version ] && set -- --nodeps --load "$PWD/packaging/rpm/macros.debian"
rpmbuild -ba --define "_topdir $work" "$@" "$work/SPECS/$name.spec"
find "$work/RPMS" "$work/SRPMS" -name '*.rpm' -exec mv {} "$folder" \;
