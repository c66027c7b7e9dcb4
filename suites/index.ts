import type { Suite } from '../harness/explore/suite.js';
import { api } from './api.js';
import { backoff } from './backoff.js';
import { convergence } from './convergence.js';
import { feed } from './feed.js';
import { file } from './file.js';
import { http } from './http.js';
import { lifecycle } from './lifecycle.js';
import { mixed } from './mixed.js';
import { mux } from './mux.js';
import { orphans } from './orphans.js';
import { restart } from './restart.js';
import { runtimeFaults } from './runtime-faults.js';
import { termination } from './termination.js';
import { workers } from './workers.js';

/** Every suite, in the order in which a campaign takes them in turn. */
export const suites: readonly Suite[] = [
  mixed,
  mux,
  file,
  http,
  api,
  feed,
  workers,
  lifecycle,
  backoff,
  termination,
  orphans,
  restart,
  runtimeFaults,
  convergence,
];
