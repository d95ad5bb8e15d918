import { renderMarkdown } from '@grafana/data';

import { PanelProps } from './props';

export function Words({ panel }: PanelProps) {
  const html = renderMarkdown(panel.options?.content ?? '');
  return <div className="markdown-html" style={{ height: '100%', overflow: 'auto' }} dangerouslySetInnerHTML={{ __html: html }} />;
}
