import { createRealClock } from '../../core/clock.js';
import { runtimeContract } from '../contract.js';
import { createMemoryBackend } from './memory-backend.js';

const clock = createRealClock();

runtimeContract('memory', (observer, writeLog) =>
  createMemoryBackend({ clock, observer, writeLog, epochMs: Date.now() - clock.now() }),
);
