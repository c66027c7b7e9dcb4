/** Which static pod holds a name: at most one of them runs, the others wait for it to end. */
export interface NameRegistry {
  holder(fullName: string): string | undefined;
  take(fullName: string, key: string): void;
  /** Puts the key last among those that wait, unless it waits already. */
  wait(fullName: string, key: string): void;
  /** Gives up the name and the place among those that wait; returns who waits, longest first. */
  release(fullName: string, key: string): readonly string[];
  /** Whether nobody has waited longer. */
  isFirst(fullName: string, key: string): boolean;
}

export function createNameRegistry(): NameRegistry {
  const holders = new Map<string, string>();
  const queues = new Map<string, string[]>();

  function leaveQueue(fullName: string, key: string): readonly string[] {
    const queue = queues.get(fullName);
    if (queue === undefined) return [];
    const rest = queue.filter((other) => other !== key);
    if (rest.length === 0) queues.delete(fullName);
    else queues.set(fullName, rest);
    return rest;
  }

  return {
    holder: (fullName) => holders.get(fullName),
    take(fullName, key) {
      holders.set(fullName, key);
      leaveQueue(fullName, key);
    },
    wait(fullName, key) {
      const queue = queues.get(fullName) ?? [];
      if (!queue.includes(key)) queues.set(fullName, [...queue, key]);
    },
    release(fullName, key) {
      if (holders.get(fullName) === key) holders.delete(fullName);
      return leaveQueue(fullName, key);
    },
    isFirst: (fullName, key) => (queues.get(fullName)?.[0] ?? key) === key,
  };
}
