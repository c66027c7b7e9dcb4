import { clusterRequirements } from './catalogue/cluster.js';
import { nodeRequirements } from './catalogue/node.js';
import { podsRequirements } from './catalogue/pods.js';
import { sourcesRequirements } from './catalogue/sources.js';
import type { Requirement } from './requirement.js';

/** The revision of the catalogue. A revision's set of requirements never changes. */
export const catalogueRevision = 1;

const all = [
  ...sourcesRequirements,
  ...podsRequirements,
  ...nodeRequirements,
  ...clusterRequirements,
] as const;

/** The identifiers of the catalogue. */
export type RequirementId = (typeof all)[number]['id'];

/** The whole catalogue in the order of its groups. */
export const requirements: readonly (Requirement & { readonly id: RequirementId })[] = all;

const byId = new Map<string, Requirement & { readonly id: RequirementId }>(
  requirements.map((requirement) => [requirement.id, requirement]),
);

/** The entry with this identifier, or undefined when the catalogue has none. */
export function findRequirement(id: string): (Requirement & { readonly id: RequirementId }) | undefined {
  return byId.get(id);
}

/** The entry with this identifier, which the type says exists. */
export function requirementOf(id: RequirementId): Requirement {
  return byId.get(id)!;
}

/** Requirements whose identifier matches any of the globs (`MUX-*`, `TERM-0?`), in catalogue order. */
export function matchRequirements(
  globs: readonly string[],
): (Requirement & { readonly id: RequirementId })[] {
  const patterns = globs.map(globToRegExp);
  return requirements.filter((requirement) => patterns.some((pattern) => pattern.test(requirement.id)));
}

function globToRegExp(glob: string): RegExp {
  const escaped = glob
    .replace(/[.+^${}()|[\]\\]/g, '\\$&')
    .replace(/\*/g, '.*')
    .replace(/\?/g, '.');
  return new RegExp(`^${escaped}$`, 'i');
}
