// A state timeline: @grafana/ui exports no component for it, so its rows are drawn here, with the
// texts, colours and legend that Grafana's display processors give.

import { DisplayValue, Field, FieldType, formattedValueToString, getFieldDisplayName } from '@grafana/data';
import { VizLayout, VizLegend, measureText } from '@grafana/ui';

import { AXIS_HEIGHT, TimeAxis, timeScale } from './axis';
import { PanelProps } from './props';

interface Span {
  from: number;
  to: number;
  shown: DisplayValue;
}

interface Row {
  name: string;
  spans: Span[];
}

const FONT = 12;
const MOST_OF_NAME = 0.35;

export function Timeline(props: PanelProps) {
  const rows = rowsOf(props);
  const legend = props.panel.options?.legend ?? { showLegend: true, displayMode: 'list', placement: 'bottom' };
  const items = [...new Map(rows.flatMap(({ spans }) => spans).map(({ shown }) => [text(shown), shown]))];
  const shownLegend = legend.showLegend !== false && (
    <VizLayout.Legend placement={legend.placement ?? 'bottom'}>
      <VizLegend
        placement={legend.placement ?? 'bottom'}
        displayMode={legend.displayMode ?? 'list'}
        items={items.map(([label, { color }]) => ({ label, color, yAxis: 1 }))}
      />
    </VizLayout.Legend>
  );
  return (
    <VizLayout width={props.width} height={props.height} legend={shownLegend || null}>
      {(width: number, height: number) => <Rows {...props} rows={rows} width={width} height={height} />}
    </VizLayout>
  );
}

function Rows({ panel, rows, width, height, theme, timeRange }: PanelProps & { rows: Row[] }) {
  const names = Math.min(Math.max(...rows.map(({ name }) => measureText(name, FONT).width)) + 10, width * MOST_OF_NAME);
  const each = (height - AXIS_HEIGHT) / rows.length;
  const thick = each * (panel.options?.rowHeight ?? 0.9);
  const at = timeScale(timeRange, names, width - names);
  const opacity = (panel.fieldConfig?.defaults?.custom?.fillOpacity ?? 70) / 100;
  const never = panel.options?.showValue === 'never';
  return (
    <svg width={width} height={height} fontFamily={theme.typography.fontFamily} fontSize={FONT}>
      <TimeAxis timeRange={timeRange} left={names} width={width - names} top={0} height={height - AXIS_HEIGHT} theme={theme} />
      {rows.map(({ name, spans }, row) => (
        <g key={row}>
          <text x={0} y={(row + 0.5) * each + 4} fill={theme.colors.text.primary}>
            {cut(name, names)}
          </text>
          {spans.map(({ from, to, shown }) => (
            <g key={from}>
              <rect
                x={at(from)}
                y={row * each + (each - thick) / 2}
                width={Math.max(at(to) - at(from), 1)}
                height={thick}
                fill={shown.color}
                fillOpacity={opacity}
              />
              {!never && measureText(text(shown), FONT).width + 6 < at(to) - at(from) && (
                <text x={at(from) + 4} y={(row + 0.5) * each + 4} fill={theme.colors.text.primary}>
                  {text(shown)}
                </text>
              )}
            </g>
          ))}
        </g>
      ))}
    </svg>
  );
}

function rowsOf({ data, panel, timeRange }: PanelProps): Row[] {
  return data.flatMap((frame) => {
    const time = frame.fields.find(({ type }) => type === FieldType.time);
    const others = frame.fields.filter((field) => field !== time && !field.config.custom?.hideFrom?.viz);
    return others.map((field) => ({
      name: getFieldDisplayName(field, frame, data),
      spans: spansOf(time?.values ?? [], field, timeRange.to.valueOf(), panel.options?.mergeValues !== false),
    }));
  });
}

/** A value lasts until the next one; where there is none for a step, nothing is known. */
function spansOf(times: number[], field: Field, end: number, merge: boolean): Span[] {
  const spans: Span[] = [];
  times.forEach((from, index) => {
    const value = field.values[index];
    if (value === null || value === undefined) {
      return;
    }
    const shown = field.display!(value);
    const to = times[index + 1] ?? end;
    const last = spans[spans.length - 1];
    if (merge && last?.to === from && text(last.shown) === text(shown) && last.shown.color === shown.color) {
      last.to = to;
    } else {
      spans.push({ from, to, shown });
    }
  });
  return spans;
}

function text(shown: DisplayValue): string {
  return formattedValueToString(shown);
}

function cut(name: string, width: number): string {
  let length = name.length;
  while (length > 1 && measureText(`${name.slice(0, length)}…`, FONT).width > width) {
    length -= 1;
  }
  return length === name.length || measureText(name, FONT).width <= width ? name : `${name.slice(0, length)}…`;
}
