// Prometheus' HTTP API, and its answers as the data frames that Grafana's data source makes of them.

import { DataFrame, FieldConfig, FieldType, createDataFrame } from '@grafana/data';

export interface Period {
  /** Milliseconds since 1970. */
  from: number;
  to: number;
}

export interface Query {
  refId: string;
  expr: string;
  legendFormat?: string;
  format?: 'time_series' | 'table' | 'heatmap';
  instant: boolean;
}

interface Series {
  metric: Record<string, string>;
  points: Array<[number, string]>;
}

type Result = { metric: Record<string, string>; values?: Series['points']; value?: [number, string] };

export async function labelValues(label: string, match: string | undefined, period: Period): Promise<string[]> {
  const params = new URLSearchParams({ start: seconds(period.from), end: seconds(period.to) });
  if (match) {
    params.set('match[]', match);
  }
  return (await get(`label/${label}/values`, params)) as string[];
}

/** What `query_result(...)`, or a bare expression, offers to a variable: each series as text. */
export async function queryLabels(query: string, period: Period): Promise<string[]> {
  const expr = query.replace(/^query_result\((.*)\)$/s, '$1');
  const series = await ask({ refId: 'A', expr, instant: true }, period, 0);
  return series.map(({ metric, points }) => `${metric.__name__ ?? ''}${braces(metric)} ${points[0][1]} ${points[0][0]}`);
}

export async function frames(query: Query, period: Period, stepMs: number, tables: number): Promise<DataFrame[]> {
  const series = await ask(query, period, stepMs);
  if (query.format === 'table') {
    return series.length ? [asTable(series, query, tables > 1 ? `Value #${query.refId}` : 'Value')] : [];
  }
  if (query.format === 'heatmap') {
    return asBuckets(series, query, period, stepMs);
  }
  return series.map((one) => asFrame(one, query, query.instant ? undefined : gaps(period, stepMs)));
}

async function ask(query: Query, period: Period, stepMs: number): Promise<Series[]> {
  const params = new URLSearchParams({ query: query.expr });
  if (query.instant) {
    params.set('time', seconds(period.to));
  } else {
    params.set('start', seconds(aligned(period.from, stepMs)));
    params.set('end', seconds(aligned(period.to, stepMs)));
    params.set('step', seconds(stepMs));
  }
  const answer = (await get(query.instant ? 'query' : 'query_range', params)) as {
    resultType: string;
    result: Result[] | [number, string];
  };
  if (answer.resultType === 'scalar') {
    return [{ metric: {}, points: [answer.result as [number, string]] }];
  }
  return (answer.result as Result[]).map(({ metric, values, value }) => ({
    metric,
    points: values ?? (value ? [value] : []),
  }));
}

async function get(path: string, params: URLSearchParams): Promise<unknown> {
  const response = await fetch(`/api/v1/${path}?${params}`);
  const answer = await response.json();
  if (answer.status !== 'success') {
    throw new Error(`${answer.error} in ${params.get('query') ?? path}`);
  }
  return answer.data;
}

function asFrame({ metric, points }: Series, query: Query, times?: number[]): DataFrame {
  const { __name__: name, ...labels } = metric;
  const at = new Map(points.map(([time, value]) => [time * 1000, number(value)]));
  const shown = times ?? [...at.keys()];
  const config: FieldConfig = { displayNameFromDS: legend(query, metric) };
  return createDataFrame({
    refId: query.refId,
    meta: { type: 'timeseries-multi' as never },
    fields: [
      { name: 'Time', type: FieldType.time, config: {}, values: shown },
      { name: name ?? 'Value', type: FieldType.number, labels, config, values: shown.map((time) => at.get(time) ?? null) },
    ],
  });
}

function asTable(series: Series[], query: Query, valueName: string): DataFrame {
  const names = [...new Set(series.flatMap(({ metric }) => Object.keys(metric)))].sort();
  const rows = series.flatMap(({ metric, points }) => points.map(([time, value]) => ({ metric, time, value })));
  return createDataFrame({
    refId: query.refId,
    fields: [
      { name: 'Time', type: FieldType.time, config: {}, values: rows.map(({ time }) => time * 1000) },
      ...names.map((name) => ({
        name,
        type: FieldType.string,
        config: {},
        values: rows.map(({ metric }) => metric[name] ?? ''),
      })),
      { name: valueName, type: FieldType.number, config: {}, values: rows.map(({ value }) => number(value)) },
    ],
  });
}

/** Buckets are cumulative in Prometheus, and each counts for itself in a heatmap. */
function asBuckets(series: Series[], query: Query, period: Period, stepMs: number): DataFrame[] {
  const sorted = [...series].sort((a, b) => number(a.metric.le ?? '') - number(b.metric.le ?? ''));
  const times = query.instant ? [period.to] : gaps(period, stepMs);
  const columns = sorted.map(({ points }) => {
    const at = new Map(points.map(([time, value]) => [time * 1000, number(value)]));
    return times.map((time) => at.get(time) ?? null);
  });
  const fields = sorted.map(({ metric }, bucket) => ({
    name: metric.le ?? legend(query, metric) ?? '',
    type: FieldType.number,
    config: {},
    labels: metric,
    values: columns[bucket].map((value, row) => (value === null ? null : value - (columns[bucket - 1]?.[row] ?? 0))),
  }));
  const time = { name: 'Time', type: FieldType.time, config: {}, values: times };
  return fields.length ? [createDataFrame({ refId: query.refId, fields: [time, ...fields] })] : [];
}

function legend({ legendFormat }: Query, metric: Record<string, string>): string | undefined {
  if (legendFormat === '__auto') {
    return undefined;
  }
  return legendFormat
    ? legendFormat.replace(/\{\{\s*(.+?)\s*\}\}/g, (_, label) => metric[label] ?? '')
    : `${metric.__name__ ?? ''}${braces(metric)}`;
}

function braces({ __name__, ...labels }: Record<string, string>): string {
  return `{${Object.entries(labels).map(([label, value]) => `${label}="${value}"`).join(', ')}}`;
}

/** Every step of the period: where a series has no sample its line breaks. */
function gaps(period: Period, stepMs: number): number[] {
  const first = aligned(period.from, stepMs);
  const count = Math.floor((aligned(period.to, stepMs) - first) / stepMs) + 1;
  return Array.from({ length: count }, (_, step) => first + step * stepMs);
}

function aligned(time: number, stepMs: number): number {
  return Math.floor(time / stepMs) * stepMs;
}

function seconds(ms: number): string {
  return String(ms / 1000);
}

function number(text: string): number {
  return text.endsWith('Inf') ? Number(text.replace('Inf', 'Infinity')) : Number(text);
}
