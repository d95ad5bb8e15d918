import { TimeSeries, TooltipDisplayMode } from '@grafana/ui';

import { PanelProps } from './props';

const LEGEND = { showLegend: true, displayMode: 'list', placement: 'bottom', calcs: [] };

export function Lines({ panel, data, width, height, timeRange }: PanelProps) {
  return (
    <TimeSeries
      frames={data}
      width={width}
      height={height}
      timeRange={timeRange}
      timeZone="utc"
      legend={{ ...LEGEND, ...panel.options?.legend }}
      options={{ tooltip: { mode: TooltipDisplayMode.None } }}
    />
  );
}
