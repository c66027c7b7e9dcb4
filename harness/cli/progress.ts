import type { CampaignProgress } from '../run/campaign.js';
import { count, durationWords } from '../report/words.js';
import { printable } from '../report/sanitize.js';

/** Where progress is written; a terminal gets one line that is rewritten, anything else a line now and then. */
export interface ProgressStream {
  write(text: string): unknown;
  readonly isTTY?: boolean;
  readonly columns?: number;
}

export interface ProgressOptions {
  readonly stream: ProgressStream;
  readonly quiet: boolean;
  /** What is run, for the head of the line: a suite's name, or `all suites`. */
  readonly label?: string;
  /** How long the campaign goes on, when time and not cases ends it. */
  readonly timeMs?: number;
}

export interface Progress {
  update(state: CampaignProgress): void;
  /** Prints a line that stays. */
  tell(line: string): void;
  /** Clears the line; harmless when called again. */
  close(): void;
}

const terminalPeriodMs = 100;
const plainPeriodMs = 5_000;
const clearLine = '\r\u001b[2K';

/** Shows how a campaign gets on: suite, cases, cases/s, findings, time left. */
export function createProgress(options: ProgressOptions): Progress {
  const { stream } = options;
  if (options.quiet) return { update: () => {}, tell: () => {}, close: () => {} };
  const isTerminal = stream.isTTY === true;
  const periodMs = isTerminal ? terminalPeriodMs : plainPeriodMs;
  let shownAtMs = isTerminal ? -periodMs : 0;
  let findingsShown = 0;
  let lineShown = false;
  return {
    update(state) {
      // A new finding is worth a plain line at once; a rewritten line soon shows it anyway.
      const isNews = !isTerminal && state.findings > findingsShown;
      if (state.elapsedMs - shownAtMs < periodMs && !isNews) return;
      shownAtMs = state.elapsedMs;
      findingsShown = state.findings;
      const line = progressLine(state, options);
      if (!isTerminal) {
        stream.write(`${line}\n`);
        return;
      }
      // Some terminals do not know how wide they are.
      const columns = stream.columns === undefined || stream.columns === 0 ? 80 : stream.columns;
      stream.write(`${clearLine}${line.slice(0, Math.max(20, columns - 1))}`);
      lineShown = true;
    },
    tell(line) {
      stream.write(`${lineShown ? clearLine : ''}${printable(line)}\n`);
      lineShown = false;
    },
    close() {
      if (lineShown) stream.write(clearLine);
      lineShown = false;
    },
  };
}

/** One line without control characters. */
export function progressLine(
  state: CampaignProgress,
  options: Pick<ProgressOptions, 'label' | 'timeMs'>,
): string {
  const total = state.casesTotal;
  const parts = [printable(options.label ?? 'all suites')];
  parts.push(
    total === undefined
      ? count(state.cases, 'case')
      : `${state.cases.toLocaleString('en-US')}/${total.toLocaleString('en-US')} cases`,
  );
  // Once all have run, time goes on and the quotient no longer is a speed.
  const isRunning = total === undefined || state.cases < total;
  if (isRunning && state.elapsedMs > 0)
    parts.push(`${rate((state.cases * 1_000) / state.elapsedMs)} cases/s`);
  parts.push(count(state.findings, 'finding'));
  if (state.reducing > 0) parts.push(`looking into ${state.reducing}`);
  if (state.awaits !== undefined) parts.push(state.awaits);
  const leftMs = timeLeftMs(state, options.timeMs);
  if (leftMs !== undefined) parts.push(`${durationWords(Math.ceil(leftMs / 1_000) * 1_000)} left`);
  return parts.join(' · ');
}

function timeLeftMs(state: CampaignProgress, timeMs: number | undefined): number | undefined {
  if (timeMs !== undefined) return Math.max(0, timeMs - state.elapsedMs);
  if (state.casesTotal === undefined || state.cases === 0) return undefined;
  // How long failures are still looked into depends on what they are.
  if (state.cases >= state.casesTotal) return undefined;
  return Math.max(0, (state.elapsedMs / state.cases) * (state.casesTotal - state.cases));
}

function rate(perSecond: number): string {
  return perSecond >= 10 ? Math.round(perSecond).toLocaleString('en-US') : perSecond.toFixed(1);
}
