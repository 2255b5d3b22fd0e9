// SPDX-License-Identifier: Apache-2.0
// What a site may want to change. Everything else follows from it.

// Examples of modules that many hosts load on purpose.
local nvidia = ['nvidia.*'];
local zfs = ['zfs', 'icp', 'zavl', 'zcommon', 'zlua', 'znvpair', 'zunicode', 'zzstd'];
local spl = ['spl'];  // beside zfs, under the GPL
local vbox = ['vbox.*'];

{
  _config+:: {
    // Which series are the exporter's: PromQL matchers, at least one.
    kernelTaintSelector: 'job="kernel_taint"',

    // The labels that tell hosts apart, and those that tell fleets apart; with several
    // clusters in one Prometheus 'cluster, job, instance' and 'cluster, job'.
    hostLabels: 'job, instance',
    fleetLabels: 'job',

    // How long a taint is new, and its alert fires. A host that was silent for longer,
    // and comes back tainted, has no new taint.
    newTaintWindow: '15m',

    // How long a fact must hold before its alert fires (not for new taints), and how long
    // the alert fires on when the host says nothing: both longer than two scrapes.
    alertFor: '5m',
    keepFiringFor: '5m',

    // Taints by what their alerts say. Those in no list, and unknown ones, are told when
    // they are new.
    crashTaints: ['die', 'bad_page', 'machine_check'],
    forcedTaints: ['forced_module', 'forced_rmmod'],
    warningTaints: ['softlockup', 'warn'],

    // Taints whose being set never alerts, explained or not: what distributions set on their
    // own hosts, and tests. A mask that lacks one of them was tampered with all the same.
    ignoredTaints: [
      'aux',
      'bit_by_zombie',
      'external_support',
      'hardware_unsupported',
      'no_support',
      'partner_supported',
      'support_removed',
      'tech_preview',
      'test',
      'unprivileged_bpf',
    ],

    // Taints that modules of the site's kernels carry although the mask lacks them. The rules
    // know those of SUSE's kernels already.
    ignoredContradictions: [],

    // One alert a row: modules that carry `taint`, whose name is none of `allowed`, and, if
    // the row has `modules`, is one of these. All are regular expressions for the whole
    // name as /proc/modules spells it, with underscores for dashes. A module may call
    // itself what it likes: a name is no proof.
    moduleRules: [
      {
        alert: 'KernelTaintUnsignedModule',
        taint: 'unsigned_module',
        severity: 'warning',
        allowed: [],
      },
      {
        alert: 'KernelTaintProprietaryModule',
        taint: 'proprietary_module',
        severity: 'info',
        allowed: nvidia + zfs,
      },
      {
        alert: 'KernelTaintOutOfTreeModule',
        taint: 'oot_module',
        severity: 'info',
        allowed: nvidia + zfs + spl + vbox,
      },
    ],

    // critical: page now; warning: a ticket; info: look later.
    severities: {
      KernelTaintCrashed: 'warning',
      KernelTaintForced: 'warning',
      KernelTaintWarned: 'info',
      KernelTaintMicrocodeOutdated: 'info',
      KernelTaintNewCrash: 'critical',
      KernelTaintNewForced: 'warning',
      KernelTaintNewWarning: 'warning',
      KernelTaintNew: 'info',
      KernelTaintUnexplained: 'warning',
      KernelTaintContradicted: 'critical',
      KernelTaintHiddenModule: 'critical',
      KernelTaintModulesDisagree: 'warning',
      KernelTaintSignaturesNotEnforced: 'warning',
      KernelTaintPostureHidden: 'info',
      KernelTaintModuleFileDiffers: 'info',
      KernelTaintExporterDown: 'warning',
      KernelTaintCollectorFailed: 'warning',
      KernelTaintHostMissing: 'warning',
      KernelTaintAbsent: 'warning',
    },

    // Hosts that must enforce module signatures although Secure Boot is off: matchers of
    // target labels, such as 'env="production"'. Empty: none.
    enforcedSelector: '',

    // Who should be scraped: any PromQL expression with an `instance`, whose port does not
    // matter, such as 'up{job="node"}'. As it is: who was scraped an hour ago.
    expectedHosts: 'up{%s} offset 1h' % self.kernelTaintSelector,

    // Where RUNBOOKS.md is read; %s becomes the alert's section.
    runbookURLPattern: 'https://example.org/kernel_taint_exporter/dashboards/RUNBOOKS.md#%s',

    dashboardNamePrefix: 'Kernel taint / ',
    dashboardTags: ['kernel-taint'],
    dashboardUids: {
      fleet: 'kernel-taint-fleet',
      host: 'kernel-taint-host',
      modules: 'kernel-taint-modules',
    },
  },
}
