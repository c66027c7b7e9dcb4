import { setTimeout as delay } from 'node:timers/promises';
import { sweepLeftovers } from './sweep-leftovers.js';

/** On a busy machine a killed harness may not be quite dead at the first look. */
const sweepDelaysMs = [0, 1_000, 4_000];
/** A container that was being made when the harness died appears only after the first look. */
const dockerSweepDelaysMs = [0, 1_000, 3_000, 8_000];

let told = '';
try {
  for await (const chunk of process.stdin) told += String(chunk);
} catch {
  // A pipe that breaks says the same as one that ends.
}
const words = told.split('\n');
const count = (word: string): number => words.filter((each) => each === word).length;
const docker = count('docker') > count('docker-closed');
if (!words.includes('done')) {
  for (const delayMs of docker ? dockerSweepDelaysMs : sweepDelaysMs) {
    await delay(delayMs);
    await sweepLeftovers({ docker });
  }
}
