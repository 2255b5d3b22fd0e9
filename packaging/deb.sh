#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# deb.sh VERSION FOLDER: the packages of Debian, source and binary, from the archive of
# dist.sh in FOLDER, beside it.
set -eu

version=$1
folder=$(cd "$2" && pwd)
source=prometheus-kernel-taint-exporter
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

cp "$folder/kernel_taint_exporter-$version.tar.gz" "$work/${source}_$version.orig.tar.gz"
mkdir "$work/$source-$version"
cd "$work/$source-$version"
tar --extract --strip-components=1 --file="../${source}_$version.orig.tar.gz"
cp -a packaging/debian debian

SOURCE_DATE_EPOCH=$(stat -c %Y Makefile)
export SOURCE_DATE_EPOCH
sed "s/@VERSION@/$version/; s/@DATE@/$(date -Ru -d "@$SOURCE_DATE_EPOCH")/" \
	debian/changelog.in >debian/changelog
rm debian/changelog.in

dpkg-buildpackage --no-sign --jobs=auto
cd ..
mv "${source}"*_"$version"* "$folder"
