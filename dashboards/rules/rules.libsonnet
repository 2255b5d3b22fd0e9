// SPDX-License-Identifier: Apache-2.0
// Recording rules: what dashboards and alerts would otherwise compute from every series.
// They know taints by name only, so hosts of any distribution count together.
local rule(record, expr) = { record: record, expr: expr };

{
  local config = $._config,

  // How many hosts have series EXPR, by LABELS. A host may be there twice for a moment, as
  // when its target labels change.
  local hosts(labels, expr) = |||
    count by (%(fleetLabels)s, %(labels)s) (
      group by (%(hostLabels)s, %(labels)s) (
        %(expr)s
      )
    )
  ||| % (config { labels: labels, expr: expr % config }),

  // Taints that a module of SUSE's kernels may carry without tainting the kernel, and in which
  // releases: 6.4 and later, and 3.0 to 4.4.
  local perModule = {
    external_support: @'(6\.([4-9]|[1-9][0-9]+)|([7-9]|[1-9][0-9]+)\.[0-9]+)[^0-9].*',
    no_support: @'(3\.[0-9]+|4\.[0-4])[^0-9].*',
  },
  // The hosts with these kernels, as series of each taint.
  local perModuleHosts = std.join('\n  or\n', [
    '    label_replace(kernel_taint_kernel_info{%s, dialect="suse", release=~%s}, "taint", "%s", "", "")'
    % [config.kernelTaintSelector, std.escapeStringJson(perModule[taint]), taint]
    for taint in std.objectFields(perModule)
  ]),

  prometheusRules+:: {
    groups+: [
      {
        name: 'kernel_taint_hosts.rules',
        rules: [
          rule('instance:kernel_taint_mask:max', |||
            max by (%(hostLabels)s) (kernel_taint_mask{%(kernelTaintSelector)s})
          ||| % config),

          // Of set bits only: few. Two bits that are unknown are one taint, "unknown".
          rule('instance_taint:kernel_taint_flag:max', |||
            max by (%(hostLabels)s, taint) (kernel_taint_flag{%(kernelTaintSelector)s} == 1)
          ||| % config),

          // Set now, and not at every evaluation of the window that saw the host: so neither
          // a host that is first seen tainted has news, nor one that missed a scrape. A scrape
          // that fails between the two rules above is no news either: the mask must have
          // changed.
          rule('instance_taint:kernel_taint_flag:new', |||
            instance_taint:kernel_taint_flag:max
            and (
                count_over_time(instance_taint:kernel_taint_flag:max[%(newTaintWindow)s])
              < on (%(hostLabels)s) group_left ()
                count_over_time(instance:kernel_taint_mask:max[%(newTaintWindow)s])
            )
            and on (%(hostLabels)s)
              changes(instance:kernel_taint_mask:max[%(newTaintWindow)s]) > 0
          ||| % config),

          rule('instance_taint:kernel_taint_flag_unexplained:max', |||
            max by (%(hostLabels)s, taint) (kernel_taint_flag_unexplained{%(kernelTaintSelector)s} == 1)
          ||| % config),

          // Older exporters have series for SUSE's taints that modules carry by themselves, too.
          rule('instance_taint:kernel_taint_flag_contradicted:max', |||
            max by (%(hostLabels)s, taint) (kernel_taint_flag_contradicted{%(kernelTaintSelector)s} == 1)
            unless on (%(hostLabels)s, taint) (
            %(perModuleHosts)s
            )
          ||| % (config { perModuleHosts: perModuleHosts })),
        ],
      },
      {
        name: 'kernel_taint_fleet.rules',
        rules: [
          rule('job:kernel_taint_hosts:count', |||
            count by (%(fleetLabels)s) (instance:kernel_taint_mask:max)
          ||| % config),
          rule('job:kernel_taint_hosts_tainted:count', |||
            sum by (%(fleetLabels)s) (instance:kernel_taint_mask:max > bool 0)
          ||| % config),
          rule('job:kernel_taint_hosts_tainted:ratio', |||
            job:kernel_taint_hosts_tainted:count / job:kernel_taint_hosts:count
          |||),
          rule('job_taint:kernel_taint_hosts_tainted:count', |||
            count by (%(fleetLabels)s, taint) (instance_taint:kernel_taint_flag:max)
          ||| % config),
          rule('job_taint:kernel_taint_hosts_unexplained:count', |||
            count by (%(fleetLabels)s, taint) (instance_taint:kernel_taint_flag_unexplained:max)
          ||| % config),

          rule('job_dialect_release:kernel_taint_hosts:count', hosts(
            'dialect, release', 'kernel_taint_kernel_info{%(kernelTaintSelector)s}'
          )),
          // A release without a tainted host is 0, not missing.
          rule('job_dialect_release:kernel_taint_hosts_tainted:count', |||
            sum by (%(fleetLabels)s, dialect, release) (
                group by (%(hostLabels)s, dialect, release) (
                  kernel_taint_kernel_info{%(kernelTaintSelector)s}
                )
              * on (%(hostLabels)s) group_left ()
                (instance:kernel_taint_mask:max > bool 0)
            )
          ||| % config),
          rule('job_dialect:kernel_taint_hosts:count', |||
            sum by (%(fleetLabels)s, dialect) (job_dialect_release:kernel_taint_hosts:count)
          ||| % config),
          rule('job_dialect:kernel_taint_hosts_tainted:count', |||
            sum by (%(fleetLabels)s, dialect) (job_dialect_release:kernel_taint_hosts_tainted:count)
          ||| % config),

          rule('job_module:kernel_taint_hosts:count', hosts(
            'module', 'kernel_taint_module{%(kernelTaintSelector)s}'
          )),
          rule('job_module_taint:kernel_taint_hosts:count', hosts(
            'module, taint', 'kernel_taint_module{%(kernelTaintSelector)s}'
          )),
          rule('job_module_version_signature_signer_license:kernel_taint_hosts:count', hosts(
            'module, version, signature, signer, license',
            'kernel_taint_module_info{%(kernelTaintSelector)s, flags!=""}'
          )),

          rule('job:kernel_taint_exporters:count', |||
            count by (%(fleetLabels)s) (up{%(kernelTaintSelector)s})
          ||| % config),
          rule('job:kernel_taint_exporters_up:sum', |||
            sum by (%(fleetLabels)s) (up{%(kernelTaintSelector)s})
          ||| % config),
          rule('job_collector:kernel_taint_hosts_failing:count', hosts(
            'collector', 'kernel_taint_scrape_collector_success{%(kernelTaintSelector)s} == 0'
          )),
        ] + [
          rule('job:%s:sum' % family, |||
            sum by (%(fleetLabels)s) (
              max by (%(hostLabels)s) (%(family)s{%(kernelTaintSelector)s})
            )
          ||| % config { family: family })
          for family in [
            'kernel_taint_modules_unsigned',
            'kernel_taint_modules_proprietary',
            'kernel_taint_modules_out_of_tree',
          ]
        ],
      },
    ],
  },
}
