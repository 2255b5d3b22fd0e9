// SPDX-License-Identifier: Apache-2.0
// What happened since boot, for audits: only a reboot resolves these.
local common = import 'common.libsonnet';

function(config)
  local alert(name, taints, summary) = common.fact(
    config,
    name,
    config.severities[name],
    common.unlessMicrocode(
      config,
      taints,
      'instance_taint:kernel_taint_flag:max{taint=~%s}\n' %
      common.regex(common.alerting(config, taints))
    ),
    summary,
    'The kernel of {{ $labels.instance }} has the taint {{ $labels.taint }}, until it is rebooted.'
  );
  [
    alert('KernelTaintCrashed', config.crashTaints, 'A kernel crashed, or its hardware failed, since boot.'),
    alert('KernelTaintForced', config.forcedTaints, 'A module was loaded or unloaded by force since boot.'),
    alert('KernelTaintWarned', config.warningTaints, 'A kernel warned, or locked up, since boot.'),
    common.fact(
      config,
      'KernelTaintMicrocodeOutdated',
      config.severities.KernelTaintMicrocodeOutdated,
      'max by (%s) (kernel_taint_microcode_outdated{%s}) == 1\n' %
      [config.hostLabels, config.kernelTaintSelector],
      'A processor runs outdated microcode.',
      'The processors of {{ $labels.instance }} run microcode that its kernel knows to be outdated, until it is updated and the host is rebooted.'
    ),
  ]
