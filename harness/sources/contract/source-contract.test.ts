import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { describe } from 'vitest';
import { createRealClock } from '../../core/clock.js';
import { createFeedPort } from '../../drivers/agent-ports/feed-port.js';
import { createFilePort } from '../../drivers/agent-ports/file-port.js';
import { createHttpPort } from '../../drivers/agent-ports/http-port.js';
import type { LiveSource, SimSource, SourceContext } from '../../ports/source.js';
import { createLiveFeedSource } from '../feed/live-feed-source.js';
import { createSimFeedSource } from '../feed/sim-feed-source.js';
import { createLiveFileSource } from '../file/live-file-source.js';
import { createSimFileSource } from '../file/sim-file-source.js';
import { createLiveHttpSource } from '../http/live-http-source.js';
import { createSimHttpSource } from '../http/sim-http-source.js';
import { advance, createLife, createTestContext, settleOn } from '../testing/test-context.js';
import { feedContract } from './feed-contract.js';
import { fileContract } from './file-contract.js';
import { httpContract } from './http-contract.js';
import type { CreateSourceWorld } from './source-world.js';

function sim<Port>(create: (context: SourceContext) => SimSource<Port>): CreateSourceWorld<Port> {
  return async () => {
    const context = createTestContext();
    const source = create(context);
    return {
      context,
      source,
      port: source.port(createLife()),
      pass: (ms) => advance(context.clock, ms),
      settle: (promise) => settleOn(context.clock, promise),
      close: async () => {},
    };
  };
}

function live<Port extends object>(
  create: (context: SourceContext, directory: string) => LiveSource,
  connect: (endpoint: string) => Port,
): CreateSourceWorld<Port> {
  return async () => {
    const context = createTestContext(createRealClock());
    const directory = mkdtempSync(join(tmpdir(), 'conformance-source-'));
    const source = create(context, directory);
    const port = connect(await source.open());
    return {
      context,
      source,
      port,
      pass: (ms) => sleep(ms),
      settle: (promise) => promise,
      async close() {
        if ('close' in port) (port.close as () => void)();
        await source.close();
        rmSync(directory, { recursive: true });
      },
    };
  };
}

describe('file source in sim', () => fileContract(sim(createSimFileSource)));
describe('file source in live', () =>
  fileContract(
    live(
      (context, directory) => createLiveFileSource(context, { directory: join(directory, 'manifests') }),
      createFilePort,
    ),
  ));

describe('HTTP source in sim', () => httpContract(sim(createSimHttpSource)));
describe('HTTP source in live', () =>
  httpContract(live((context) => createLiveHttpSource(context), createHttpPort)));

describe('feed in sim', () => feedContract(sim(createSimFeedSource)));
describe('feed in live', () =>
  feedContract(
    live(
      (context, directory) => createLiveFeedSource(context, { socketPath: join(directory, 'feed.sock') }),
      (endpoint) => createFeedPort(endpoint, { nodeName: 'node-1' }),
    ),
  ));
