// A panel's chrome, and in it the component for its type or the words for what is missing.

import { ComponentType } from 'react';
import { Icon, PanelChrome, useTheme2 } from '@grafana/ui';

import { Drawn } from '../load';
import { Grid } from './Grid';
import { Heat } from './Heat';
import { Lines } from './Lines';
import { PanelProps, isEmpty } from './props';
import { Timeline } from './Timeline';
import { Bars, Stat } from './Values';
import { Words } from './Words';

const TYPES: Record<string, ComponentType<PanelProps>> = {
  timeseries: Lines,
  stat: Stat,
  bargauge: Bars,
  table: Grid,
  'state-timeline': Timeline,
  heatmap: Heat,
  text: Words,
};

/** These tell of emptiness themselves, or need no data. */
const WITHOUT_DATA = new Set(['stat', 'bargauge', 'text']);

export function Frame({ drawn, timeRange }: { drawn: Drawn; timeRange: PanelProps['timeRange'] }) {
  const { panel, title, width, height, data, error } = drawn;
  const theme = useTheme2();
  if (panel.type === 'row') {
    return <Row title={title} collapsed={panel.collapsed} count={panel.panels?.length ?? 0} />;
  }
  const Inner = TYPES[panel.type];
  const problem = error ?? (Inner ? undefined : `no component for a panel of type ${panel.type}`);
  const empty = !WITHOUT_DATA.has(panel.type) && isEmpty(data);
  return (
    <PanelChrome
      width={width}
      height={height}
      title={title}
      description={panel.description}
      displayMode={panel.transparent ? 'transparent' : 'default'}
      titleItems={panel.links?.length ? <Icon name="external-link-alt" size="sm" style={{ margin: '0 4px' }} /> : undefined}
      padding={panel.type === 'table' ? 'none' : 'md'}
    >
      {(innerWidth, innerHeight) => (
        <div data-problem={problem} data-empty={empty || undefined} data-title={title} style={{ height: innerHeight }}>
          {problem || empty ? (
            <Nothing text={problem ?? panel.fieldConfig?.defaults?.noValue ?? 'No data'} />
          ) : (
            <Inner panel={panel} data={data} width={innerWidth} height={innerHeight} theme={theme} timeRange={timeRange} />
          )}
        </div>
      )}
    </PanelChrome>
  );
}

function Nothing({ text }: { text: string }) {
  const theme = useTheme2();
  const style = { height: '100%', display: 'grid', placeItems: 'center', textAlign: 'center', padding: 8 } as const;
  return <div style={{ ...style, ...theme.typography.h5, color: theme.colors.text.secondary }}>{text}</div>;
}

function Row({ title, collapsed, count }: { title: string; collapsed?: boolean; count: number }) {
  const theme = useTheme2();
  return (
    <div style={{ display: 'flex', alignItems: 'center', gap: 8, height: 30, ...theme.typography.h5, margin: 0 }}>
      <Icon name={collapsed ? 'angle-right' : 'angle-down'} />
      {title}
      {collapsed && <span style={{ color: theme.colors.text.secondary }}>({count} panels)</span>}
    </div>
  );
}
