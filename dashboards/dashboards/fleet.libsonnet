// SPDX-License-Identifier: Apache-2.0
// The fleet: how much of it is tainted, by what, since when, and which hosts need a look.
// Reads recording rules, or series of which a host has one.
local panels = import 'panels.libsonnet';

function(common)
  local now(expr, legend='') = panels.now(common.expr(expr), legend);
  local range(expr, legend='') = panels.range(common.expr(expr), legend);
  local rows(expr) = panels.rows(common.expr(expr));
  local column = panels.column;

  // What no host has is 0, as long as there are hosts.
  local orZero(expr) = '%s\nor 0 * sum(instance:kernel_taint_mask:max{%%(host)s})' % expr;

  // When taints were new: a look at every fifth minute of the range, and one at now.
  local new = 'timestamp(instance_taint:kernel_taint_flag:new{%(host)s})';
  local newNow = 'max by (%%(hostLabels)s, taint) (%s)' % new;
  local newOver(which) =
    '%s by (%%(hostLabels)s, taint) (%s_over_time(%s[$__range:5m]))' % [which, which, new];

  local fleet = [
    panels.row('The fleet'),

    panels.stat('Hosts', 'Hosts whose kernel tells its taints.', [
      now('sum(job:kernel_taint_hosts:count{%(fleet)s})'),
    ]),
    panels.stat('Tainted hosts', 'Hosts that have at least one taint.', [
      now('sum(job:kernel_taint_hosts_tainted:count{%(fleet)s})'),
    ]),
    panels.stat('Tainted share', 'The share of the hosts that have at least one taint.', [
      now(|||
        sum(job:kernel_taint_hosts_tainted:count{%(fleet)s})
        / sum(job:kernel_taint_hosts:count{%(fleet)s})
      |||),
    ]) + panels.unit('percentunit'),
    panels.stat(
      'Unsigned modules',
      'Loaded modules that the kernel could not verify, each once for every host.',
      [now('sum(job:kernel_taint_modules_unsigned:sum{%(fleet)s})')],
    ),
    panels.stat(
      'Proprietary modules',
      'Loaded modules that the kernel marks proprietary, each once for every host.',
      [now('sum(job:kernel_taint_modules_proprietary:sum{%(fleet)s})')],
    ),
    panels.stat(
      'Out-of-tree modules',
      'Loaded modules that were built outside of the kernel tree, each once for every host.',
      [now('sum(job:kernel_taint_modules_out_of_tree:sum{%(fleet)s})')],
    ),

    panels.timeseries('Tainted hosts over time', 'All hosts, and those that have at least one taint.', [
      range('sum(job:kernel_taint_hosts:count{%(fleet)s})', 'hosts'),
      range('sum(job:kernel_taint_hosts_tainted:count{%(fleet)s})', 'tainted'),
    ]),
    panels.timeseries(
      'Taints over time',
      'Hosts by taint. A host with several taints counts for each. A step up is an event in the fleet, such as a driver that was rolled out.',
      [range('sum by (taint) (job_taint:kernel_taint_hosts_tainted:count{%(fleet)s})', '{{taint}}')],
    ),

    panels.bars(
      'Hosts by taint',
      'How many hosts have each taint now, whatever bit it is on their kernels.',
      [now('sort_desc(sum by (taint) (job_taint:kernel_taint_hosts_tainted:count{%(fleet)s}))', '{{taint}}')],
    ) + panels.size(8, 10),
    panels.bars(
      'Top modules',
      'The modules that carry a taint on most hosts. A bar links to the module.',
      [now('topk(15, sum by (module) (job_module:kernel_taint_hosts:count{%(fleet)s}))', '{{module}}')],
    ) + panels.linked(common.moduleLabelLink) + panels.size(8, 10),
    panels.bars(
      'Tainted share by dialect',
      'The share of tainted hosts among those whose taint bits have the same meaning: mainline, or a distribution of its own.',
      [now(|||
        sort_desc(
          sum by (dialect) (job_dialect:kernel_taint_hosts_tainted:count{%(fleet)s})
          / sum by (dialect) (job_dialect:kernel_taint_hosts:count{%(fleet)s})
        )
      |||, '{{dialect}}')],
    ) + panels.unit('percentunit') + { fieldConfig+: { defaults+: { max: 1 } } } + panels.size(8, 10),

    panels.table(
      'Kernel releases',
      'Hosts by the kernel that they run. A release whose hosts are all tainted hints at the kernel itself, or at a driver built for it.',
      [
        rows('sum by (dialect, release) (job_dialect_release:kernel_taint_hosts:count{%(fleet)s})'),
        rows('sum by (dialect, release) (job_dialect_release:kernel_taint_hosts_tainted:count{%(fleet)s})'),
        rows(|||
          sum by (dialect, release) (job_dialect_release:kernel_taint_hosts_tainted:count{%(fleet)s})
          / sum by (dialect, release) (job_dialect_release:kernel_taint_hosts:count{%(fleet)s})
        |||),
      ],
      [
        column('release', 'Release'),
        column('dialect', 'Dialect'),
        column('Value #A', 'Hosts', { unit: 'locale' }),
        column('Value #B', 'Tainted', { unit: 'locale' }),
        column('Value #C', 'Share', { unit: 'percentunit' }),
      ],
      sortBy='Hosts',
    ),
    panels.timeseries(
      'Third-party modules over time',
      'Loaded modules by what the kernel says of them, each once for every host. One module may count for all three.',
      [
        range('sum(job:kernel_taint_modules_unsigned:sum{%(fleet)s})', 'unsigned'),
        range('sum(job:kernel_taint_modules_proprietary:sum{%(fleet)s})', 'proprietary'),
        range('sum(job:kernel_taint_modules_out_of_tree:sum{%(fleet)s})', 'out of tree'),
      ],
    ),
  ];

  local findings = [
    panels.row('Hosts that need a look'),

    panels.stat('New taints', 'Taints that were set within the last minutes, each once for every host.', [
      now(orZero('count(instance_taint:kernel_taint_flag:new{%(host)s})')),
    ]) + panels.alarming('orange') + panels.size(6, 4),
    panels.stat(
      'Hosts with unexplained taints',
      'Hosts whose mask has a taint of modules that no loaded module carries: it was unloaded, never finished to load, is hidden, or root wrote the bit.',
      [now(orZero('count(group by (%(hostLabels)s) (instance_taint:kernel_taint_flag_unexplained:max{%(host)s}))'))],
    ) + panels.alarming('orange') + panels.size(6, 4),
    panels.stat(
      'Hosts with contradicted masks',
      'Hosts where a loaded module carries a taint that the mask lacks: somebody changed the mask. Taints that their kernels keep per module do not count.',
      [now(orZero('count(group by (%(hostLabels)s) (instance_taint:kernel_taint_flag_contradicted:max{%(host)s}))'))],
    ) + panels.alarming('red') + panels.size(6, 4),
    panels.stat('Hosts with hidden modules', 'Hosts where sysfs shows a loaded module that /proc/modules does not list.', [
      now('sum(kernel_taint_modules_hidden{%(raw)s} > bool 0)'),
    ]) + panels.alarming('red') + panels.size(6, 4),

    panels.table(
      'Newest changes',
      'Taints that became set in the time range: when they were first and last seen to be new, to within five minutes. A taint is new for some minutes, and again after a reboot.',
      [
        rows('1000 * (%s or %s)' % [newOver('min'), newNow]),
        rows('1000 * (%s or %s)' % [newNow, newOver('max')]),
      ],
      [
        column('Value #B', 'Last new', { unit: 'dateTimeAsIso' }),
        column('Value #A', 'First new', { unit: 'dateTimeAsIso' }),
        common.hostColumn,
        common.taintColumn,
        common.jobColumn,
      ],
      sortBy='Last new',
    ),
    panels.table(
      'Hosts with most taints',
      'The hundred hosts that have most taints.',
      [rows('topk(100, count by (%(hostLabels)s) (instance_taint:kernel_taint_flag:max{%(host)s}))')],
      [common.hostColumn, column('Value', 'Taints', { unit: 'locale' }), common.jobColumn],
      sortBy='Taints',
    ),
    panels.table(
      'Unexplained taints',
      'Taints of modules that no loaded module explains.',
      [rows('max by (%(hostLabels)s, taint) (instance_taint:kernel_taint_flag_unexplained:max{%(host)s})')],
      [common.hostColumn, common.taintColumn, common.jobColumn],
      hidden=['Value'],
    ) + panels.size(8, 8),
    panels.table(
      'Contradicted taints',
      'Taints that a loaded module carries and the mask lacks, but for those that the kernel keeps per module.',
      [rows('max by (%(hostLabels)s, taint) (instance_taint:kernel_taint_flag_contradicted:max{%(host)s})')],
      [common.hostColumn, common.taintColumn, common.jobColumn],
      hidden=['Value'],
    ) + panels.size(8, 8),
    panels.table(
      'Hidden and disagreeing modules',
      'Hosts where /proc/modules lacks modules that sysfs shows as loaded, or where the two give a module different taints.',
      [rows(|||
        max by (%(hostLabels)s, finding) (
          label_replace(kernel_taint_modules_hidden{%(raw)s} > 0, "finding", "hidden", "", "")
          or label_replace(kernel_taint_modules_disagreeing{%(raw)s} > 0, "finding", "disagreeing", "", "")
        )
      |||)],
      [
        common.hostColumn,
        column('finding', 'Finding'),
        column('Value', 'Modules', { unit: 'locale' }),
        common.jobColumn,
      ],
    ) + panels.size(8, 8),
    panels.timeseries('Unexplained taints over time', 'Hosts with a taint that no loaded module explains, by taint.', [
      range('sum by (taint) (job_taint:kernel_taint_hosts_unexplained:count{%(fleet)s})', '{{taint}}'),
    ]) + panels.size(24, 8),
  ];

  local health = [
    panels.row('The exporters'),

    panels.timeseries('Exporters', 'Exporters that could be scraped, and those that could not.', [
      range('sum(job:kernel_taint_exporters_up:sum{%(fleet)s})', 'up'),
      range(|||
        sum(job:kernel_taint_exporters:count{%(fleet)s})
        - sum(job:kernel_taint_exporters_up:sum{%(fleet)s})
      |||, 'down'),
    ]),
    panels.timeseries(
      'Hosts with a failing collector',
      'Hosts where a collector could not read all of its sources, by collector: what it would say is unknown there. Empty when all succeed.',
      [range('sum by (collector) (job_collector:kernel_taint_hosts_failing:count{%(fleet)s})', '{{collector}}')],
    ),
    panels.table(
      'Exporters that are down',
      'Targets that could not be scraped: nothing is known of their hosts now.',
      [rows('max by (%(hostLabels)s) (up{%(raw)s}) == 0')],
      [common.hostColumn, common.jobColumn],
      hidden=['Value'],
    ),
    panels.bars('Exporter versions', 'Exporters by version and architecture.', [
      now('sort_desc(count by (version, arch) (kernel_taint_exporter_build_info{%(raw)s}))', '{{version}} {{arch}}'),
    ]),
  ];

  common.dashboard(
    'fleet',
    'Fleet',
    'How many hosts have a tainted kernel, by what, since when, and which of them need a look.',
    [common.job, common.instance],
    fleet + findings + health,
  )
