import pLimit from 'p-limit';

/**
 * Lets work with agents begin a few at a time; the next begins when one before it says that its agent was heard of, or
 * ends. A start takes a second of a core, and of many at once each would be kept from running long enough to be late.
 */
export type StartGate = <Value>(work: (onHeard: () => void) => Promise<Value>) => Promise<Value>;

/** @param width how many agents may start at once */
export function createStartGate(width: number): StartGate {
  const limit = pLimit(width);
  return (work) =>
    new Promise((resolve, reject) => {
      const begin = async (onHeard: () => void) => work(onHeard);
      void limit(() => new Promise<void>((go) => void begin(go).then(resolve, reject).finally(go)));
    });
}
