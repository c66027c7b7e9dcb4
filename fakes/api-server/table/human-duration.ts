const secondsOf = { m: 60, h: 3_600, d: 86_400, y: 31_536_000 } as const;

/** A span of time as people are told it: two units at most, and the second only where it still matters. */
export function humanDuration(ms: number): string {
  const seconds = Math.floor(ms / 1_000);
  if (seconds < 0) return seconds >= -2 ? '0s' : '<invalid>';
  if (seconds < 2 * secondsOf.m) return `${seconds}s`;
  if (seconds < 10 * secondsOf.m) return withRest(seconds, secondsOf.m, 'm', 1, 's');
  if (seconds < 3 * secondsOf.h) return `${Math.floor(seconds / secondsOf.m)}m`;
  if (seconds < 8 * secondsOf.h) return withRest(seconds, secondsOf.h, 'h', secondsOf.m, 'm');
  if (seconds < 2 * secondsOf.d) return `${Math.floor(seconds / secondsOf.h)}h`;
  if (seconds < 8 * secondsOf.d) return withRest(seconds, secondsOf.d, 'd', secondsOf.h, 'h');
  if (seconds < 2 * secondsOf.y) return `${Math.floor(seconds / secondsOf.d)}d`;
  if (seconds < 8 * secondsOf.y) return withRest(seconds, secondsOf.y, 'y', secondsOf.d, 'd');
  return `${Math.floor(seconds / secondsOf.y)}y`;
}

function withRest(seconds: number, unitS: number, unit: string, restUnitS: number, restUnit: string): string {
  const whole = Math.floor(seconds / unitS);
  const rest = Math.floor((seconds - whole * unitS) / restUnitS);
  return rest === 0 ? `${whole}${unit}` : `${whole}${unit}${rest}${restUnit}`;
}

/** How long ago a timestamp was. */
export function ageOf(timestamp: unknown, nowMs: number): string {
  const ms = typeof timestamp === 'string' ? Date.parse(timestamp) : Number.NaN;
  return Number.isNaN(ms) ? '<unknown>' : humanDuration(nowMs - ms);
}
