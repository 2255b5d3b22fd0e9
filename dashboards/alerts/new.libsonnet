// SPDX-License-Identifier: Apache-2.0
// What just happened: these resolve when the taint is no longer new.
local common = import 'common.libsonnet';

function(config)
  local told = config.crashTaints + config.forcedTaints + config.warningTaints;

  // A taint that an allowed module carries is no news. Where another one carries it too,
  // that one has its own alert. Modules are remembered over a missed scrape.
  local allowed = [
    '  last_over_time(kernel_taint_module{%s, taint="%s", module=~%s}[%s])\n' % [
      config.kernelTaintSelector,
      row.taint,
      common.regex(row.allowed),
      config.keepFiringFor,
    ]
    for row in config.moduleRules
    if std.length(row.allowed) > 0
  ];
  local unlessAllowed =
    if std.length(allowed) == 0 then ''
    else 'unless on (%s, taint) (\n%s)\n' % [config.hostLabels, std.join('  or\n', allowed)];

  local alert(name, expr, summary) = common.event(
    config,
    name,
    config.severities[name],
    expr,
    summary,
    'The kernel of {{ $labels.instance }} has got the taint {{ $labels.taint }} within the last %s.' %
    config.newTaintWindow
  );
  local listed(taints) = common.unlessMicrocode(
    config,
    taints,
    'instance_taint:kernel_taint_flag:new{taint=~%s}\n' %
    common.regex(common.alerting(config, taints))
  );
  [
    alert('KernelTaintNewCrash', listed(config.crashTaints), 'A kernel crashed, or its hardware failed, just now.'),
    alert('KernelTaintNewForced', listed(config.forcedTaints), 'A module was loaded or unloaded by force just now.'),
    alert('KernelTaintNewWarning', listed(config.warningTaints), 'A kernel warned, or locked up, just now.'),
    alert(
      'KernelTaintNew',
      common.unlessMicrocode(
        config,
        ['cpu_out_of_spec'],
        'instance_taint:kernel_taint_flag:new{taint!~%s}\n' % common.regex(told + config.ignoredTaints) +
        unlessAllowed
      ),
      'A kernel became tainted just now.'
    ),
  ]
