// SPDX-License-Identifier: Apache-2.0
// The Grafana dashboards, by the names of their files.
{
  local common = (import 'common.libsonnet')($._config),

  grafanaDashboards+:: {
    'kernel-taint-fleet.json': (import 'fleet.libsonnet')(common),
    'kernel-taint-host.json': (import 'host.libsonnet')(common),
    'kernel-taint-modules.json': (import 'modules.libsonnet')(common),
  },
}
