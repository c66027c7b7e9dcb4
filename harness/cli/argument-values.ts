import { InvalidArgumentError } from 'commander';
import { isRuntimeChoice, runtimeChoices } from '../spec/runtime-choice.js';

export const reportFormats = ['text', 'json', 'junit', 'html'] as const;
export type ReportFormat = (typeof reportFormats)[number];

const durationUnits = { ms: 1, s: 1_000, m: 60_000, min: 60_000, h: 3_600_000 } as const;

/** Reads `500ms`, `30s`, `5m`, `2h` or a number of seconds; undefined when it is none of them. */
export function parseDuration(text: string): number | undefined {
  const match = /^(\d+(?:\.\d+)?)\s*(ms|s|m|min|h)?$/.exec(text.trim());
  if (match === null) return undefined;
  return Number(match[1]) * durationUnits[(match[2] ?? 's') as keyof typeof durationUnits];
}

export const duration = (text: string): number => {
  const ms = parseDuration(text);
  if (ms === undefined || ms <= 0) throw new InvalidArgumentError('Give a duration such as 30s, 5m or 2h.');
  return ms;
};

export const positive = (text: string): number => {
  const value = Number(text);
  if (!Number.isSafeInteger(value) || value < 1)
    throw new InvalidArgumentError('Give a whole number from 1 on.');
  return value;
};

/** Options that may be repeated, or hold several values with commas. */
export const several = (text: string, previous: readonly string[] = []): string[] => [
  ...previous,
  ...text
    .split(',')
    .map((part) => part.trim())
    .filter((part) => part !== ''),
];

/** Options that may be repeated, or take several words, each as it stands. */
export const collected = (text: string, previous: readonly string[] = []): string[] => [...previous, text];

export const choice =
  <Value extends string>(values: readonly Value[]) =>
  (text: string): Value => {
    const found = values.find((value) => value === text);
    if (found === undefined) throw new InvalidArgumentError(`Give one of: ${values.join(', ')}.`);
    return found;
  };

export const runtime = (text: string): string => {
  if (isRuntimeChoice(text)) return text;
  throw new InvalidArgumentError(`Give ${runtimeChoices}.`);
};

export const runtimes = (text: string, previous: readonly string[] = []): string[] =>
  several(text, previous).map(runtime);

export const formats = (text: string, previous: readonly ReportFormat[] = []): ReportFormat[] => [
  ...previous,
  ...several(text).map(choice(reportFormats)),
];
