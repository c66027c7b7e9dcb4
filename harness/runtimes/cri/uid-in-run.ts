/**
 * Runtimes take the name of a pod only once, made up of its own, its namespace, UID and attempt. Runs that go on side by
 * side have pods of the same names, so there the UID says which run it is of.
 */
export function uidInRun(uid: string, runId: string): string {
  return uid + suffix(runId);
}

/** What the runtime says, as agents may see it. */
export function withoutRun(text: string, runId: string): string {
  return text.replaceAll(suffix(runId), '');
}

function suffix(runId: string): string {
  return `.${runId}`;
}
