/**
 * The layers of docs/ARCHITECTURE.md: which folder may import which. A rule says what a folder may reach;
 * everything else under harness/, suites/ and fakes/ is forbidden to it.
 */
const layers = {
  core: [],
  spec: ['core'],
  trace: ['core', 'spec'],
  ports: ['core', 'spec', 'trace'],
  model: ['core', 'spec', 'trace'],
  oracles: ['core', 'spec', 'trace', 'model'],
  sources: ['core', 'spec', 'trace', 'ports'],
  runtimes: ['core', 'spec', 'trace', 'ports'],
  drivers: ['core', 'spec', 'trace', 'ports', 'sources'],
  explore: ['core', 'spec', 'trace'],
  report: ['core', 'spec', 'trace'],
  run: [
    'core',
    'spec',
    'trace',
    'ports',
    'model',
    'oracles',
    'sources',
    'runtimes',
    'drivers',
    'explore',
    'report',
  ],
};

const outside = { sources: '^fakes/api-server/' };

const layerRules = Object.entries(layers).map(([layer, allowed]) => ({
  name: `layer-${layer}`,
  comment: `harness/${layer} may import only: ${[layer, ...allowed].join(', ')}`,
  severity: 'error',
  from: { path: `^harness/${layer}/`, pathNot: '\\.test\\.ts$' },
  to: {
    path: '^(harness|suites|fakes)/',
    pathNot: [`^harness/(${[layer, ...allowed].join('|')})/`, ...(outside[layer] ? [outside[layer]] : [])],
  },
}));

module.exports = {
  forbidden: [
    ...layerRules,
    {
      name: 'fakes-stay-apart',
      comment:
        'The reference agent shares no decision with the model and the oracles: both could be wrong together.',
      severity: 'error',
      from: { path: '^fakes/', pathNot: '\\.test\\.ts$' },
      to: { path: '^(harness|suites)/', pathNot: '^harness/(core|spec|trace|ports)/' },
    },
    {
      name: 'suites-use-the-front-door',
      comment: 'A suite is one declarative value; it needs nothing but the front door.',
      severity: 'error',
      from: { path: '^suites/', pathNot: '\\.test\\.ts$|^suites/self/' },
      to: { path: '^(harness|fakes)/', pathNot: '^harness/(index|explore/suite)\\.ts$' },
    },
    {
      name: 'fast-check-has-one-home',
      severity: 'error',
      from: { path: '^(harness|suites|fakes)/', pathNot: '^harness/explore/|\\.test\\.ts$|^suites/self/' },
      to: { path: 'node_modules/fast-check' },
    },
    {
      name: 'grpc-only-where-it-is-served',
      severity: 'error',
      from: {
        path: '^(harness|suites|fakes)/',
        pathNot:
          '^harness/(core/cri-(protocol|connection)|runtimes/cri-server/|drivers/agent-ports/|sources/feed/)|\\.test\\.ts$',
      },
      to: { path: 'node_modules/@grpc/' },
    },
    {
      name: 'testcontainers-only-in-docker',
      severity: 'error',
      from: { path: '^(harness|suites|fakes)/', pathNot: '^harness/runtimes/docker/|\\.test\\.ts$' },
      to: { path: 'node_modules/(testcontainers|dockerode)/' },
    },
    {
      name: 'web-sockets-only-where-they-are-served',
      severity: 'error',
      from: { path: '^(harness|suites|fakes)/', pathNot: '^harness/runtimes/streaming/' },
      to: { path: 'node_modules/(@types/)?ws/' },
    },
    {
      name: 'no-cycles',
      severity: 'error',
      from: {},
      to: { circular: true, viaOnly: { dependencyTypesNot: ['type-only'] } },
    },
  ],
  options: {
    tsConfig: { fileName: 'tsconfig.json' },
    tsPreCompilationDeps: true,
    doNotFollow: { path: 'node_modules' },
    exclude: { path: '^dist/' },
  },
};
