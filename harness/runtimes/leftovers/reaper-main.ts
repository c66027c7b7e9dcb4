import { setTimeout as delay } from 'node:timers/promises';
import { sweepLeftovers } from './sweep-leftovers.js';

/** On a busy machine a killed harness may not be quite dead at the first look. */
const sweepDelaysMs = [0, 1_000, 4_000];
/** A container that was being made when the harness died appears only after the first look. */
const containerSweepDelaysMs = [0, 1_000, 3_000, 8_000];

let told = '';
try {
  for await (const chunk of process.stdin) told += String(chunk);
} catch {
  // A pipe that breaks says the same as one that ends.
}
const words = told.split('\n').filter((word) => word !== '');
const count = (word: string): number => words.filter((each) => each === word).length;
const isWatched = (what: string): boolean => count(what) > count(`closed ${what}`);
const docker = isWatched('docker');
const runtimes = [...new Set(words)].filter((word) => word.startsWith('cri:') && isWatched(word));
if (!words.includes('done')) {
  for (const delayMs of docker || runtimes.length > 0 ? containerSweepDelaysMs : sweepDelaysMs) {
    await delay(delayMs);
    await sweepLeftovers({ docker, runtimes: runtimes.map((word) => word.slice('cri:'.length)) });
  }
}
