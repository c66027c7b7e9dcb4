import { unsafeUniformIntDistribution, xoroshiro128plus, type RandomGenerator } from 'pure-rand';
import { sha256 } from './hash.js';

/** Seeded randomness. Two made from equal seeds give equal sequences on every machine. */
export interface Prng {
  /** A whole number in [min, max], both included. */
  int(min: number, max: number): number;
  /** A number in [0, 1) with 32 bits of randomness. */
  unit(): number;
}

export function createPrng(seed: string): Prng {
  const generator: RandomGenerator = xoroshiro128plus(seedToInt32(seed));
  return {
    int: (min, max) => unsafeUniformIntDistribution(min, max, generator),
    unit: () => (generator.unsafeNext() >>> 0) / 0x1_0000_0000,
  };
}

/** Folds any text to the 32-bit seed that pure-rand and fast-check take. */
export function seedToInt32(seed: string): number {
  return Number.parseInt(sha256(seed).slice(0, 8), 16) | 0;
}
