import { checkedRequirements } from '../oracles/judge.js';
import { requirements } from '../spec/requirements.js';
import { printable } from '../report/sanitize.js';
import type { ListOptions } from './arguments.js';

/** One line of `conformance list`. With `--json` the whole object is printed. */
export interface Listed {
  readonly id?: string;
  readonly name: string;
  readonly description: string;
  readonly requirements?: readonly string[];
  /** Requirements: whether some oracle checks it. */
  readonly checked?: boolean;
}

/** What there is of a kind. Suites and mutants are loaded only when they are asked for. */
export async function listed(what: ListOptions['what']): Promise<Listed[]> {
  switch (what) {
    case 'requirements':
      return requirements.map(({ id, title, text, ...rest }) => ({
        id,
        name: id,
        description: title,
        ...rest,
        text,
        checked: checkedRequirements.has(id),
      }));
    case 'suites': {
      const { suites } = await import('../../suites/index.js');
      return suites.map((suite) => ({
        name: suite.name,
        description: suite.title,
        requirements: suite.requirements,
      }));
    }
    case 'mutants': {
      const { mutants } = await import('../../fakes/mutants/index.js');
      return mutants.map(({ name, description, requirements: broken }) => ({
        name,
        description,
        requirements: broken,
      }));
    }
  }
}

/** The list for a terminal, in columns. */
export function listText(items: readonly Listed[]): string {
  const width = Math.max(0, ...items.map((item) => item.name.length));
  return items
    .map((item) => {
      const broken = item.requirements === undefined ? '' : ` (${bounded(item.requirements)})`;
      return `${item.name.padEnd(width)}  ${printable(item.description)}${broken}\n`;
    })
    .join('');
}

function bounded(names: readonly string[]): string {
  const namesMax = 6;
  return names.length <= namesMax
    ? names.join(', ')
    : `${names.slice(0, namesMax).join(', ')} and ${names.length - namesMax} more`;
}
