// SPDX-License-Identifier: Apache-2.0
// What every alert has, and how values of _config become PromQL.
{
  // Fires at once.
  event(config, name, severity, expr, summary, description): {
    alert: name,
    expr: expr,
    keep_firing_for: config.keepFiringFor,
    labels: { severity: severity },
    annotations: {
      summary: summary,
      description: description,
      runbook_url: config.runbookURLPattern % std.asciiLower(name),
    },
  },

  // Fires when it was true for a while: one bad scrape is none.
  fact(config, name, severity, expr, summary, description):
    self.event(config, name, severity, expr, summary, description) +
    { 'for': config.alertFor },

  // PromQL reads a string in quotes as JSON does.
  regex(alternatives): std.escapeStringJson(std.join('|', alternatives)),

  // LINES two columns to the right: rules are read as YAML, too.
  indented(lines):: '  %s\n' % std.strReplace(std.rstripChars(lines, '\n'), '\n', '\n  '),

  // EXPR, which is about TAINTS, without cpu_out_of_spec of hosts whose kernel set it because
  // the microcode is outdated: that has an alert of its own.
  unlessMicrocode(config, taints, expr)::
    if !std.member(taints, 'cpu_out_of_spec') then expr
    else expr + |||
      unless on (%s, taint)
        label_replace(
          kernel_taint_microcode_outdated{%s} == 1, "taint", "cpu_out_of_spec", "", ""
        )
    ||| % [config.hostLabels, config.kernelTaintSelector],

  // Of TAINTS those that may alert.
  alerting(config, taints): [
    taint
    for taint in taints
    if !std.member(config.ignoredTaints, taint)
  ],
}
