// SPDX-License-Identifier: Apache-2.0
// The modules that carry taints: on how many hosts, in which versions, signed by whom; and
// of those that are chosen, the hosts that load them.
local panels = import 'panels.libsonnet';

function(common)
  local now(expr, legend='') = panels.now(common.expr(expr), legend);
  local range(expr, legend='') = panels.range(common.expr(expr), legend);
  local rows(expr) = panels.rows(common.expr(expr));
  local column = panels.column;

  local files = 'job_module_version_signature_signer_license:kernel_taint_hosts:count';

  // Hosts and modules by LABEL of the modules' files, that may be empty.
  local bars(title, description, label) = panels.bars(title, description, [
    now(
      'topk(15, label_replace(sum by (%s) (%s{%%(fleet)s}), "%s", "(none)", "%s", ""))'
      % [label, files, label, label],
      '{{%s}}' % label,
    ),
  ]) + panels.size(8, 8);

  local all = [
    panels.row('All modules with taints'),

    panels.stat('Different modules', 'Modules that carry a taint on a host, by name.', [
      now('count(group by (module) (job_module:kernel_taint_hosts:count{%(fleet)s}))'),
    ]) + panels.size(6, 4),
    panels.stat('Unsigned', 'Loaded modules that the kernel could not verify, each once for every host.', [
      now('sum(job:kernel_taint_modules_unsigned:sum{%(fleet)s})'),
    ]) + panels.size(6, 4),
    panels.stat('Proprietary', 'Loaded modules that the kernel marks proprietary, each once for every host.', [
      now('sum(job:kernel_taint_modules_proprietary:sum{%(fleet)s})'),
    ]) + panels.size(6, 4),
    panels.stat('Out of tree', 'Loaded modules that were built outside of the kernel tree, each once for every host.', [
      now('sum(job:kernel_taint_modules_out_of_tree:sum{%(fleet)s})'),
    ]) + panels.size(6, 4),

    panels.table(
      'Modules',
      'Each module that carries a taint: on how many hosts, and how many different versions and signers its files have.',
      [
        rows('sum by (module) (job_module:kernel_taint_hosts:count{%(fleet)s})'),
        rows('count by (module) (group by (module, version) (%s{%%(fleet)s}))' % files),
        rows('count by (module) (group by (module, signer) (%s{%%(fleet)s, signer!=""}))' % files),
      ],
      [
        common.moduleColumn,
        column('Value #A', 'Hosts', { unit: 'locale' }),
        column('Value #B', 'Versions', { unit: 'locale' }),
        column('Value #C', 'Signers', { unit: 'locale' }),
      ],
      sortBy='Hosts',
    ) + panels.size(12, 10),
    panels.table(
      'Modules by taint',
      'On how many hosts a module carries each taint.',
      [rows('sum by (module, taint) (job_module_taint:kernel_taint_hosts:count{%(fleet)s})')],
      [column('module\\taint', 'Module', { links: common.moduleLink })],
    ) + {
      fieldConfig+: { defaults+: { unit: 'locale' } },
      transformations: [{
        id: 'groupingToMatrix',
        options: { rowField: 'module', columnField: 'taint', valueField: 'Value', emptyValue: 'null' },
      }] + super.transformations,
    } + panels.size(12, 10),

    panels.timeseries('Top modules over time', 'The ten modules that carry a taint on most hosts now.', [
      range(|||
        sum by (module) (job_module:kernel_taint_hosts:count{%(fleet)s})
        and topk(10, sum by (module) (job_module:kernel_taint_hosts:count{%(fleet)s} @ end()))
      |||, '{{module}}'),
    ]),
    panels.timeseries('Modules by taint over time', 'Loaded modules that carry a taint, each once for every host.', [
      range('sum by (taint) (job_module_taint:kernel_taint_hosts:count{%(fleet)s})', '{{taint}}'),
    ]),

    bars('Signers', 'Who signed the files of these modules, each once for every host.', 'signer'),
    bars('Licences', 'The licences that these files name.', 'license'),
    bars('Signatures', 'What kind of signature these files hold. "none" is what the file says; "unsigned" is what the kernel says of what it loaded.', 'signature'),

    panels.table(
      'Module files',
      'What the files of the modules say of themselves, and on how many hosts they say so.',
      [rows('sum by (module, version, signature, signer, license) (%s{%%(fleet)s})' % files)],
      [
        common.moduleColumn,
        column('Value', 'Hosts', { unit: 'locale' }),
        column('version', 'Version'),
        column('signature', 'Signature'),
        column('signer', 'Signer'),
        column('license', 'Licence'),
      ],
      sortBy='Hosts',
    ) + panels.size(24, 10),
  ];

  local chosen = [
    panels.row('Chosen: $module'),

    panels.timeseries('Hosts by chosen module', 'How many hosts load a chosen module that carries a taint.', [
      range('sum by (module) (job_module:kernel_taint_hosts:count{%(fleet)s, module=~"$module"})', '{{module}}'),
    ]) + panels.size(8, 8),
    panels.timeseries('Versions of chosen modules', 'Hosts by the version of the module: how an update spreads.', [
      range('sum by (module, version) (%s{%%(fleet)s, module=~"$module"})' % files, '{{module}} {{version}}'),
    ]) + panels.size(8, 8),
    panels.bars('Taints of chosen modules', 'On how many hosts a chosen module carries each taint.', [
      now(
        'sort_desc(sum by (module, taint) (job_module_taint:kernel_taint_hosts:count{%(fleet)s, module=~"$module"}))',
        '{{module}} {{taint}}',
      ),
    ]) + panels.size(8, 8),

    panels.table(
      'Hosts that load chosen modules',
      'Each host on which a chosen module carries a taint, with what the file on that host says. Empty cells are unknown there.',
      common.moduleRows(
        '%(raw)s, module=~"$module"',
        'version, srcversion, signature, signer, license, verified',
      ),
      [
        common.hostColumn,
        column('module', 'Module'),
        column('flags', 'Flags'),
        column('version', 'Version'),
        column('signature', 'Signature'),
        column('signer', 'Signer'),
        column('license', 'Licence'),
        column('verified', 'Verified'),
        column('Value #C', 'File on disk', common.fileDiffers),
        column('srcversion', 'Source version'),
        common.jobColumn,
      ],
      hidden=['Value #A', 'Value #B'],
    ) + panels.size(24, 12),
  ];

  common.dashboard(
    'modules',
    'Modules',
    'Which modules carry taints in the fleet, on how many hosts, in which versions, and signed by whom.',
    [common.job, common.instance, common.module],
    all + chosen,
  )
