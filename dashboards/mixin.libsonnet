// SPDX-License-Identifier: Apache-2.0
// The monitoring mixin: what its users import, and put their own _config over.
(import 'config.libsonnet') +
(import 'rules/rules.libsonnet') +
(import 'alerts/alerts.libsonnet') +
(import 'dashboards/dashboards.libsonnet')
