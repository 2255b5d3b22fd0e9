#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# image.sh VERSION FOLDER: the image of a container, from the archive of dist.sh in FOLDER,
# beside it. The libraries in it are those of this machine, which is a Debian.
set -eu

version=$1
folder=$(cd "$2" && pwd)
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

cd "$work"
tar --extract --strip-components=1 --file="$folder/kernel_taint_exporter-$version.tar.gz"
SOURCE_DATE_EPOCH=$(stat -c %Y Makefile)
export SOURCE_DATE_EPOCH

# Wherever else things are built, here it is the same for all.
make --jobs=2 OUT=build
strip build/kernel_taint_exporter
/usr/bin/python3 packaging/image/image.py build/kernel_taint_exporter \
	"$version" "$(cat .revision)" "$folder"
