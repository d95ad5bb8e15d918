import { DataFrame, GrafanaTheme2, TimeRange } from '@grafana/data';

import { Panel } from '../dashboard';

export interface PanelProps {
  panel: Panel;
  data: DataFrame[];
  width: number;
  height: number;
  theme: GrafanaTheme2;
  timeRange: TimeRange;
}

export function isEmpty(data: DataFrame[]): boolean {
  return data.every(({ length }) => length === 0);
}
