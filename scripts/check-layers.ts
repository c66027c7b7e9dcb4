/**
 * Runs dependency-cruiser over the sources and fails on a forbidden import, and also when it saw almost no
 * files: an analyser that cannot read the sources looks green otherwise.
 */
import { cruise, type ICruiseResult } from 'dependency-cruiser';
import extractConfig from 'dependency-cruiser/config-utl/extract-depcruise-config';
import extractTypeScript from 'dependency-cruiser/config-utl/extract-ts-config';

const filesMin = 100;

const config = await extractConfig('./.dependency-cruiser.cjs');
const { output } = await cruise(
  ['harness', 'suites', 'fakes'],
  { ruleSet: config, ...config.options, validate: true },
  undefined,
  { tsConfig: extractTypeScript('tsconfig.json') },
);
const { modules, summary } = output as ICruiseResult;
const own = modules.filter((module) => /^(harness|suites|fakes)\//.test(module.source));
for (const violation of summary.violations) {
  console.error(`${violation.rule.name}: ${violation.from} → ${violation.to}`);
}
console.log(`${own.length} modules, ${summary.totalDependenciesCruised} imports, ${summary.error} forbidden`);
if (own.length < filesMin)
  console.error(`expected at least ${filesMin} modules: the analyser does not see the sources`);
process.exitCode = summary.error > 0 || own.length < filesMin ? 1 : 0;
