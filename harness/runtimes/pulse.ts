/** How often a runtime is asked for a sign of life, in milliseconds. */
const askEveryMs = 1_000;
/** One that has given none for so long, in milliseconds, is not waited for. Busy ones take a second or two. */
const silentMsMax = 30_000;

/**
 * Watches whether a runtime answers at all. One that hangs answers no call of the agent's, and the agent is not to be
 * blamed for what it cannot do meanwhile. Time is counted in looks, so that a machine that sleeps is not taken for a runtime
 * that does. Returns how to stop.
 *
 * @param pulse.ask asks something that costs nothing; settles either way when there was an answer, or nobody to give one
 * @param pulse.onStall told every second, for as long as an answer is missing, for how many milliseconds more it was
 * @param pulse.onSilence told once, when an answer has been missing for `silentMs`
 */
export function watchPulse(pulse: {
  readonly ask: () => Promise<unknown>;
  readonly onStall: (ms: number) => void;
  readonly onSilence: (silentMs: number) => void;
  readonly silentMs?: number;
}): () => void {
  const { silentMs = silentMsMax } = pulse;
  let waitedMs: number | undefined;
  const timer = setInterval(() => {
    if (waitedMs === undefined) {
      waitedMs = 0;
      const answered = (): void => void (waitedMs = undefined);
      pulse.ask().then(answered, answered);
      return;
    }
    waitedMs += askEveryMs;
    pulse.onStall(askEveryMs);
    if (waitedMs === silentMs) pulse.onSilence(silentMs);
  }, askEveryMs).unref();
  return () => clearInterval(timer);
}
