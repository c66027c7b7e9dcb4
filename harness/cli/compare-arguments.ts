import { Command } from 'commander';

export interface CompareOptions {
  /** Report folders, or the report.json in them. */
  readonly first: string;
  readonly second: string;
  readonly json: boolean;
}

/** The command line of `conformance compare`. */
export function compareCommandLine(found: (options: CompareOptions) => void): Command {
  return new Command('compare')
    .description('show two reports side by side, of two agents or of two versions of one')
    .argument('<first>', 'report folder, or its report.json: what the second is measured by')
    .argument('<second>', 'report folder, or its report.json')
    .option('--json', 'as a JSON object', false)
    .addHelpText('after', compareExamples)
    .action((first: string, second: string, { json }: { json: boolean }) => found({ first, second, json }));
}

const compareExamples = `
Examples:
  conformance run --agent old.yaml --seed 7 --cases 500 --report old
  conformance run --agent new.yaml --seed 7 --cases 500 --report new
  conformance compare old new                      side by side, with the cases that tell them apart
  conformance compare old new --json

Exit codes: 0 the second is nowhere worse, 1 it is, 64 a report cannot be read or is of a newer format.
`;
