import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { chromium, type Browser, type Page } from 'playwright-core';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { Plan } from '../spec/plan.js';
import type { TraceEvent } from '../trace/events.js';
import { exampleFinding, exampleResult, exampleTrace, hostileFinding } from './example-result.js';
import { htmlReport } from './html.js';
import { drawTimeline } from './timeline-svg.js';
import { timelineOf } from './timeline.js';
import type { CampaignResult } from './result.js';

let browser: Browser;
let directory: string;

beforeAll(async () => {
  directory = mkdtempSync(join(tmpdir(), 'conformance-page-'));
  browser = await chromium.launch({
    executablePath: process.env['CHROMIUM'] ?? '/usr/bin/chromium',
    args: ['--no-sandbox', '--disable-background-networking'],
  });
});

afterAll(async () => {
  await browser?.close();
  rmSync(directory, { recursive: true, force: true });
});

interface Opened {
  readonly page: Page;
  /** Requests other than the page's own, console messages and dialogs: all of them are unwanted. */
  readonly complaints: string[];
}

async function open(
  result: CampaignResult,
  width = 1280,
  scheme: 'light' | 'dark' = 'light',
): Promise<Opened> {
  const file = join(directory, `page-${width}-${scheme}.html`);
  writeFileSync(file, htmlReport(result));
  const page = await browser.newPage({ viewport: { width, height: 900 }, colorScheme: scheme });
  const url = pathToFileURL(file).href;
  const complaints: string[] = [];
  page.on('request', (request) => {
    if (request.url() !== url && !request.url().startsWith('data:'))
      complaints.push(`request ${request.url()}`);
  });
  page.on('console', (message) => complaints.push(`console ${message.text()}`));
  page.on('pageerror', (error) => complaints.push(`error ${error.message}`));
  page.on('dialog', (dialog) => complaints.push(`dialog ${dialog.message()}`));
  await page.goto(url);
  return { page, complaints };
}

test('the page shows outcome, verdicts, steps, expected and seen, and how to replay', async () => {
  const { page, complaints } = await open(exampleResult([exampleFinding()]));
  expect(await page.title()).toBe('Conformance of my-agent');
  expect(await page.locator('.outcome').innerText()).toBe(
    'Does not conform: 1 requirement broken (WORK-01).',
  );
  expect(await page.locator('details.group').count()).toBe(17);
  await page.getByRole('link', { name: 'WORK-01', exact: true }).click();
  const finding = page.locator('#finding-1');
  expect(await finding.locator('.steps li').allInnerTexts()).toEqual([
    's1add pod web to the manifest directory (version 1)',
    's2change pod web in the manifest directory to version 2, written in place',
    's3kill the agent (SIGKILL) and start it again 500 ms later',
  ]);
  expect(await finding.locator('.compare dd').allInnerTexts()).toEqual([
    'at most one running container main of default/web-node-1',
    'c1 and c2 ran at the same time',
  ]);
  expect(await finding.locator('pre').innerText()).toContain('npx conformance replay');
  expect(await finding.locator('.events tbody tr').last().innerText()).toContain('WORK-01 is violated');
  expect(complaints).toEqual([]);
});

