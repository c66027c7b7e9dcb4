import { expect, test } from 'vitest';
import { createProgress, progressLine } from './progress.js';

const state = { cases: 500, casesTotal: 2_000, findings: 1, reducing: 1, elapsedMs: 2_000 };

test('says cases, speed, findings and the time left', () => {
  expect(progressLine(state, { label: 'termination' })).toBe(
    'termination · 500/2,000 cases · 250 cases/s · 1 finding · looking into 1 · 6 s left',
  );
  expect(progressLine({ ...state, casesTotal: undefined, reducing: 0 }, { timeMs: 10_000 })).toBe(
    'all suites · 500 cases · 250 cases/s · 1 finding · 8 s left',
  );
  expect(progressLine({ ...state, cases: 2_000 }, {})).toBe(
    'all suites · 2,000/2,000 cases · 1 finding · looking into 1',
  );
});

function shown(isTTY: boolean, quiet = false): { text: () => string; stream: { write(text: string): void } } {
  let text = '';
  return {
    text: () => text,
    stream: Object.assign({ write: (part: string) => (text += part) }, { isTTY, quiet }),
  };
}

test('a terminal gets one rewritten line that close removes', () => {
  const { text, stream } = shown(true);
  const progress = createProgress({ stream: { ...stream, columns: 40, isTTY: true }, quiet: false });
  progress.update(state);
  progress.update({ ...state, elapsedMs: 2_050 });
  expect(text()).toBe(`\r\u001b[2K${progressLine(state, {}).slice(0, 39)}`);
  progress.close();
  progress.close();
  expect(text().split('\u001b[2K')).toHaveLength(3);
});

test('anything else gets plain lines, seldom, but a finding at once', () => {
  const { text, stream } = shown(false);
  const progress = createProgress({ stream, quiet: false });
  progress.update({ ...state, findings: 0, elapsedMs: 100 });
  expect(text()).toBe('');
  progress.update({ ...state, elapsedMs: 200 });
  progress.update({ ...state, elapsedMs: 300 });
  progress.update({ ...state, elapsedMs: 5_300 });
  progress.close();
  expect(text().split('\n')).toHaveLength(3);
  // eslint-disable-next-line no-control-regex
  expect(text()).not.toMatch(/[\u0000-\u0009\u000b-\u001f]/);
});

test('what stays is printed on a line of its own, and the line that is rewritten comes after it', () => {
  const { text, stream } = shown(true);
  const progress = createProgress({ stream: { ...stream, columns: 40, isTTY: true }, quiet: false });
  progress.tell('TERM-02: one\u0007');
  progress.update(state);
  progress.tell('TERM-02: two');
  progress.close();
  const line = `\r\u001b[2K${progressLine(state, {}).slice(0, 39)}`;
  expect(text()).toBe(`TERM-02: one\\u0007\n${line}\r\u001b[2KTERM-02: two\n`);
});

test('quiet prints nothing', () => {
  const { text, stream } = shown(true);
  const progress = createProgress({ stream, quiet: true });
  progress.update(state);
  progress.tell('TERM-02');
  progress.close();
  expect(text()).toBe('');
});
