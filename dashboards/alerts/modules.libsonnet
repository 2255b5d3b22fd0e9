// SPDX-License-Identifier: Apache-2.0
// Modules outside of what a site allows, one alert for each row of moduleRules.
local common = import 'common.libsonnet';

local facts = {
  unsigned_module: 'whose signature the kernel could not verify',
  proprietary_module: 'whose licence is not compatible with the GPL',
  oot_module: "that was built outside of the kernel's tree",
};

function(config)
  local matcher(operator, alternatives) =
    if std.length(alternatives) == 0 then ''
    else ', module%s%s' % [operator, common.regex(alternatives)];
  [
    common.fact(
      config,
      row.alert,
      row.severity,
      |||
        max by (%s, module, taint) (
          kernel_taint_module{%s, taint="%s"%s%s}
        )
      ||| % [
        config.hostLabels,
        config.kernelTaintSelector,
        row.taint,
        matcher('=~', std.get(row, 'modules', [])),
        matcher('!~', row.allowed),
      ],
      'A module is loaded that is not allowed.',
      'The kernel of {{ $labels.instance }} has the module {{ $labels.module }} loaded, %s.' %
      std.get(facts, row.taint, 'which carries the taint {{ $labels.taint }}')
    )
    for row in config.moduleRules
    if !std.member(config.ignoredTaints, row.taint)
  ]
