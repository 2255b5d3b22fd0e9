#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# dist.sh VERSION FOLDER: the archive of the sources as they are committed, the same
# whenever and wherever it is made from a commit. It knows its revision by .revision.
set -eu

name=kernel_taint_exporter-$1
revision=$(git rev-parse --verify HEAD)
mkdir -p "$2"
git archive --format=tar --prefix="$name/" \
	--add-virtual-file="$name/.revision:$revision" HEAD | gzip -9n >"$2/$name.tar.gz"
