import { readdirSync, readFileSync } from 'node:fs';
import type { CpuTime } from '../ports/driver.js';

/**
 * Tells what processor time a process had since it was last asked, or undefined where the system does not say. Read
 * from `/proc/<pid>/task/<tid>/schedstat` (proc(5)): nanoseconds on a processor, and in the queue for one.
 */
export function createCpuWatch(pid: number): () => CpuTime | undefined {
  let before = new Map<string, readonly [used: number, waited: number]>();
  return () => {
    const now = threadsOf(pid);
    if (now === undefined) return undefined;
    let used = 0;
    let waited = 0;
    for (const [thread, [usedNow, waitedNow]] of now) {
      const [usedBefore, waitedBefore] = before.get(thread) ?? [0, 0];
      used += usedNow - usedBefore;
      waited += waitedNow - waitedBefore;
    }
    before = now;
    return { usedMs: used / 1e6, waitedMs: waited / 1e6 };
  };
}

function threadsOf(pid: number): Map<string, readonly [number, number]> | undefined {
  try {
    const threads = new Map<string, readonly [number, number]>();
    for (const thread of readdirSync(`/proc/${pid}/task`)) {
      const [used, waited] = readFileSync(`/proc/${pid}/task/${thread}/schedstat`, 'utf8').split(' ');
      threads.set(thread, [Number(used), Number(waited)]);
    }
    return threads;
  } catch {
    // It has ended, a thread of it has just now, or this is no Linux.
    return undefined;
  }
}
