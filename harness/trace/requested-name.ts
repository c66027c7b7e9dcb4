import type { ApiRequest } from './events.js';

/** Of which object a request is, as far as it says: the path names it, or, when it is to be created, the body. */
export function requestedName({ name, verb, body }: ApiRequest): string | undefined {
  if (name !== undefined || verb !== 'create') return name;
  const { metadata } = (body ?? {}) as { metadata?: { name?: unknown } | null };
  return typeof metadata?.name === 'string' ? metadata.name : undefined;
}
