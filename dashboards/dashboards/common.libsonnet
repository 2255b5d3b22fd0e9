// SPDX-License-Identifier: Apache-2.0
// What the three dashboards share: their frame, variables, links and PromQL matchers.
local panels = import 'panels.libsonnet';

function(config) {
  // Names for the queries: `self.expr('up{%(raw)s}')`.
  local names = config {
    // Recording rules of a fleet have no instance; those of a host do.
    fleet: 'job=~"$job"',
    host: self.fleet + ', instance=~"$instance"',
    // The exporter's own series, and `up`, which everybody has.
    raw: self.host + ', ' + config.kernelTaintSelector,
  },
  expr(promql):: promql % names,

  local variable = {
    type: 'query',
    datasource: { type: 'prometheus', uid: '${datasource}' },
    refresh: 2,  // when the time range changes
    regex: '',
    sort: 1,
    multi: true,
    includeAll: true,
    allValue: '.+',
    current: { text: ['All'], value: ['$__all'] },
  },

  // Never all values at once: the queries would be as large as the fleet. Grafana chooses
  // the first one.
  some:: { includeAll: false, current: { text: [], value: [] } },

  job:: variable {
    name: 'job',
    label: 'Job',
    description: 'The scrape job of the exporters.',
    query: 'label_values(up{%(kernelTaintSelector)s}, job)' % config,
  },
  instance:: variable {
    name: 'instance',
    label: 'Instance',
    description: 'The hosts. What is about a whole fleet does not heed it.',
    query: 'label_values(up{job=~"$job", %(kernelTaintSelector)s}, instance)' % config,
  },
  module:: variable + self.some + {
    name: 'module',
    label: 'Module',
    description: 'The modules that are looked at closely.',
    query: 'label_values(job_module:kernel_taint_hosts:count{job=~"$job"}, module)',
  },

  // Links from what a panel shows to another dashboard, with the same time and fleet.
  local link(title, uid, variables) = [{
    title: title,
    url: '/d/%s?${datasource:queryparam}&${job:queryparam}&%s&${__url_time_range}' % [uid, variables],
    targetBlank: false,
  }],
  hostLink:: link('This host', config.dashboardUids.host, 'var-instance=${__value.raw}'),
  moduleLink:: link('This module', config.dashboardUids.modules, 'var-module=${__value.raw}'),
  // The same from a bar, whose name is a label.
  moduleLabelLink:: link('This module', config.dashboardUids.modules, 'var-module=${__field.labels.module}'),

  // Columns of many tables.
  jobColumn:: panels.column('job', 'Job'),
  hostColumn:: panels.column('instance', 'Host', { links: $.hostLink }),
  moduleColumn:: panels.column('module', 'Module', { links: $.moduleLink }),
  taintColumn:: panels.column('taint', 'Taint'),

  // A table's targets about modules that taint, those of SELECTOR: that they are loaded;
  // what their files say, the labels LABELS; whether the files are what is loaded.
  moduleRows(selector, labels)::
    [panels.rows(self.expr(query % { selector: selector, labels: labels })) for query in [
      'count by (%%(hostLabels)s, module) (kernel_taint_module{%(selector)s})',
      'max by (%%(hostLabels)s, module, flags, %(labels)s) (kernel_taint_module_info{%(selector)s, flags!=""})',
      |||
        max by (%%(hostLabels)s, module) (
          kernel_taint_module_file_differs{%(selector)s}
          and on (%%(hostLabels)s, module) kernel_taint_module{%(selector)s}
        )
      |||,
    ]],
  // Settings of the column of the last one.
  fileDiffers:: {
    mappings: panels.words('is what is loaded', 'green', 'differs', 'orange') + panels.nullAs('unknown'),
    'custom.cellOptions': { type: 'color-text' },
  },

  dashboard(key, title, description, variables, list):: {
    uid: config.dashboardUids[key],
    title: config.dashboardNamePrefix + title,
    description: description,
    tags: config.dashboardTags,
    editable: false,
    schemaVersion: 39,
    version: 1,
    timezone: 'browser',
    refresh: '1m',
    time: { from: 'now-24h', to: 'now' },
    timepicker: {},
    graphTooltip: 1,  // one crosshair for all
    links: [{
      type: 'dashboards',
      title: 'Kernel taint',
      tags: config.dashboardTags,
      asDropdown: false,
      icon: 'external link',
      includeVars: true,
      keepTime: true,
      targetBlank: false,
      tooltip: '',
    }],
    templating: { list: [{
      type: 'datasource',
      name: 'datasource',
      label: 'Data Source',
      description: 'The Prometheus that scrapes the exporters and evaluates the recording rules.',
      query: 'prometheus',
      regex: '',
      current: { text: 'default', value: 'default' },
    }] + variables },
    panels: panels.layout(list),
  },
}
