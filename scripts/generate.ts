/**
 * Writes the files that are derived from the sources: docs/REQUIREMENTS.md and the JSON Schemas. With
 * `--check` it writes nothing and fails when one of them is not what it would write.
 */
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { z } from 'zod';
import { reportSchema } from '../harness/report/json.js';
import { agentFileSchema } from '../harness/spec/agent-file.js';
import { caseFileSchema } from '../harness/spec/case-file.js';
import { planSchema } from '../harness/spec/plan.js';
import { catalogueRevision, requirements } from '../harness/spec/requirements.js';

function requirementTable(): string {
  const lines = [
    '# Requirements',
    '',
    `Catalogue revision ${catalogueRevision}, generated from \`harness/spec/catalogue/\`. MUST broken: the agent does not`,
    'conform. SHOULD broken: a warning. `conformance explain <ID>` prints one entry.',
  ];
  for (const group of new Set(requirements.map((requirement) => requirement.group))) {
    lines.push('', `## ${group}`);
    for (const requirement of requirements.filter((candidate) => candidate.group === group)) {
      lines.push(
        '',
        `**${requirement.id}** · ${requirement.level} · *${requirement.title}*. ${requirement.text}`,
      );
      if (requirement.bound !== '–')
        lines.push('', `- *Bound:* ${requirement.bound}. *Seen as:* ${requirement.seenAs}.`);
    }
  }
  return `${lines.join('\n')}\n`;
}

function schemaText(schema: z.ZodType): string {
  return `${JSON.stringify(z.toJSONSchema(schema, { unrepresentable: 'any' }), null, 2)}\n`;
}

const files = new Map([
  ['docs/REQUIREMENTS.md', requirementTable()],
  ['schemas/plan.schema.json', schemaText(planSchema)],
  ['schemas/case.schema.json', schemaText(caseFileSchema)],
  ['schemas/agent-file.schema.json', schemaText(agentFileSchema)],
  ['schemas/report.schema.json', schemaText(reportSchema)],
]);

let stale = 0;
for (const [path, text] of files) {
  if (existsSync(path) && readFileSync(path, 'utf8') === text) continue;
  if (process.argv.includes('--check')) {
    console.error(`${path} is out of date: run npm run generate`);
    stale++;
    continue;
  }
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, text);
  console.log(`wrote ${path}`);
}
process.exitCode = stale > 0 ? 1 : 0;
