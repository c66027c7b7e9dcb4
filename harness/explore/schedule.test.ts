import { describe, expect, it } from 'vitest';
import { createPrng } from '../core/prng.js';
import type { Deviation } from '../spec/plan.js';
import { drawSchedule, schedulerKinds } from './schedule.js';

const draw = (kind: (typeof schedulerKinds)[number], seed: string): Deviation[] =>
  drawSchedule(kind, {
    prng: createPrng(seed),
    slots: [0, 1, 2],
    sources: ['file', 'http'],
    delayMaxMs: 3_000,
  });

const samples = (kind: (typeof schedulerKinds)[number]): Deviation[][] =>
  Array.from({ length: 200 }, (_, index) => draw(kind, `${kind} ${index}`));

describe.each(schedulerKinds)('the %s scheduler', (kind) => {
  it('names each message at most once, and delays it within bounds', () => {
    for (const schedule of samples(kind)) {
      const messages = schedule.map(({ message }) => JSON.stringify(message));
      expect(new Set(messages).size).toBe(messages.length);
      expect(schedule.length).toBeLessThanOrEqual(64);
      for (const { delayMs } of schedule) {
        expect(delayMs).toBeGreaterThanOrEqual(1);
        expect(delayMs).toBeLessThanOrEqual(5_000);
      }
    }
  });

  it('draws the same from the same seed', () => {
    expect(draw(kind, 'x')).toEqual(draw(kind, 'x'));
    expect(draw(kind, 'x')).not.toEqual(draw(kind, 'y'));
  });
});

describe('what sets the schedulers apart', () => {
  it('starvation holds up one victim, again and again', () => {
    for (const schedule of samples('starvation')) {
      const victims = schedule.map(({ message }) =>
        message.kind === 'delivery' ? message.source : `${message.kind} ${message.pod ?? message.call}`,
      );
      expect(new Set(victims).size).toBe(1);
      expect(new Set(schedule.map(({ delayMs }) => delayMs)).size).toBe(1);
      expect(schedule.length).toBeGreaterThanOrEqual(4);
    }
  });

  it('priorities give a party one delay, and another after its change point', () => {
    const spared = samples('priority').map((schedule) => {
      const parties = new Set(
        schedule.map(({ message }) =>
          message.kind === 'delivery' ? message.source : (message.pod ?? 'any'),
        ),
      );
      return parties.size;
    });
    // Three pods and two sources; lists that belong to nobody count as one more.
    expect(Math.max(...spared)).toBeLessThanOrEqual(6);
    const delays = samples('priority').map(
      (schedule) => new Set(schedule.map(({ delayMs }) => delayMs)).size,
    );
    expect(Math.max(...delays)).toBeLessThanOrEqual(6);
    expect(Math.min(...delays)).toBeGreaterThanOrEqual(2);
  });

  it('uniform delays differ from message to message', () => {
    const varied = samples('uniform').filter(
      (schedule) => new Set(schedule.map(({ delayMs }) => delayMs)).size >= schedule.length - 1,
    );
    expect(varied.length).toBeGreaterThan(180);
  });
});
