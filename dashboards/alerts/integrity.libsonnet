// SPDX-License-Identifier: Apache-2.0
// Facts that do not fit together, and doors that stand open.
local common = import 'common.libsonnet';

function(config)
  local selector = config.kernelTaintSelector;
  local host = config.hostLabels;
  local alert(name, expr, summary, description) =
    common.fact(config, name, config.severities[name], expr, summary, description);
  local except(taints) =
    (if taints == [] then '' else '{taint!~%s}' % common.regex(taints)) + '\n';

  // Hosts that should enforce signatures: Secure Boot is on, or the site names them. A
  // reading that is hidden from the exporter is neither on nor off.
  local secureBoot = 'kernel_taint_secure_boot{%s} == 1' % selector;
  local named = 'kernel_taint_module_support{%s, %s} == 1' % [selector, config.enforcedSelector];
  local hasNames = config.enforcedSelector != '';
  local hidden(reading) = 'kernel_taint_posture_visible{%s, reading="%s"} == 0' % [selector, reading];
  local enforcement = {
    host: host,
    selector: selector,
    must: if hasNames then '%s or %s' % [secureBoot, named] else secureBoot,
    unlessNamed: if hasNames then ' unless on (%s) %s' % [host, named] else '',
    secureBootHidden: hidden('secure_boot'),
    lockdownHidden: hidden('lockdown'),
  };
  // Without those that refuse unsigned modules, or all, whatever is hidden.
  local unlessEnforced = |||
    unless on (%(host)s) (
        kernel_taint_module_signatures_enforced{%(selector)s} == 1
      or
        kernel_taint_module_loading_disabled{%(selector)s} == 1
      or
        kernel_taint_lockdown{%(selector)s, mode!="none"} == 1
    )
  ||| % enforcement;
  [
    alert(
      'KernelTaintUnexplained',
      'instance_taint:kernel_taint_flag_unexplained:max' + except(config.ignoredTaints),
      'A kernel has a taint of a module that is not there.',
      'The kernel of {{ $labels.instance }} has the taint {{ $labels.taint }}, and no loaded module carries it.'
    ),
    alert(
      'KernelTaintContradicted',
      'instance_taint:kernel_taint_flag_contradicted:max' + except(config.ignoredContradictions),
      'A taint mask lacks what a loaded module carries.',
      'On {{ $labels.instance }} a loaded module carries the taint {{ $labels.taint }}, and the mask does not have it.'
    ),
    alert(
      'KernelTaintHiddenModule',
      'max by (%s) (kernel_taint_modules_hidden{%s}) > 0\n' % [host, selector],
      'A loaded module is hidden from /proc/modules.',
      'On {{ $labels.instance }} sysfs shows {{ $value }} loaded module(s) that /proc/modules does not list.'
    ),
    alert(
      'KernelTaintModulesDisagree',
      'max by (%s) (kernel_taint_modules_disagreeing{%s}) > 0\n' % [host, selector],
      'The taints of a module are told in two ways.',
      'On {{ $labels.instance }} sysfs and /proc/modules name different taints for {{ $value }} module(s).'
    ),
    alert(
      'KernelTaintSignaturesNotEnforced',
      |||
        max by (%(host)s) (%(must)s)
        and on (%(host)s)
          kernel_taint_module_support{%(selector)s} == 1
        and on (%(host)s)
          kernel_taint_scrape_collector_success{%(selector)s, collector="posture"} == 1
        unless on (%(host)s)
          %(lockdownHidden)s
      ||| % enforcement + unlessEnforced,
      'A kernel that should enforce module signatures does not.',
      'The kernel of {{ $labels.instance }} loads modules without a signature: neither sig_enforce nor lockdown is on.'
    ),
    // One alert for a fleet: where exporters run in pods, it is true of all of them.
    alert(
      'KernelTaintPostureHidden',
      'count by (%s) (\n' % config.fleetLabels +
      common.indented(|||
        (
            group by (%(host)s) (%(secureBootHidden)s)%(unlessNamed)s
          or
            group by (%(host)s) (%(must)s) and on (%(host)s) %(lockdownHidden)s
        )
        and on (%(host)s)
          kernel_taint_module_support{%(selector)s} == 1
      ||| % enforcement + unlessEnforced) +
      ')\n',
      'Secure Boot or lockdown is hidden from exporters.',
      'Secure Boot or lockdown is hidden from {{ $value }} exporter(s). Whether those kernels should enforce module signatures, and whether they do, is unknown.'
    ),
    alert(
      'KernelTaintModuleFileDiffers',
      'max by (%s, module) (kernel_taint_module_file_differs{%s}) == 1\n' % [host, selector],
      'The file of a module is not what is loaded.',
      'On {{ $labels.instance }} the file of the module {{ $labels.module }} is not what is loaded.'
    ),
  ]
