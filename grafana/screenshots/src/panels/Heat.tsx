// A heatmap: @grafana/ui exports no component for it, so its cells are drawn here, with a colour scale
// from the panel's background to one hue.

import { FieldType, formattedValueToString, getValueFormat } from '@grafana/data';

import { AXIS_HEIGHT, TimeAxis, timeScale } from './axis';
import { PanelProps } from './props';

const LABELS = 70;

export function Heat({ panel, data, width, height, theme, timeRange }: PanelProps) {
  const [frame] = data;
  const time = frame.fields.find(({ type }) => type === FieldType.time);
  const buckets = frame.fields.filter(({ type }) => type === FieldType.number);
  const times: number[] = time?.values ?? [];
  const most = Math.max(1, ...buckets.flatMap(({ values }) => values.map((value) => value ?? 0)));
  const each = (height - AXIS_HEIGHT) / buckets.length;
  const at = timeScale(timeRange, LABELS, width - LABELS);
  const color = theme.visualization.getColorByName(panel.options?.color?.fill ?? 'blue');
  const unit = getValueFormat(panel.options?.yAxis?.unit ?? 'none');
  return (
    <svg width={width} height={height} fontFamily={theme.typography.fontFamily} fontSize={12}>
      <TimeAxis timeRange={timeRange} left={LABELS} width={width - LABELS} top={0} height={height - AXIS_HEIGHT} theme={theme} />
      {buckets.map(({ name, values }, bucket) => (
        <g key={name}>
          <text x={LABELS - 6} y={height - AXIS_HEIGHT - (bucket + 0.5) * each + 4} textAnchor="end" fill={theme.colors.text.primary}>
            {Number.isNaN(Number(name)) ? name : formattedValueToString(unit(Number(name)))}
          </text>
          {values.map((value, index) => (
            <rect
              key={index}
              x={at(times[index])}
              y={height - AXIS_HEIGHT - (bucket + 1) * each + 1}
              width={Math.max(at(times[index + 1] ?? timeRange.to.valueOf()) - at(times[index]), 0)}
              height={each - 1}
              fill={color}
              fillOpacity={value > 0 ? 0.15 + 0.85 * (value / most) : 0}
            />
          ))}
        </g>
      ))}
    </svg>
  );
}
