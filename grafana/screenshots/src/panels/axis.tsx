// A time axis for the panels that are drawn here because @grafana/ui has no component for them.

import { GrafanaTheme2, TimeRange, dateTimeFormat } from '@grafana/data';

export const AXIS_HEIGHT = 22;
const LABEL_WIDTH = 70;
const MINUTE = 60_000;
const STEPS = [1, 2, 5, 10, 15, 30, 60, 120, 180, 360, 720, 1440].map((minutes) => minutes * MINUTE);

interface Props {
  timeRange: TimeRange;
  left: number;
  width: number;
  top: number;
  height: number;
  theme: GrafanaTheme2;
}

export function timeScale(timeRange: TimeRange, left: number, width: number): (time: number) => number {
  const from = timeRange.from.valueOf();
  const long = timeRange.to.valueOf() - from;
  return (time) => left + (Math.min(Math.max(time - from, 0), long) / long) * width;
}

export function TimeAxis({ timeRange, left, width, top, height, theme }: Props) {
  const at = timeScale(timeRange, left, width);
  return (
    <g fontSize={12} fontFamily={theme.typography.fontFamily} fill={theme.colors.text.primary} textAnchor="middle">
      {ticks(timeRange, width).map((time) => (
        <g key={time}>
          <line x1={at(time)} x2={at(time)} y1={top} y2={top + height} stroke={theme.colors.border.weak} />
          <text x={at(time)} y={top + height + 16}>
            {dateTimeFormat(time, { timeZone: 'utc', format: 'HH:mm' })}
          </text>
        </g>
      ))}
    </g>
  );
}

function ticks(timeRange: TimeRange, width: number): number[] {
  const from = timeRange.from.valueOf();
  const to = timeRange.to.valueOf();
  const most = Math.max(1, Math.floor(width / LABEL_WIDTH));
  const step = STEPS.find((one) => (to - from) / one <= most) ?? STEPS[STEPS.length - 1];
  const first = Math.ceil((from + step / 4) / step) * step;
  const count = Math.max(0, Math.ceil((to - step / 4 - first) / step));
  return Array.from({ length: count }, (_, index) => first + index * step);
}
