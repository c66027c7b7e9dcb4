import { count } from './words.js';

/** Cases that say less than they might, or of which no requirement speaks: no verdict shows them. */
export interface OpenCases {
  readonly cases: number;
  /** Still moving at their deadline. */
  readonly unsettled: number;
  /** Cut short because the agent made too many calls. */
  readonly floods: number;
  /** So many were cut short that the campaign went no further. */
  readonly isLeftOut: boolean;
  /** The agent ended on its own, and was started again. */
  readonly ownExits: number;
}

/** How many cases there were of each kind: a sentence for each. */
export function openCaseWords({ cases, unsettled, floods, ownExits, isLeftOut }: OpenCases): string[] {
  const of = `${unsettled.toLocaleString('en-US')} of ${count(cases, 'case')}`;
  const [were, their] = unsettled === 1 ? ['was', 'its'] : ['were', 'their'];
  const cutShort = `In ${floods} of ${count(cases, 'case')} the agent made so many calls that the run was cut short, and was judged only up to there.`;
  return [
    ...(unsettled > 0
      ? [`${of} ${were} still moving at ${their} deadline, and ${were} judged only up to there.`]
      : []),
    ...(floods > 0 ? [`${cutShort}${isLeftOut ? ' The rest was left out.' : ''}`] : []),
    ...(ownExits > 0
      ? [`In ${ownExits} of ${count(cases, 'case')} the agent ended on its own, and was started again.`]
      : []),
  ];
}
