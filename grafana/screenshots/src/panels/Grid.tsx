import { TableCellHeight } from '@grafana/schema';
import { TableNG } from '@grafana/ui/unstable';

import { withDefaults } from '../fields';
import { PanelProps } from './props';

export function Grid({ panel, data, width, height, timeRange }: PanelProps) {
  const options = panel.options ?? {};
  return (
    <TableNG
      data={data[0]}
      width={width}
      height={height}
      noHeader={options.showHeader === false}
      sortBy={options.sortBy}
      cellHeight={options.cellHeight ?? TableCellHeight.Sm}
      enablePagination={options.enablePagination ?? options.footer?.enablePagination}
      fieldConfig={withDefaults(panel)}
      noValue={panel.fieldConfig?.defaults?.noValue}
      timeRange={timeRange}
      resizable
      enableVirtualization={false}
    />
  );
}
