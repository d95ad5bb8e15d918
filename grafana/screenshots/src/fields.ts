// Field options, overrides and transformations, by Grafana's own code with Grafana's own registries.

import {
  DataFrame,
  FieldConfigOptionsRegistry,
  FieldConfigPropertyItem,
  FieldConfigSource,
  FieldType,
  GrafanaTheme2,
  applyFieldOverrides,
  cacheFieldDisplayNames,
  dataLinksOverrideProcessor,
  displayNameOverrideProcessor,
  identityOverrideProcessor,
  numberOverrideProcessor,
  standardFieldConfigEditorRegistry,
  standardTransformers,
  standardTransformersRegistry,
  thresholdsOverrideProcessor,
  transformDataFrame,
  unitOverrideProcessor,
  valueMappingsOverrideProcessor,
} from '@grafana/data';
import { lastValueFrom } from 'rxjs';

import { Panel } from './dashboard';

type Process = FieldConfigPropertyItem['process'];

const STANDARD: Record<string, Process> = {
  displayName: displayNameOverrideProcessor,
  unit: unitOverrideProcessor,
  decimals: numberOverrideProcessor,
  min: numberOverrideProcessor,
  max: numberOverrideProcessor,
  noValue: identityOverrideProcessor,
  links: dataLinksOverrideProcessor,
  color: identityOverrideProcessor,
  thresholds: thresholdsOverrideProcessor as Process,
  mappings: valueMappingsOverrideProcessor as Process,
  fieldMinMax: identityOverrideProcessor,
  filterable: identityOverrideProcessor,
};

const OF_NUMBERS = new Set(['decimals', 'min', 'max', 'thresholds', 'fieldMinMax']);

// What Grafana's own panels begin with where a dashboard says nothing.
const LINES = {
  drawStyle: 'line',
  lineInterpolation: 'linear',
  lineWidth: 1,
  fillOpacity: 0,
  gradientMode: 'none',
  showPoints: 'auto',
  pointSize: 5,
  spanNulls: false,
  axisPlacement: 'auto',
  scaleDistribution: { type: 'linear' },
  stacking: { mode: 'none', group: 'A' },
  thresholdsStyle: { mode: 'off' },
  hideFrom: { legend: false, tooltip: false, viz: false },
};
const CUSTOM: Record<string, object> = {
  timeseries: LINES,
  table: { align: 'auto', cellOptions: { type: 'auto' }, filterable: false },
  'state-timeline': { fillOpacity: 70, lineWidth: 0 },
};
const COLOR_MODE: Record<string, string> = {
  timeseries: 'palette-classic',
  'state-timeline': 'continuous-GrYlRd',
  histogram: 'palette-classic',
};

/** Without these neither a transformation nor a standard option has any effect. */
export function register(): void {
  standardFieldConfigEditorRegistry.setInit(() => standardItems());
  // One of them is in the list under two names.
  const transformers = new Map(Object.values(standardTransformers).map((info) => [info.id, info]));
  standardTransformersRegistry.setInit(() =>
    [...transformers.values()].map((info) => ({
      id: info.id,
      name: info.name,
      transformation: () => Promise.resolve(info as never),
      editor: () => null,
      imageDark: '',
      imageLight: '',
    }))
  );
}

export function transformed(panel: Panel, frames: DataFrame[], interpolate: (text: string) => string) {
  return lastValueFrom(transformDataFrame(panel.transformations ?? [], frames, { interpolate }));
}

export function overridden(
  panel: Panel,
  data: DataFrame[],
  theme: GrafanaTheme2,
  interpolate: (text: string) => string
): DataFrame[] {
  const fieldConfig = withDefaults(panel);
  const done = applyFieldOverrides({
    data,
    fieldConfig,
    fieldConfigRegistry: registryFor(fieldConfig),
    replaceVariables: interpolate,
    theme,
    timeZone: 'utc',
  });
  cacheFieldDisplayNames(done);
  return done;
}

export function withDefaults(panel: Panel): FieldConfigSource {
  const { defaults = {}, overrides = [] } = panel.fieldConfig ?? {};
  return {
    overrides,
    defaults: {
      ...defaults,
      color: defaults.color ?? { mode: COLOR_MODE[panel.type] ?? 'thresholds' },
      thresholds: defaults.thresholds ?? ({ mode: 'absolute', steps: [{ value: -Infinity, color: 'green' }] } as never),
      custom: { ...CUSTOM[panel.type], ...defaults.custom },
    },
  };
}

/** The custom options of a panel are what its JSON names: no plugin is there to declare them. */
function registryFor({ defaults, overrides }: FieldConfigSource): FieldConfigOptionsRegistry {
  const registry = new FieldConfigOptionsRegistry();
  const overridden = overrides.flatMap(({ properties }) => properties.map(({ id }) => id));
  const names = [
    ...Object.keys(defaults.custom ?? {}),
    ...overridden.filter((id) => id.startsWith('custom.')).map((id) => id.replace('custom.', '')),
  ];
  standardItems().forEach((one) => registry.register(one));
  new Set(names).forEach((name) => registry.register(item(`custom.${name}`, name, identityOverrideProcessor, true)));
  return registry;
}

function standardItems(): FieldConfigPropertyItem[] {
  return Object.entries(STANDARD).map(([name, process]) => item(name, name, process, false));
}

function item(id: string, path: string, process: Process, isCustom: boolean): FieldConfigPropertyItem {
  return {
    id,
    path,
    name: id,
    isCustom,
    process,
    shouldApply: (field) => !OF_NUMBERS.has(id) || field.type === FieldType.number,
    editor: () => null,
    override: () => null,
  } as FieldConfigPropertyItem;
}
