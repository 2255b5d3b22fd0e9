// SPDX-License-Identifier: Apache-2.0
// Alerts, one file for each kind. They all fire on over a missed scrape or a restart of the
// exporter.
{
  local config = $._config,

  prometheusAlerts+:: {
    groups+: [
      { name: 'kernel_taint_state', rules: (import 'state.libsonnet')(config) },
      { name: 'kernel_taint_new', rules: (import 'new.libsonnet')(config) },
      { name: 'kernel_taint_modules', rules: (import 'modules.libsonnet')(config) },
      { name: 'kernel_taint_integrity', rules: (import 'integrity.libsonnet')(config) },
      { name: 'kernel_taint_exporter', rules: (import 'exporter.libsonnet')(config) },
    ],
  },
}
