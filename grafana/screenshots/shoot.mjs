// Takes pictures of dashboards: reads a plan (JSON) from standard input, writes a line of JSON for each
// picture to standard output. No server of its own: the browser's requests are answered from files, and
// those to /api/v1 by Prometheus.
//
// plan: {prometheus, chromium, profile, from, to, scrape, shots: [{dashboard, out, theme, width, variables}]}

import { readFile } from 'node:fs/promises';
import { extname, join, normalize } from 'node:path';
import { chromium } from 'playwright-core';

const ORIGIN = 'http://dashboards.invalid';
const ICONS = '/public/build/img/icons/';
const FONTS = {
  '/public/fonts/inter/Inter-Regular.woff2': '@fontsource/inter/files/inter-latin-400-normal.woff2',
  '/public/fonts/inter/Inter-Medium.woff2': '@fontsource/inter/files/inter-latin-500-normal.woff2',
  '/public/fonts/roboto/L0xTDF4xlVMF-BfR8bXMIhJHg45mwgGEFl0_3vrtSM1J-gEPT5Ese6hmHSh0mQ.woff2':
    '@fontsource/roboto-mono/files/roboto-mono-latin-400-normal.woff2',
};
const TYPES = { '.html': 'text/html', '.js': 'text/javascript', '.css': 'text/css', '.svg': 'image/svg+xml' };
const FLAGS = [
  '--no-sandbox',
  '--disable-gpu',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
  '--no-first-run',
  '--force-color-profile=srgb',
  '--hide-scrollbars',
];

const here = new URL('.', import.meta.url).pathname;
const plan = JSON.parse(await readFile('/dev/stdin', 'utf8'));
const context = await chromium.launchPersistentContext(plan.profile, {
  executablePath: plan.chromium,
  args: FLAGS,
  timezoneId: 'UTC',
  locale: 'en-US',
  reducedMotion: 'reduce',
});
try {
  for (const shot of plan.shots) {
    console.log(JSON.stringify(await take(shot)));
  }
} finally {
  await context.close();
}

async function take(shot) {
  const page = await context.newPage();
  const faults = [];
  page.on('pageerror', (error) => faults.push(String(error)));
  await page.setViewportSize({ width: shot.width, height: 800 });
  await page.clock.setFixedTime(plan.to);
  await page.route('**/*', (route) => answer(route, shot));
  await page.goto(`${ORIGIN}/?${query(shot)}`);
  await page.waitForFunction(() => document.body.matches('[data-drawn], [data-failed]'), null, { timeout: 60_000 });
  await page.waitForLoadState('networkidle');
  await page.evaluate(() => document.fonts.ready);
  // A table paints only what a screen shows.
  const height = await page.evaluate(() => document.documentElement.scrollHeight);
  await page.setViewportSize({ width: shot.width, height });
  await page.evaluate(() => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done))));
  await page.screenshot({ path: shot.out, animations: 'disabled' });
  const told = await page.evaluate(() => ({
    failed: document.body.dataset.failed,
    problems: [...document.querySelectorAll('[data-problem]')].map(({ dataset }) => `${dataset.title}: ${dataset.problem}`),
    empty: [...document.querySelectorAll('[data-empty]')].map(({ dataset }) => dataset.title),
    wide: document.documentElement.scrollWidth > window.innerWidth,
  }));
  await page.close();
  return { out: shot.out, faults: [...faults, ...told.problems, ...(told.failed ? [told.failed] : [])], empty: told.empty, wide: told.wide };
}

function query({ theme, variables }) {
  const chosen = Object.entries(variables).map(([name, value]) => [`var-${name}`, value]);
  return new URLSearchParams([['theme', theme], ...['from', 'to', 'scrape'].map((name) => [name, plan[name]]), ...chosen]);
}

async function answer(route, shot) {
  const url = new URL(route.request().url());
  if (url.origin !== ORIGIN) {
    return route.abort();
  }
  if (url.pathname.startsWith('/api/v1/')) {
    return route.fulfill({ response: await route.fetch({ url: plan.prometheus + url.pathname + url.search }) });
  }
  const path = fileOf(normalize(url.pathname), shot);
  try {
    return await route.fulfill({ body: await readFile(path), contentType: TYPES[extname(path)] ?? 'application/octet-stream' });
  } catch {
    return route.fulfill({ status: 404 });
  }
}

function fileOf(path, shot) {
  if (path === '/dashboard.json') {
    return shot.dashboard;
  }
  if (path.startsWith(ICONS)) {
    return join(here, 'node_modules/@grafana/ui/dist/public/img/icons', path.slice(ICONS.length));
  }
  if (path in FONTS) {
    return join(here, 'node_modules', FONTS[path]);
  }
  return join(here, 'dist', path === '/' ? 'index.html' : path);
}
