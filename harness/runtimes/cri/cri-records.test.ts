import { expect, test } from 'vitest';
import { runLabels } from '../run-labels.js';
import { withoutRunLabels } from './cri-records.js';

test('an agent sees none of the labels of the suite, and all others', () => {
  const own = { app: 'web', [`${runLabels.run}.note`]: 'somebody’s own', '': 'empty' };
  const added = Object.fromEntries(Object.values(runLabels).map((key) => [key, 'x']));
  expect(withoutRunLabels({ ...added, ...own })).toEqual(own);
});
