import { noCheckYet } from '../spec/verdict.js';
import { isExcused, isMust, type CampaignResult, type ReportedVerdict } from './result.js';
import { count } from './words.js';

const namesMax = 8;

/** What nobody looked at, so that a pass is not read as more than it is. */
function leftOut(result: CampaignResult): string[] {
  const kindOf = (kind: string): ReportedVerdict[] =>
    result.verdicts.filter(({ verdict }) => verdict === kind);
  const unchecked = kindOf('not exercised').filter(({ reason }) => reason === noCheckYet).length;
  const unexercised = kindOf('not exercised').length - unchecked;
  const ruledOut = kindOf('not applicable').length;
  return [
    ...(unexercised > 0 ? [`${unexercised} not exercised`] : []),
    ...(ruledOut > 0 ? [`${ruledOut} not applicable to this agent`] : []),
    ...(unchecked > 0 ? [`${unchecked} without a check yet`] : []),
  ];
}

/** The outcome of a campaign as one sentence; the same in every format. */
export function outcomeSentence(result: CampaignResult): string {
  const known = result.knownFailing;
  const failed = result.verdicts.filter((verdict) => verdict.verdict === 'fail');
  const broken = failed.filter((verdict) => isMust(verdict.requirement) && !isExcused(verdict, known));
  const warnings = failed.filter((verdict) => !isMust(verdict.requirement)).length;
  const early =
    result.interrupted === true ? ' The campaign was interrupted; this is what it found so far.' : '';
  switch (result.exitCode) {
    case 0: {
      const passed = result.verdicts.filter((verdict) => verdict.verdict === 'pass').length;
      const excused = failed.length - warnings;
      const notes = [
        ...(warnings > 0 ? [`${count(warnings, 'recommendation')} not followed`] : []),
        ...(excused > 0 ? [`${count(excused, 'known failure')}`] : []),
        ...leftOut(result),
      ];
      return `Conforms: ${count(passed, 'requirement')} passed${notes.length > 0 ? `, ${notes.join(', ')}` : ''}.`;
    }
    case 1: {
      if (broken.length > 0) {
        const names = broken.map((verdict) => verdict.requirement);
        const rest = names.length > namesMax ? `, and ${names.length - namesMax} more` : '';
        return `Does not conform: ${count(names.length, 'requirement')} broken (${names.slice(0, namesMax).join(', ')}${rest}).${early}`;
      }
      return `Fails: the known-failing file is out of date.${early}`;
    }
    default: {
      if (result.verdicts.every((verdict) => verdict.exercised === 0)) {
        return `Inconclusive: no requirement was exercised.${early}`;
      }
      const undecided = result.verdicts.filter((verdict) => verdict.verdict === 'inconclusive').length;
      if (undecided === 0 && early !== '') return `Inconclusive.${early}`;
      return `Inconclusive: ${count(undecided, 'requirement')} could not be decided.${early}`;
    }
  }
}
