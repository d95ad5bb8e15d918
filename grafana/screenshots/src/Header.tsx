// Title, variables, time range and links, as at the top of Grafana's page.

import { ReactNode } from 'react';
import { TimeRange, dateTimeFormat } from '@grafana/data';
import { Icon, useStyles2, useTheme2 } from '@grafana/ui';
import { css } from '@emotion/css';

import { Dashboard } from './dashboard';
import { Scope, shown } from './variables';

export function Header({ dashboard, scope, timeRange }: { dashboard: Dashboard; scope: Scope; timeRange: TimeRange }) {
  const theme = useTheme2();
  const row = { display: 'flex', flexWrap: 'wrap', gap: 8, alignItems: 'center', marginBottom: 12 } as const;
  const format = { timeZone: 'utc', format: 'YYYY-MM-DD HH:mm' };
  return (
    <header>
      <div style={{ ...row, justifyContent: 'space-between' }}>
        <div style={{ ...theme.typography.h4, margin: 0 }}>{dashboard.title}</div>
        <Boxed>
          <Icon name="clock-nine" size="sm" />{' '}
          {`${dateTimeFormat(timeRange.from, format)} to ${dateTimeFormat(timeRange.to, format)} UTC`}
        </Boxed>
      </div>
      <div style={row}>
        {[...scope.values()]
          .filter(({ hidden }) => !hidden)
          .map((variable) => (
            <div key={variable.name} style={{ display: 'flex' }}>
              <Boxed>{variable.label}</Boxed>
              <Boxed>
                {shown(variable) || 'None'} <Icon name="angle-down" size="sm" />
              </Boxed>
            </div>
          ))}
        {(dashboard.links ?? []).map(({ title, tags }, index) => (
          <Boxed key={index}>
            <Icon name="bars" size="sm" /> {title || tags?.join(', ')}
          </Boxed>
        ))}
      </div>
    </header>
  );
}

function Boxed({ children }: { children: ReactNode }) {
  const style = useStyles2((theme) =>
    css({
      ...theme.typography.bodySmall,
      border: `1px solid ${theme.colors.border.medium}`,
      background: theme.colors.background.primary,
      padding: '4px 8px',
    })
  );
  return <div className={style}>{children}</div>;
}
