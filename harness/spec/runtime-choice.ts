/** What `--runtime` takes, in words. */
export const runtimeChoices = 'memory, docker or cri:unix:///<socket>';

/** Whether this names a runtime: `memory`, `docker`, `cri:unix:///run/x.sock` or, shorter, `cri:/run/x.sock`. */
export function isRuntimeChoice(text: string): boolean {
  return text === 'memory' || text === 'docker' || criEndpoint(text) !== undefined;
}

/** The endpoint of a CRI runtime, `unix:///…`; undefined when another kind of runtime is named. */
export function criEndpoint(runtime: string): string | undefined {
  const path = /^cri:(?:unix:\/\/)?(\/[^/].*)$/.exec(runtime)?.[1];
  return path === undefined ? undefined : `unix://${path}`;
}
