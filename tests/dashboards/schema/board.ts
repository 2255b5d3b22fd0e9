// SPDX-License-Identifier: Apache-2.0
// The type that a dashboard's JSON must have, from the types that Grafana publishes, made
// exact where they are loose.
import type * as common from '@grafana/schema';
import type * as raw from '@grafana/schema/dist/esm/raw/dashboard/x/dashboard_types.gen.d.ts';
import type * as bargauge from '@grafana/schema/dist/esm/raw/composable/bargauge/panelcfg/x/BarGaugePanelCfg_types.gen.d.ts';
import type * as stat from '@grafana/schema/dist/esm/raw/composable/stat/panelcfg/x/StatPanelCfg_types.gen.d.ts';
import type * as statetimeline from '@grafana/schema/dist/esm/raw/composable/statetimeline/panelcfg/x/StateTimelinePanelCfg_types.gen.d.ts';
import type * as table from '@grafana/schema/dist/esm/raw/composable/table/panelcfg/x/TablePanelCfg_types.gen.d.ts';
import type * as timeseries from '@grafana/schema/dist/esm/raw/composable/timeseries/panelcfg/x/TimeSeriesPanelCfg_types.gen.d.ts';

// Enums are names in TypeScript and their values in JSON.
type Value<E> = E extends string
  ? `${E}`
  : E extends number
    ? `${number}` extends `${E}` ? number : `${E}` extends `${infer N extends number}` ? N : never
    : E;
type Json<T> = T extends string | number | boolean | null
  ? Value<T>
  : T extends Array<infer Item>
    ? Array<Json<Item>>
    : T extends object ? { [K in keyof T]: Json<T[K]> } : T;

// A target is an unknown record in the published types; Prometheus' own are in a package
// of the whole plugin.
interface Target extends Omit<common.DataQuery, 'datasource'> {
  datasource: raw.DataSourceRef;
  expr: string;
  format: 'time_series' | 'table';
  instant: boolean;
  range: boolean;
  legendFormat?: string;
}

// A link of a value is unknown there.
interface DataLink {
  title: string;
  url: string;
  targetBlank: boolean;
}

// So is the value of an override: these are the settings that we override.
type Override =
  | { id: 'unit'; value: string }
  | { id: 'links'; value: DataLink[] }
  | { id: 'mappings'; value: raw.ValueMapping[] }
  | { id: 'custom.cellOptions'; value: common.TableCellOptions };

// And the options of a transformation.
type Transformation =
  | { id: 'merge'; options: Record<string, never> }
  | {
      id: 'organize';
      options: {
        excludeByName: Record<string, boolean>;
        indexByName: Record<string, number>;
        renameByName: Record<string, string>;
      };
    }
  | {
      id: 'groupingToMatrix';
      options: { rowField: string; columnField: string; valueField: string; emptyValue: 'null' };
    };

interface Panel<Type extends string, Options, Custom>
  extends Omit<raw.Panel, 'type' | 'options' | 'targets' | 'transformations' | 'fieldConfig'> {
  type: Type;
  options: Options;
  targets: Target[];
  transformations?: Transformation[];
  fieldConfig: {
    defaults: Omit<raw.FieldConfig, 'custom' | 'links'> & { custom?: Custom; links?: DataLink[] };
    overrides: Array<{
      matcher: { id: 'byName'; options: string };
      properties: Override[];
    }>;
  };
}

type AnyPanel =
  | Panel<'bargauge', bargauge.Options, never>
  | Panel<'stat', stat.Options, never>
  | Panel<'state-timeline', statetimeline.Options, statetimeline.FieldConfig>
  | Panel<'table', table.Options, table.FieldConfig>
  | Panel<'timeseries', timeseries.Options, timeseries.FieldConfig>
  | raw.RowPanel;

export type Board = Json<Omit<raw.Dashboard, 'panels'> & { panels: AnyPanel[] }>;
