import { readFileSync, readlinkSync } from 'node:fs';
import { hostname } from 'node:os';

/**
 * Who made a thing that may be left over: a process, told apart from a later one with the same number by when
 * it was started, in which namespace of numbers, and on which boot of which machine.
 */
export interface Owner {
  readonly host: string;
  readonly bootId: string;
  readonly pid: number;
  /** Containers may share a host name, and each counts its processes for itself. Empty where it is not known. */
  readonly pidNamespace: string;
  /** Clock ticks since the boot; empty where the system does not say. */
  readonly startedAt: string;
}

/** This process. */
export function currentOwner(): Owner {
  return {
    host: hostname(),
    bootId: bootId(),
    pid: process.pid,
    pidNamespace: pidNamespace(),
    startedAt: processStartedAt(process.pid) ?? '',
  };
}

/** As one word, for labels and files. */
export function formatOwner(owner: Owner): string {
  return [owner.pid, owner.startedAt, owner.bootId, owner.host, owner.pidNamespace].join('/');
}

/** Undefined when the text is none of ours. Earlier versions did not write the namespace. */
export function parseOwner(text: string): Owner | undefined {
  const [pid, startedAt, boot, host, namespace = ''] = text.split('/');
  const number = Number(pid);
  if (!Number.isSafeInteger(number) || number <= 0) return undefined;
  if (startedAt === undefined || boot === undefined || host === undefined || host === '') return undefined;
  return { pid: number, pidNamespace: namespace, startedAt, bootId: boot, host };
}

/**
 * True when the process is certainly gone. One on another machine (a Docker engine may be shared), or in another
 * namespace of process ids, is taken to be alive: only there can it be known. With its boot, everything has ended.
 */
export function isOwnerDead(owner: Owner): boolean {
  if (owner.host !== hostname()) return false;
  if (owner.bootId !== bootId()) return true;
  if (owner.pidNamespace !== '' && owner.pidNamespace !== pidNamespace()) return false;
  if (!processExists(owner.pid)) return true;
  const startedAt = processStartedAt(owner.pid);
  return startedAt !== undefined && owner.startedAt !== '' && startedAt !== owner.startedAt;
}

/** When a process was started, in clock ticks since the boot; undefined where /proc does not tell. */
export function processStartedAt(pid: number): string | undefined {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    // The name is in parentheses and may hold anything, so fields are counted behind it.
    return stat.slice(stat.lastIndexOf(')') + 2).split(' ')[19];
  } catch {
    return undefined;
  }
}

function processExists(pid: number): boolean {
  try {
    process.kill(pid, 0);
    // A zombie has ended; it only waits for its parent to notice.
    return processState(pid) !== 'Z';
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}

function processState(pid: number): string | undefined {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    return stat[stat.lastIndexOf(')') + 2];
  } catch {
    return undefined;
  }
}

/** Its number, of `pid:[4026531836]`. */
function pidNamespace(): string {
  try {
    return /\d+/.exec(readlinkSync('/proc/self/ns/pid'))?.[0] ?? '';
  } catch {
    return '';
  }
}

function bootId(): string {
  try {
    return readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim();
  } catch {
    return '';
  }
}
