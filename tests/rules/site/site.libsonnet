// SPDX-License-Identifier: Apache-2.0
// A site with its own wishes: two clusters in one Prometheus, hosts that another job knows,
// allowed names that no module should have, processors that are taken seriously.
(import 'mixin.libsonnet') + {
  _config+:: {
    kernelTaintSelector: 'job=~"kernel_taint|bare \\"metal\\"", cluster!=""',
    hostLabels: 'cluster, job, instance',
    fleetLabels: 'cluster, job',
    newTaintWindow: '30m',
    ignoredTaints+: self.crashTaints,
    ignoredContradictions: ['livepatch'],
    warningTaints+: ['cpu_out_of_spec'],
    expectedHosts: 'up{job="node"}',
    enforcedSelector: 'env="production"',
    runbookURLPattern: 'https://wiki.example.org/runbooks?page=%s',
    moduleRules: [
      {
        alert: 'SiteUnsignedModule',
        taint: 'unsigned_module',
        severity: 'warning',
        allowed: ['q"uote', 'back\\\\slash', 'dot\\.ko', "apo'strophe", 'new\nline', '%s', '$1', '{{ x }}', 'ü+'],
      },
      {
        alert: 'SiteForbiddenModule',
        taint: 'oot_module',
        severity: 'critical',
        modules: ['evil_.*', 'rootkit'],
        allowed: ['evil_but_known'],
      },
      // Never alerts: its taint is ignored.
      { alert: 'SiteIgnored', taint: 'die', severity: 'critical', allowed: [] },
    ],
  },
}
