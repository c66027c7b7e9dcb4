import { ExitCode, HarnessError } from '../core/errors.js';
import { suites as allSuites } from '../../suites/index.js';
import { suitesFor, type GenerateOptions, type Suite } from '../explore/suite.js';
import { matchRequirements, requirements, type RequirementId } from '../spec/requirements.js';

/** The requirements that the globs name; all when there are none. */
export function askedRequirements(globs: readonly string[]): ReadonlySet<RequirementId> {
  if (globs.length === 0) return new Set(requirements.map(({ id }) => id));
  for (const glob of globs) {
    if (matchRequirements([glob]).length > 0) continue;
    throw new HarnessError({
      code: 'requirement-unknown',
      message: 'No requirement matches.',
      exitCode: ExitCode.usage,
      path: '--requirement',
      expected: 'an identifier or a glob such as MUX-* or TERM-0?',
      got: glob,
      hint: '`conformance list requirements` prints them.',
    });
  }
  return new Set(matchRequirements(globs).map(({ id }) => id));
}

/** The suites by name; without names, those that aim at what was asked for, or else all. */
export function chooseSuites(
  options: { readonly suites: readonly string[] },
  generate: GenerateOptions,
  asked: ReadonlySet<RequirementId>,
): Suite[] {
  for (const name of options.suites) {
    if (allSuites.some((suite) => suite.name === name)) continue;
    throw new HarnessError({
      code: 'suite-unknown',
      message: 'There is no such suite.',
      exitCode: ExitCode.usage,
      path: '--suite',
      expected: allSuites.map((suite) => suite.name).join(', '),
      got: name,
    });
  }
  const usable = suitesFor(allSuites, generate);
  const named = usable.filter((suite) => options.suites.length === 0 || options.suites.includes(suite.name));
  if (named.length === 0) {
    throw new HarnessError({
      code: 'suite-impossible',
      message: 'None of these suites can be run with the sources of this agent.',
      exitCode: ExitCode.usage,
      expected: options.suites.join(', '),
      got: `an agent with the sources ${generate.sources.join(', ')}`,
    });
  }
  const aimed = named.filter((suite) => suite.requirements.some((requirement) => asked.has(requirement)));
  return aimed.length > 0 ? aimed : named;
}
