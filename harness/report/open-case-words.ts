import { count } from './words.js';

/** Cases that say nothing of what they would have come to; where others do, no verdict shows it. */
export interface OpenCases {
  readonly cases: number;
  /** Still moving at their deadline. */
  readonly unsettled: number;
  /** Cut short because the agent made too many calls. */
  readonly floods: number;
  /** There were so many of those that the campaign went no further. */
  readonly isLeftOut: boolean;
}

/** How many cases could not be judged to their end, and why: a sentence for each reason. */
export function openCaseWords({ cases, unsettled, floods, isLeftOut }: OpenCases): string[] {
  const of = `${unsettled.toLocaleString('en-US')} of ${count(cases, 'case')}`;
  const [were, their] = unsettled === 1 ? ['was', 'its'] : ['were', 'their'];
  const cutShort = `In ${floods} of ${count(cases, 'case')} the agent made so many calls that the run was cut short, and was judged only up to there.`;
  return [
    ...(unsettled > 0
      ? [`${of} ${were} still moving at ${their} deadline, and ${were} judged only up to there.`]
      : []),
    ...(floods > 0 ? [`${cutShort}${isLeftOut ? ' The rest was left out.' : ''}`] : []),
  ];
}
