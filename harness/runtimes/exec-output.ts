import type { CriResult } from '../ports/cri.js';

/** Kept of each output of one command, in bytes, as by containerd: what comes after it is thrown away. */
const streamBytesMax = 16 * 1024 * 1024;
/** What one message may have, in bytes, as there. */
const messageBytesMax = 16 * 1024 * 1024;

/** Collects what a command writes, for the answer to ExecSync. */
export interface ExecOutput {
  add(name: 'stdout' | 'stderr', data: Buffer): void;
  answer(exitCode: number): CriResult;
}

export function createExecOutput(): ExecOutput {
  const parts = { stdout: [] as Buffer[], stderr: [] as Buffer[] };
  const bytes = { stdout: 0, stderr: 0 };
  return {
    add(name, data) {
      const kept = data.subarray(0, streamBytesMax - bytes[name]);
      if (kept.length === 0) return;
      bytes[name] += kept.length;
      parts[name].push(kept);
    },
    answer(exitCode) {
      const size =
        fieldBytes(bytes.stdout) +
        fieldBytes(bytes.stderr) +
        (exitCode === 0 ? 0 : 1 + varintBytes(exitCode));
      if (size > messageBytesMax) {
        const message = `grpc: trying to send message larger than max (${size} vs. ${messageBytesMax})`;
        return { code: 'RESOURCE_EXHAUSTED', message };
      }
      const [stdout, stderr] = [Buffer.concat(parts.stdout), Buffer.concat(parts.stderr)];
      return { code: 'OK', response: { stdout, stderr, exitCode } };
    },
  };
}

/** A field of bytes on the wire: its number, its length, itself; nothing at all when it is empty. */
function fieldBytes(length: number): number {
  return length === 0 ? 0 : 1 + varintBytes(length) + length;
}

function varintBytes(value: number): number {
  let count = 1;
  for (let rest = value; rest >= 128; rest = Math.floor(rest / 128)) count++;
  return count;
}
