import type { Suite } from '../harness/explore/suite.js';

/** The agent ends and starts again: it adopts what runs, catches up, and finishes what it began. */
export const restart: Suite = {
  name: 'restart',
  title: 'Agent restart and adoption',
  requirements: ['ADOPT-01', 'ADOPT-02', 'ADOPT-03', 'MUX-11', 'WORK-01', 'RT-01'],
  reachesFar: true,
  patterns: {
    restartQuietly: 5,
    restartCatchUp: 6,
    crashBetweenCalls: 6,
    orphan: 2,
    unreadySource: 2,
    slowStop: 1,
  },
};
