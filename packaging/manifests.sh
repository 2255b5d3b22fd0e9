#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# manifests.sh VERSION FOLDER: the chart for Helm, and what kustomize makes of the folder
# kubernetes/base, both of this version; the same bytes each time. HELM and KUBECTL name
# the programs.
set -eu

name=kernel-taint-exporter
version=$1
folder=$(mkdir -p "$2" && cd "$2" && pwd)
cd "$(dirname "$0")"
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

# Helm puts the times of the files into its archive, and so would tar.
"${HELM:-helm}" package --version "$version" --app-version "$version" \
	--destination "$work" helm >/dev/null
tar -C "$work" -xzf "$work/$name-$version.tgz"
tar -C "$work" --format=ustar --sort=name --owner=0 --group=0 --numeric-owner \
	--mode=u=rwX,go=rX --mtime="@${SOURCE_DATE_EPOCH:-0}" -cf "$work/chart.tar" "$name"
gzip -9n <"$work/chart.tar" >"$folder/$name-$version.tgz"

# Kustomize takes relative paths only.
cat >"$work/kustomization.yaml" <<END
resources:
  - $(realpath --relative-to="$work" kubernetes/base)
images:
  - name: registry.example.org/$name
    newTag: "$version"
END
"${KUBECTL:-kubectl}" kustomize "$work" >"$work/plain.yaml"
cp "$work/plain.yaml" "$folder/$name-$version.yaml"
