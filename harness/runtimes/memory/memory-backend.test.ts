import { createRealClock } from '../../core/clock.js';
import { runtimeContract } from '../contract.js';
import { createStreamingServer } from '../streaming/streaming-server.js';
import { createMemoryBackend } from './memory-backend.js';

const clock = createRealClock();

runtimeContract('memory', (observer, logs) =>
  createMemoryBackend({
    clock,
    observer,
    ...logs,
    epochMs: Date.now() - clock.now(),
    streaming: createStreamingServer(),
  }),
);
