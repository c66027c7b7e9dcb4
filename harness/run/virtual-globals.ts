import { AsyncLocalStorage } from 'node:async_hooks';
import type { Timer } from '../core/clock.js';
import { checkAgent, wrapSources, type WrapCallback } from './guard-agent.js';
import type { AgentClock, AgentPorts, CreateAgent } from '../ports/agent.js';

/** What the code of one life of an agent sees instead of the machine's clock. */
interface VirtualTime {
  readonly clock: AgentClock;
  readonly random: () => number;
  readonly timers: Map<number, Timer>;
  readonly startMs: number;
  nextHandle: number;
}

const current = new AsyncLocalStorage<VirtualTime>();
const real = {
  setTimeout: globalThis.setTimeout,
  setInterval: globalThis.setInterval,
  setImmediate: globalThis.setImmediate,
  clearTimeout: globalThis.clearTimeout,
  clearInterval: globalThis.clearInterval,
  clearImmediate: globalThis.clearImmediate,
  Date: globalThis.Date,
  now: performance.now.bind(performance),
  random: Math.random.bind(Math),
};
let installed = false;

/**
 * Lets a user's agent use `setTimeout`, `setInterval`, `setImmediate`, `Date`, `performance.now` and
 * `Math.random` in sim: within its own asynchronous context they are virtual and seeded, everywhere else they
 * are the machine's. What the agent is called back with through its ports runs in that context too.
 */
export function withVirtualGlobals(createAgent: CreateAgent): CreateAgent {
  install();
  return (ports: AgentPorts) => {
    const time: VirtualTime = {
      clock: ports.clock,
      random: ports.random,
      timers: new Map(),
      startMs: ports.clock.now(),
      nextHandle: 1,
    };
    const within: WrapCallback =
      (callback) =>
      (...values) =>
        current.run(time, () => callback(...values));
    const agent = current.run(time, () => createAgent(wrapPorts(ports, within)));
    checkAgent(agent);
    return {
      start: () => current.run(time, () => agent.start()),
      stop: () => current.run(time, () => agent.stop()),
    };
  };
}

function wrapPorts(ports: AgentPorts, wrap: WrapCallback): AgentPorts {
  const { clock, runtime } = ports;
  return {
    ...ports,
    clock: { ...clock, after: (delayMs, callback) => clock.after(delayMs, wrap(callback)) },
    runtime: { ...runtime, events: (onEvent, onEnd) => runtime.events(wrap(onEvent), wrap(onEnd)) },
    sources: wrapSources(ports.sources, wrap),
  };
}

/** A handle such as Node gives: a number where one is wanted, with the methods that programs call. */
class VirtualHandle {
  constructor(
    private readonly time: VirtualTime,
    readonly id: number,
  ) {}
  ref(): this {
    return this;
  }
  unref(): this {
    return this;
  }
  hasRef(): boolean {
    return true;
  }
  close(): this {
    cancel(this.time, this.id);
    return this;
  }
  [Symbol.toPrimitive](): number {
    return this.id;
  }
}

function cancel(time: VirtualTime, id: number): void {
  time.timers.get(id)?.cancel();
  time.timers.delete(id);
}

function schedule(time: VirtualTime, delay: unknown, callback: () => void, repeat: boolean): VirtualHandle {
  const id = time.nextHandle++;
  // Node turns what is not a delay into 1 ms, and so does this.
  const delayMs = typeof delay === 'number' && delay >= 1 && delay <= 0x7fff_ffff ? delay : 1;
  const arm = (): void => {
    const timer = time.clock.after(delayMs, () =>
      current.run(time, () => {
        if (repeat) arm();
        else time.timers.delete(id);
        callback();
      }),
    );
    time.timers.set(id, timer);
  };
  arm();
  return new VirtualHandle(time, id);
}

function clear(handle: unknown, otherwise: (handle: never) => void): void {
  const time = current.getStore();
  if (time === undefined || handle === undefined || handle === null) otherwise(handle as never);
  else if (handle instanceof VirtualHandle) cancel(time, handle.id);
  else if (typeof handle === 'number') cancel(time, handle);
  else otherwise(handle as never);
}

type Callback = (...values: unknown[]) => void;

function install(): void {
  if (installed) return;
  installed = true;
  const replace = (name: string, value: unknown): void => {
    Object.defineProperty(globalThis, name, { value, writable: true, configurable: true, enumerable: false });
  };
  const timer =
    (repeat: boolean, otherwise: Callback) =>
    (callback: Callback, delay?: number, ...values: unknown[]): unknown => {
      const time = current.getStore();
      if (time === undefined)
        return (otherwise as (...all: unknown[]) => unknown)(callback, delay, ...values);
      return schedule(time, delay, () => callback(...values), repeat);
    };
  replace(
    'setTimeout',
    Object.assign(timer(false, real.setTimeout as never), { __promisify__: promisedTimeout }),
  );
  replace('setInterval', timer(true, real.setInterval as never));
  replace('setImmediate', (callback: Callback, ...values: unknown[]) => {
    const time = current.getStore();
    if (time === undefined) return real.setImmediate(callback as never, ...(values as []));
    return schedule(time, 0, () => callback(...values), false);
  });
  replace('clearTimeout', (handle: unknown) => clear(handle, real.clearTimeout as never));
  replace('clearInterval', (handle: unknown) => clear(handle, real.clearInterval as never));
  replace('clearImmediate', (handle: unknown) => clear(handle, real.clearImmediate as never));
  replace('Date', virtualDate());
  performance.now = () => {
    const time = current.getStore();
    return time === undefined ? real.now() : time.clock.now() - time.startMs;
  };
  // In a process of its own this would end the agent and nothing else.
  const realExit = process.exit.bind(process);
  process.exit = (code) => {
    if (current.getStore() === undefined) return realExit(code);
    throw new Error(`the agent called process.exit(${String(code ?? '')})`);
  };
  Math.random = () => (current.getStore()?.random ?? real.random)();
}

function promisedTimeout(delayMs: number, value: unknown): Promise<unknown> {
  return new Promise((resolve) => void globalThis.setTimeout(resolve, delayMs, value));
}

/** `Date` whose present is the virtual clock's inside an agent. */
function virtualDate(): DateConstructor {
  return new Proxy(real.Date, {
    construct(target, values, newTarget) {
      const time = current.getStore();
      const given = values.length === 0 && time !== undefined ? [time.clock.now()] : values;
      return Reflect.construct(target, given, newTarget) as Date;
    },
    apply(target) {
      const time = current.getStore();
      return time === undefined ? target() : new target(time.clock.now()).toString();
    },
    get(target, property, receiver) {
      if (property === 'now') return () => current.getStore()?.clock.now() ?? target.now();
      return Reflect.get(target, property, receiver) as unknown;
    },
  });
}
