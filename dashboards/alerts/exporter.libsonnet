// SPDX-License-Identifier: Apache-2.0
// Hosts of which nothing, or not everything, is known.
local common = import 'common.libsonnet';

function(config)
  local selector = config.kernelTaintSelector;
  local alert(name, expr, summary, description) =
    common.fact(config, name, config.severities[name], expr, summary, description);

  // Jobs differ in ports, and in their own label; the host part of `instance` is without
  // the brackets of IPv6.
  local fleet = std.filter(
    function(label) label != 'job',
    std.split(std.strReplace(config.fleetLabels, ' ', ''), ',')
  );
  local by(label) = std.join(', ', fleet + [label]);
  local hostsOf(expr) = |||
    group by (%s) (
      label_replace(
        group by (%s) (%s),
        "host", "$1$2$3", "instance", "\\[(.+)\\](?::[0-9]+)?|([^:]+):[0-9]+|(.*)"
      )
    )
  ||| % [by('host'), by('instance'), expr];
  [
    alert(
      'KernelTaintExporterDown',
      'up{%s} == 0\n' % selector,
      'An exporter cannot be scraped.',
      'The exporter on {{ $labels.instance }} cannot be scraped.'
    ),
    alert(
      'KernelTaintCollectorFailed',
      'max by (%s, collector) (kernel_taint_scrape_collector_success{%s}) == 0\n' %
      [config.hostLabels, selector],
      'A collector of an exporter fails.',
      'On {{ $labels.instance }} the collector {{ $labels.collector }} could not read its source.'
    ),
    alert(
      'KernelTaintHostMissing',
      hostsOf(config.expectedHosts) + 'unless\n' + hostsOf('up{%s}' % selector) +
      // Where all are missing, KernelTaintAbsent says so.
      'unless on () absent(up{%s})\n' % selector,
      'A host that should be scraped is no target.',
      'The host {{ $labels.host }} is expected to be scraped, and is no target.'
    ),
    alert(
      'KernelTaintAbsent',
      'absent(up{%s})\n' % selector,
      'No exporter is a target.',
      'Prometheus has no target with {%s}.' % selector
    ),
  ]
