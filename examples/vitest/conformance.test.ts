/**
 * The suites inside a project's own vitest: one test for each requirement. In a project of your own import from
 * `node-agent-conformance/vitest`, and give your agent as `agent`.
 */
import { describeConformance } from '../../harness/vitest.js';

describeConformance('the reference agent', {
  cases: 150,
  seed: 'example',
  jobs: 1,
  requirements: ['MUX-*', 'TERM-*', 'QUIET-*'],
});