test('the timeline has a lane for each source, the agent, and what each pod was wanted to be and was', async () => {
  const { page } = await open(exampleResult([exampleFinding()]));
  const timeline = page.locator('.timeline');
  expect(await timeline.locator('text.lane').allTextContents()).toEqual([
    'phase',
    'steps',
    'faults',
    'file',
    'file shown',
    'api shown',
    'agent',
    'API writes',
    'wanted',
    'actual',
    'calls',
  ]);
  expect(await timeline.locator('text.group').allTextContents()).toContain('default/web-node-1');
  expect(await timeline.locator('.violation text').textContent()).toBe('WORK-01 violated');
  const box = async (title: RegExp): Promise<{ x: number; y: number; width: number }> => {
    const found = await timeline
      .locator('.span', { has: page.locator('title', { hasText: title }) })
      .boundingBox();
    if (found === null) throw new Error(`no bar ${String(title)}`);
    return found;
  };
  const first = await box(/^main #0 runs/);
  const second = await box(/^main #1 runs/);
  // They overlap in time, so they must stand below one another for the reader to see it.
  expect(second.y).toBeGreaterThan(first.y + 10);
  expect(second.x).toBeGreaterThan(first.x);
  expect(second.x).toBeLessThan(first.x + first.width);
  const violation = await timeline.locator('.violation line').boundingBox();
  expect(Math.abs((violation?.x ?? 0) - second.x)).toBeLessThan(3);
});

test('hostile names are shown as text and run nothing', async () => {
  const { page, complaints } = await open(
    exampleResult([hostileFinding()], { warnings: [hostileFinding().seen] }),
  );
  expect(await page.title()).toBe('Conformance of my-agent');
  expect(await page.locator('script, img, iframe, object, embed').count()).toBe(0);
  expect(await page.locator('#finding-1 .compare dd').first().innerText()).toContain(
    '<script>document.title="owned"',
  );
  expect(complaints).toEqual([]);
});

test('the policy stops a script even if one got in', async () => {
  const file = join(directory, 'injected.html');
  const page = htmlReport(exampleResult()).replace('<main>', '<main><script>document.title="owned"</script>');
  expect(page).toContain('<script>');
  writeFileSync(file, page);
  const tab = await browser.newPage();
  await tab.goto(pathToFileURL(file).href);
  expect(await tab.title()).toBe('Conformance of my-agent');
});

test.each([
  [1280, 'light'],
  [390, 'light'],
  [390, 'dark'],
] as const)('nothing sticks out at %d pixels, %s', async (width, scheme) => {
  const { page } = await open(exampleResult([exampleFinding(), hostileFinding()]), width, scheme);
  expect(await page.evaluate('document.documentElement.scrollWidth')).toBe(width);
  const colours = await page.evaluate(
    '[getComputedStyle(document.body).backgroundColor, getComputedStyle(document.body).color]',
  );
  expect(colours).toEqual(
    scheme === 'dark' ? ['rgb(15, 20, 25)', 'rgb(227, 232, 238)'] : ['rgb(255, 255, 255)', 'rgb(27, 31, 36)'],
  );
});

test('everything can be reached and opened with the keyboard', async () => {
  const { page } = await open(exampleResult([exampleFinding()]), 390);
  const reached = new Set<string>();
  for (let presses = 0; presses < 60; presses++) {
    await page.keyboard.press('Tab');
    reached.add(
      String(await page.evaluate('document.activeElement.tagName + "." + document.activeElement.className')),
    );
  }
  expect([...reached]).toEqual(expect.arrayContaining(['A.skip', 'SUMMARY.', 'DIV.scroll', 'PRE.', 'A.']));
  const group = page.locator('details.group').first();
  expect(await group.getAttribute('open')).toBeNull();
  await group.locator('summary').focus();
  await page.keyboard.press('Enter');
  expect(await group.getAttribute('open')).not.toBeNull();
});

test('a page without failures says so and has no empty sections', async () => {
  const { page } = await open(exampleResult());
  expect(await page.locator('.outcome.exit-0').innerText()).toMatch(/^Conforms/);
  expect(await page.locator('article, nav').count()).toBe(0);
});

test('a huge trace gives a bounded page and drawing', () => {
  const base = exampleTrace();
  const filler = Array.from({ length: 200_000 }, (_, index): TraceEvent => ({
    t: 60_000 + index,
    seq: base.length + index,
    kind: 'container',
    actor: 'runtime',
    id: `c${index}`,
    sandboxId: 's',
    podUid: 'u',
    podNamespace: 'default',
    podName: `pod-${index % 500}`,
    name: 'main',
    attempt: 0,
    image: 'i',
    state: index % 2 === 0 ? 'running' : 'exited',
    cause: 'agent',
  }));
  const trace = [...base, ...filler];
  const timeline = timelineOf(trace, { atMs: 100_000, subject: 'default/pod-8' });
  expect(timeline.leftOut.events).toBeGreaterThan(190_000);
  expect(timeline.leftOut.pods).toBeGreaterThan(400);
  expect(timeline.lanes[0]?.group).toBe('default/pod-8');
  const { drawing } = drawTimeline(timeline, { atMs: 100_000, label: 'x' });
  expect(Number(/width="(\d+)/.exec(drawing)?.[1])).toBeLessThanOrEqual(6_000);
  const plan: Plan = exampleFinding().plan;
  const findings = Array.from({ length: 60 }, () => exampleFinding({ trace, events: trace, plan }));
  expect(htmlReport(exampleResult(findings)).length).toBeLessThan(20_000_000);
});
