// SPDX-License-Identifier: Apache-2.0
// Grafana's panels as these dashboards use them, in the JSON model of Grafana 10 and 11:
// each function takes a title, a description, its targets, and returns a panel without a
// place. layout() gives panels their ids and places.
local datasource = { type: 'prometheus', uid: '${datasource}' };

local panel(type, title, description, targets) = {
  width:: 12,
  height:: 8,
  type: type,
  title: title,
  description: description,
  datasource: datasource,
  targets: [
    targets[i] { refId: std.char(std.codepoint('A') + i), datasource: datasource }
    for i in std.range(0, std.length(targets) - 1)
  ],
  fieldConfig: { defaults: { unit: 'locale' }, overrides: [] },
};

local legend(show) = { showLegend: show, displayMode: 'list', placement: 'bottom', calcs: [] };
local tooltip = { mode: 'multi', sort: 'desc' };
local reduce = { calcs: ['lastNotNull'], fields: '', values: false };
local noThresholds = { mode: 'absolute', steps: [{ color: 'text', value: null }] };

{
  // ---- queries ----

  // The value now, one for each series.
  now(expr, legend=''):: {
    expr: expr,
    legendFormat: legend,
    instant: true,
    range: false,
    format: 'time_series',
  },

  // The value over the range that is looked at.
  range(expr, legend=''):: {
    expr: expr,
    legendFormat: legend,
    instant: false,
    range: true,
    format: 'time_series',
  },

  // The labels and values now, as rows.
  rows(expr):: { expr: expr, instant: true, range: false, format: 'table' },

  // ---- values ----

  // 0 and 1 as words, and 2 if there is a word for it; colours alone would not do.
  words(zero, zeroColor, one, oneColor, two=null):: [{
    type: 'value',
    options: {
      '0': { text: zero, color: zeroColor, index: 0 },
      '1': { text: one, color: oneColor, index: 1 },
      [if two != null then '2']: { text: two, color: 'text', index: 2 },
    },
  }],

  // Strings as other strings.
  texts(map):: [{
    type: 'value',
    options: { [key]: { text: map[key] } for key in std.objectFields(map) },
  }],

  nullAs(text):: [{
    type: 'special',
    options: { match: 'null+nan', result: { text: text, index: 2 } },
  }],

  // COLOR from 1 on.
  alarming(color):: {
    fieldConfig+: { defaults+: {
      color: { mode: 'thresholds' },
      thresholds: {
        mode: 'absolute',
        steps: [{ color: 'green', value: null }, { color: color, value: 1 }],
      },
    } },
  },

  unit(unit):: { fieldConfig+: { defaults+: { unit: unit } } },
  mapped(mappings):: { fieldConfig+: { defaults+: { mappings: mappings } } },
  linked(links):: { fieldConfig+: { defaults+: { links: links } } },
  size(width, height):: { width:: width, height:: height },

  // ---- panels ----

  stat(title, description, targets):: panel('stat', title, description, targets) {
    width:: 4,
    height:: 4,
    fieldConfig+: { defaults+: { color: { mode: 'thresholds' }, thresholds: noThresholds } },
    options: {
      colorMode: 'value',
      graphMode: 'none',
      justifyMode: 'auto',
      orientation: 'auto',
      percentChangeColorMode: 'standard',
      reduceOptions: reduce,
      showPercentChange: false,
      textMode: 'auto',
      wideLayout: true,
    },
  },

  // A stat of a label: the value says nothing.
  name(title, description, targets):: self.stat(title, description, targets) {
    fieldConfig+: { defaults+: { unit: 'string' } },
    options+: { textMode: 'name' },
  },

  timeseries(title, description, targets):: panel('timeseries', title, description, targets) {
    fieldConfig+: { defaults+: {
      min: 0,
      custom: {
        drawStyle: 'line',
        lineInterpolation: 'stepAfter',
        lineWidth: 1,
        fillOpacity: 10,
        showPoints: 'auto',
      },
    } },
    options: { legend: legend(true), tooltip: tooltip },
  },

  // What happened between two points.
  events(title, description, targets):: self.timeseries(title, description, targets) {
    fieldConfig+: { defaults+: { decimals: 0, custom: {
      drawStyle: 'bars',
      lineWidth: 1,
      fillOpacity: 80,
      showPoints: 'never',
    } } },
  },

  bars(title, description, targets):: panel('bargauge', title, description, targets) {
    fieldConfig+: { defaults+: {
      min: 0,
      color: { mode: 'fixed', fixedColor: 'blue' },
      thresholds: noThresholds,
    } },
    options: {
      displayMode: 'basic',
      legend: legend(false),
      maxVizHeight: 24,
      minVizHeight: 12,
      minVizWidth: 8,
      namePlacement: 'left',
      orientation: 'horizontal',
      reduceOptions: reduce,
      showUnfilled: true,
      sizing: 'auto',
      valueMode: 'text',
    },
  },

  states(title, description, targets):: panel('state-timeline', title, description, targets) {
    width:: 24,
    fieldConfig+: { defaults+: {
      color: { mode: 'thresholds' },
      thresholds: noThresholds,
      custom: { fillOpacity: 80, lineWidth: 0 },
    } },
    options: {
      alignValue: 'left',
      legend: legend(true),
      mergeValues: true,
      rowHeight: 0.9,
      showValue: 'never',
      tooltip: { mode: 'single', sort: 'none' },
    },
  },

  // COLUMNS, from left to right, are what column() returns; other fields are listed in
  // HIDDEN. Rows of several targets that have the same labels become one row.
  table(title, description, targets, columns, hidden=[], sortBy=null):: panel('table', title, description, targets) {
    // When but one target has rows, its value goes without the target's letter.
    local withAlias(field) = [field] + (if field == 'Value #A' then ['Value'] else []),
    fieldConfig: {
      defaults: {
        unit: 'string',
        custom: { align: 'auto', cellOptions: { type: 'auto' }, filterable: true, inspect: false },
      },
      overrides: [
        { matcher: { id: 'byName', options: column.name }, properties: column.properties }
        for column in columns
        if column.properties != []
      ],
    },
    options: {
      cellHeight: 'sm',
      footer: { show: false, reducer: ['sum'], countRows: false, enablePagination: true, fields: [] },
      frameIndex: 0,
      showHeader: true,
      sortBy: if sortBy == null then [] else [{ displayName: sortBy, desc: true }],
    },
    transformations:
      (if std.length(targets) > 1 then [{ id: 'merge', options: {} }] else []) +
      [{
        id: 'organize',
        options: {
          excludeByName: { [name]: true for name in ['Time'] + std.flatMap(withAlias, hidden) },
          indexByName: { [columns[i].field]: i for i in std.range(0, std.length(columns) - 1) },
          renameByName: {
            [field]: column.name
            for column in columns
            for field in withAlias(column.field)
          },
        },
      }],
  },

  // The field (a label, "Value", "Value #B") as a column. Settings of it follow as OBJECT,
  // by the name of the property.
  column(field, name, settings={}):: {
    field: field,
    name: name,
    properties: [{ id: id, value: settings[id] } for id in std.objectFields(settings)],
  },

  row(title):: { type: 'row', title: title, collapsed: false, panels: [] },

  // Places panels from left to right, line by line; a row has a line of its own.
  layout(panels)::
    local place(state, panel) =
      local isRow = panel.type == 'row';
      local width = if isRow then 24 else panel.width;
      local height = if isRow then 1 else panel.height;
      local fits = state.x > 0 && !isRow && state.x + width <= 24;
      local x = if fits then state.x else 0;
      local y = if fits then state.y else state.y + state.height;
      {
        x: x + width,
        y: y,
        height: if fits then std.max(state.height, height) else height,
        panels: state.panels + [panel {
          id: std.length(state.panels) + 1,
          gridPos: { x: x, y: y, w: width, h: height },
        }],
      };
    std.foldl(place, panels, { x: 0, y: 0, height: 0, panels: [] }).panels,
}
