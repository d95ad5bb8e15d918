// One page draws one dashboard: /?theme=light&from=MILLISECONDS&to=MILLISECONDS&scrape=SECONDS&var-NAME=VALUE

import { ThemeContext, createTheme } from '@grafana/data';
import { GlobalStyles } from '@grafana/ui';
import { createRoot } from 'react-dom/client';

import { Dashboard } from './dashboard';
import { register } from './fields';
import { Header } from './Header';
import { bottom, layOut } from './layout';
import { loadAll, timeRange } from './load';
import { Frame } from './panels/Frame';
import { resolve } from './variables';

async function draw(params: URLSearchParams): Promise<void> {
  const dashboard = (await (await fetch('/dashboard.json')).json()) as Dashboard;
  const theme = createTheme({ colors: { mode: params.get('theme') === 'dark' ? 'dark' : 'light' } });
  const padding = window.innerWidth < 769 ? 8 : 16;
  const period = { from: Number(params.get('from')), to: Number(params.get('to')) };
  const scope = await resolve(dashboard.templating?.list ?? [], params, period);
  const boxes = layOut(dashboard.panels, window.innerWidth - 2 * padding, window.innerWidth);
  const scrapeMs = Number(params.get('scrape')) * 1000;
  const drawn = await loadAll(boxes, { theme, scope, period, scrapeMs });
  const range = timeRange(period);
  // Text on a canvas is drawn once, in what fonts there are.
  await Promise.all(['12px Inter', '500 12px Inter', '12px "Roboto Mono"'].map((font) => document.fonts.load(font)));
  document.body.style.background = theme.colors.background.canvas;
  createRoot(document.getElementById('root')!).render(
    <ThemeContext.Provider value={theme}>
      <GlobalStyles />
      <div style={{ padding }}>
        <Header dashboard={dashboard} scope={scope} timeRange={range} />
        <main style={{ position: 'relative', height: bottom(boxes) }}>
          {drawn.map((one, index) => (
            <div key={index} style={{ position: 'absolute', left: one.left, top: one.top, width: one.width, height: one.height }}>
              <Frame drawn={one} timeRange={range} />
            </div>
          ))}
        </main>
      </div>
    </ThemeContext.Provider>
  );
}

register();
draw(new URLSearchParams(location.search)).then(
  () => requestAnimationFrame(() => document.body.setAttribute('data-drawn', 'true')),
  (error) => document.body.setAttribute('data-failed', String(error))
);
