import { ExitCode, HarnessError } from '../core/errors.js';
import type { AgentEndpoints } from '../ports/driver.js';

/** What stands for each placeholder of an agent file when an agent is started with these endpoints. */
export function placeholderValues(endpoints: AgentEndpoints): ReadonlyMap<string, string> {
  const values = new Map<string, string>([
    ['runtime.endpoint', endpoints.runtime],
    ['sources.file.path', endpoints.file ?? ''],
    ['sources.http.url', endpoints.http ?? ''],
    ['sources.api.kubeconfig', endpoints.api ?? ''],
    ['sources.feed.endpoint', endpoints.feed ?? ''],
    ['node.name', endpoints.nodeName],
    ['state.directory', endpoints.stateDirectory],
  ]);
  values.set('timings.json', JSON.stringify(endpoints.timings));
  for (const [name, value] of Object.entries(endpoints.timings)) values.set(`timings.${name}`, String(value));
  return values;
}

/** Fills `{{name}}` in a text; a name that is not known is refused, not left standing. */
export function fillTemplate(
  text: string,
  values: ReadonlyMap<string, string>,
  where: { file?: string; path: string },
): string {
  return text.replace(/\{\{\s*([^{}]*?)\s*\}\}/g, (_match, name: string) => {
    const value = values.get(name);
    if (value !== undefined) return value;
    throw new HarnessError({
      code: 'template-unknown',
      message: `There is no placeholder called ${JSON.stringify(name)}.`,
      exitCode: ExitCode.usage,
      file: where.file,
      path: where.path,
      expected:
        [...values.keys()].filter((key) => !key.startsWith('timings.')).join(', ') + ', timings.<name>',
      got: name,
    });
  });
}

/** Splits a command line at white space; single and double quotes keep words together. There is no shell. */
export function splitCommand(line: string): string[] {
  const words = line.match(/(?:[^\s"']+|"[^"]*"|'[^']*')+/g) ?? [];
  return words.map((word) =>
    word.replace(
      /"([^"]*)"|'([^']*)'/g,
      (_match, double?: string, single?: string) => double ?? single ?? '',
    ),
  );
}
