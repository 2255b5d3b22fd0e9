// SPDX-License-Identifier: Apache-2.0
// One host, or a few of them one below the other: every bit over time, what is set now and
// why, the modules, the walls, the log, and how well the exporter could see all this.
local panels = import 'panels.libsonnet';
local meanings = import 'taints.libsonnet';

function(common)
  local now(expr, legend='') = panels.now(common.expr(expr), legend);
  local range(expr, legend='') = panels.range(common.expr(expr), legend);
  local rows(expr) = panels.rows(common.expr(expr));
  local column = panels.column;

  local yesNo = panels.words('no', 'orange', 'yes', 'green');
  // Two stats in a line as high as the others.
  local wide = panels.size(6, 4);

  local taints = [
    panels.stat('Verdict', 'Whether the kernel has any taint.', [
      now('max(kernel_taint_mask{%(raw)s} > bool 0)'),
    ]) + panels.mapped(panels.words('clean', 'green', 'tainted', 'orange')),
    panels.stat('Mask', 'The number in /proc/sys/kernel/tainted.', [now('max(kernel_taint_mask{%(raw)s})')]),
    panels.stat(
      'Unexplained',
      'Taints of modules in the mask that no loaded module carries: it was unloaded, never finished to load, is hidden, or root wrote the bit.',
      [now('sum(kernel_taint_flag_unexplained{%(raw)s})')],
    ) + panels.alarming('orange'),
    panels.stat(
      'Contradicted',
      'Taints that a loaded module carries and the mask lacks: somebody changed the mask. Taints that this kernel keeps per module do not count.',
      [now(|||
        count(instance_taint:kernel_taint_flag_contradicted:max{%(host)s})
        or 0 * sum(kernel_taint_flag_contradicted{%(raw)s})
      |||)],
    ) + panels.alarming('red'),
    panels.stat('Hidden modules', 'Modules that sysfs shows as loaded and /proc/modules does not list.', [
      now('max(kernel_taint_modules_hidden{%(raw)s})'),
    ]) + panels.alarming('red'),
    panels.stat(
      'Disagreeing modules',
      'Modules to which sysfs and /proc/modules give different taints.',
      [now('max(kernel_taint_modules_disagreeing{%(raw)s})')],
    ) + panels.alarming('orange'),

    panels.states(
      'Taints over time',
      'Every bit that this kernel knows, and unknown ones that are set. A taint stays until the host reboots.',
      [range('max by (taint) (kernel_taint_flag{%(raw)s})', '{{taint}}')],
    ) + panels.mapped(panels.words('clear', 'green', 'set', 'orange')) + panels.size(24, 14),

    panels.table(
      'Set now',
      'The taints that are set, what they mean, and whether a loaded module carries them.',
      [
        rows('label_replace(max by (bit, flag, taint) (kernel_taint_flag{%(raw)s} == 1), "meaning", "$1", "taint", "(.*)")'),
        rows(|||
          max by (bit, flag, taint) (
            kernel_taint_flag_unexplained{%(raw)s}
            and on (%(hostLabels)s, bit) kernel_taint_flag{%(raw)s} == 1
          )
        |||),
      ],
      [
        column('flag', 'Flag'),
        column('bit', 'Bit'),
        column('taint', 'Taint'),
        column('meaning', 'Meaning', { mappings: panels.texts(meanings) }),
        column('Value #B', 'Explained', {
          mappings: panels.words('by a loaded module', 'green', 'by no loaded module', 'orange')
                    + panels.nullAs('not set by modules'),
          'custom.cellOptions': { type: 'color-text' },
        }),
      ],
      hidden=['Value #A'],
    ),
    panels.table(
      'Firing alerts',
      'Alerts about this host that fire now.',
      [rows('max by (alertname, severity, taint, module) (ALERTS{%(host)s, alertname=~"KernelTaint.+", alertstate="firing"})')],
      [
        column('alertname', 'Alert'),
        column('severity', 'Severity'),
        column('taint', 'Taint'),
        column('module', 'Module'),
      ],
      hidden=['Value'],
    ),
  ];

  local modules = [
    panels.table(
      'Modules with taints',
      'The loaded modules that carry a taint, and what their files say. A module name links to the same module on other hosts. Empty cells are unknown: the collector for signatures is off, or there is no file.',
      common.moduleRows('%(raw)s', 'version, signature, signer, license, verified, path'),
      [
        common.moduleColumn,
        column('Value #A', 'Taints', { unit: 'locale' }),
        column('flags', 'Flags'),
        column('version', 'Version'),
        column('signature', 'Signature'),
        column('signer', 'Signer'),
        column('license', 'Licence'),
        column('verified', 'Verified'),
        column('Value #C', 'File on disk', common.fileDiffers),
        column('path', 'Path'),
      ],
      hidden=['Value #B', 'job', 'instance'],
    ) + panels.size(24, 10),
    panels.timeseries('Modules over time', 'Loaded modules that carry a taint, by what the kernel says of them.', [
      range('max(kernel_taint_modules_tainting{%(raw)s})', 'any taint'),
      range('max(kernel_taint_modules_proprietary{%(raw)s})', 'proprietary'),
      range('max(kernel_taint_modules_out_of_tree{%(raw)s})', 'out of tree'),
      range('max(kernel_taint_modules_unsigned{%(raw)s})', 'unsigned'),
    ]) + panels.size(8, 8),
    panels.bars('Module files', 'All loaded modules by the signature that their file holds, or why that is not known.', [
      now('sort_desc(max by (signature) (kernel_taint_module_files{%(raw)s}) > 0)', '{{signature}}'),
    ]) + panels.size(8, 8),
    panels.table(
      'Unloaded modules',
      'Modules that carried a taint and are no longer loaded. Needs the collector "unloaded", which is off by default.',
      [rows('max by (module, flags) (kernel_taint_unloaded_module{%(raw)s})')],
      [
        common.moduleColumn,
        column('flags', 'Flags'),
        column('Value', 'Times', { unit: 'locale' }),
      ],
    ) + panels.size(8, 8),
  ];

  local posture = [
    panels.name('Kernel', 'The release of the running kernel, and whose meaning of the bits applies to it.', [
      now('max by (release, dialect) (kernel_taint_kernel_info{%(raw)s})', '{{release}} ({{dialect}})'),
    ]) + panels.size(8, 4),
    panels.name('Lockdown', 'The lockdown mode in force. "hidden": the exporter cannot see it, as in a container without securityfs. No data: this kernel has no lockdown.', [
      now(|||
        max by (mode) (kernel_taint_lockdown{%(raw)s}) == 1
        or label_replace(
          max(kernel_taint_posture_visible{%(raw)s, reading="lockdown"}) == 0, "mode", "hidden", "", ""
        )
      |||, '{{mode}}'),
    ]),
    panels.stat('Secure Boot', 'Whether the kernel takes Secure Boot for enabled, read when the exporter started. "hidden": the exporter cannot see it, as in a container without /sys/firmware. No data: no EFI.', [
      now(|||
        max(kernel_taint_secure_boot{%(raw)s})
        or 2 + (max(kernel_taint_posture_visible{%(raw)s, reading="secure_boot"}) == 0)
      |||),
    ]) + panels.mapped(panels.words('no', 'orange', 'yes', 'green', two='hidden')),
    panels.stat('Signatures enforced', 'Whether the kernel refuses modules without a valid signature (module.sig_enforce).', [
      now('max(kernel_taint_module_signatures_enforced{%(raw)s})'),
    ]) + panels.mapped(yesNo),
    panels.stat('Panic mask', 'The taints that make the kernel panic (panic_on_taint), in hexadecimal; 0 is none.', [
      now('max(kernel_taint_panic_mask{%(raw)s})'),
    ]) + panels.unit('hex0x'),
    panels.stat('Microcode', 'Whether the processors run microcode that the kernel knows to be outdated: then it sets cpu_out_of_spec at boot. No data: the kernel does not say, as in virtual machines.', [
      now('max(kernel_taint_microcode_outdated{%(raw)s})'),
    ]) + panels.mapped(panels.words('not outdated', 'green', 'outdated', 'orange')),
    panels.stat('Module support', 'Whether this kernel was built with loadable modules.', [
      now('max(kernel_taint_module_support{%(raw)s})'),
    ]) + panels.mapped(panels.words('no', 'text', 'yes', 'text')),
    panels.stat('Module loading', 'Whether modules can still be loaded (kernel.modules_disabled).', [
      now('max(kernel_taint_module_loading_disabled{%(raw)s})'),
    ]) + panels.mapped(panels.words('possible', 'text', 'disabled until reboot', 'green')) + wide,
    panels.stat('Loaded modules', 'Modules in /proc/modules, in any state.', [
      now('max(kernel_taint_modules_loaded{%(raw)s})'),
    ]),
    panels.name('Exporter', 'The version of the exporter on this host.', [
      now('max by (version) (kernel_taint_exporter_build_info{%(raw)s})', '{{version}}'),
    ]) + wide,
  ];

  local counter(name, legend) =
    range('max(increase(kernel_taint_kernel_%s_total{%%(raw)s}[$__rate_interval]))' % name, legend);
  local events = [
    panels.events(
      'Kernel trouble',
      'What the kernel itself counts. Warnings of firmware count too, and set no taint; kernels before 6.16 count only warnings and oopses.',
      [
        counter('warnings', 'warnings'),
        counter('oopses', 'oopses'),
        counter('softlockups', 'soft lockups'),
        counter('hardlockups', 'hard lockups'),
        counter('rcu_stalls', 'RCU stalls'),
      ],
    ) + panels.size(8, 8),
    panels.events(
      'Log events',
      'Records of the kernel log that announce a taint, with the module, if it is one that taints. Needs the collector "log", which is off by default.',
      [
        range('sum by (event, module) (increase(kernel_taint_log_events_total{%(raw)s}[$__rate_interval]))', '{{event}} {{module}}'),
        range('max(increase(kernel_taint_log_lost_records_total{%(raw)s}[$__rate_interval]))', 'lost records'),
      ],
    ) + panels.size(8, 8),
    panels.table(
      'First log events',
      'When the log first announced each taint. Needs the collector "log", which is off by default.',
      [rows('1000 * min by (event, module) (kernel_taint_log_first_event_timestamp_seconds{%(raw)s})')],
      [
        column('Value', 'First seen', { unit: 'dateTimeAsIso' }),
        column('event', 'Event'),
        column('module', 'Module'),
      ],
      sortBy='First seen',
    ) + panels.size(8, 8),
  ];

  local health = [
    panels.states('Exporter and collectors over time', 'Whether the exporter could be scraped, and whether each collector could read all of its sources. What a collector could not read is unknown, not zero.', [
      range('max(up{%(raw)s})', 'exporter'),
      range('max by (collector) (kernel_taint_scrape_collector_success{%(raw)s})', '{{collector}}'),
    ]) + panels.mapped(panels.words('failing', 'red', 'succeeding', 'green')) + panels.size(12, 8),
    panels.timeseries('Collector durations', 'How long a scrape spent in each collector.', [
      range('max by (collector) (kernel_taint_scrape_collector_duration_seconds{%(raw)s})', '{{collector}}'),
    ]) + panels.unit('s'),
    panels.stat('Sandbox', 'The layers of its own sandbox that confine the exporter.', [
      now('max by (layer) (kernel_taint_exporter_sandbox{%(raw)s})', '{{layer}}'),
    ]) + panels.mapped(panels.words('not in force', 'orange', 'in force', 'green')) + panels.size(8, 6),
    panels.timeseries('Exporter CPU', 'Processor time that the exporter uses.', [
      range('max(rate(process_cpu_seconds_total{%(raw)s}[$__rate_interval]))', 'CPU'),
    ]) + panels.unit('percentunit') + panels.size(8, 6),
    panels.timeseries('Exporter memory', 'Memory of the exporter that is resident.', [
      range('max(process_resident_memory_bytes{%(raw)s})', 'resident'),
    ]) + panels.unit('bytes') + panels.size(8, 6),
  ];

  common.dashboard(
    'host',
    'Host',
    'Every taint of a host over time, what set it, its modules, and what its kernel allows.',
    [common.job, common.instance + common.some],
    [panels.row('$instance') { repeat: 'instance' }] + taints + modules + posture + events + health,
  )
