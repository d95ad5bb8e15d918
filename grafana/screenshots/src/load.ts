// Everything that a page shows, fetched before anything is drawn.

import { DataFrame, GrafanaTheme2, dateTime, rangeUtil, TimeRange } from '@grafana/data';

import { Panel, Target } from './dashboard';
import { overridden, transformed } from './fields';
import { Box } from './layout';
import { Period, frames } from './prometheus';
import { Scope, inQuery, inTitle, withIntervals } from './variables';

export interface Drawn extends Box {
  title: string;
  data: DataFrame[];
  error?: string;
}

export interface Setting {
  theme: GrafanaTheme2;
  scope: Scope;
  period: Period;
  scrapeMs: number;
}

export function timeRange({ from, to }: Period): TimeRange {
  return { from: dateTime(from), to: dateTime(to), raw: { from: dateTime(from), to: dateTime(to) } };
}

export function loadAll(boxes: Box[], setting: Setting): Promise<Drawn[]> {
  return Promise.all(boxes.map((box) => load(box, setting)));
}

async function load(box: Box, setting: Setting): Promise<Drawn> {
  const title = inTitle(box.panel.title ?? '', setting.scope);
  const interpolate = (text: string) => inTitle(text, setting.scope);
  try {
    const found = await query(box.panel, box.width, setting);
    const data = await transformed(box.panel, found, interpolate);
    return { ...box, title, data: overridden(box.panel, data, setting.theme, interpolate) };
  } catch (error) {
    return { ...box, title, data: [], error: String(error) };
  }
}

async function query(panel: Panel, width: number, { scope, period, scrapeMs }: Setting): Promise<DataFrame[]> {
  const targets = (panel.targets ?? []).filter(({ hide, expr }) => !hide && expr);
  const tables = targets.filter(({ format }) => format === 'table').length;
  const answers = targets.map((target, index) => {
    const stepMs = step(panel, target, width, period, scrapeMs);
    const expr = inQuery(target.expr ?? '', withIntervals(scope, stepMs, scrapeMs, period));
    const refId = target.refId ?? String.fromCharCode(65 + index);
    return frames({ ...target, refId, expr, instant: Boolean(target.instant) }, period, stepMs, tables);
  });
  return (await Promise.all(answers)).flat();
}

/** As many points as the panel has pixels, but no closer than the scrapes are. */
function step(panel: Panel, target: Target, width: number, period: Period, scrapeMs: number): number {
  const least = target.interval || panel.interval;
  const lowMs = Math.max(least ? rangeUtil.intervalToMs(least.replace(/^>/, '')) : 0, scrapeMs);
  const points = panel.maxDataPoints ?? Math.round(width);
  return Math.max(rangeUtil.calculateInterval(timeRange(period), points, `${lowMs}ms`).intervalMs, lowMs);
}
