import { join } from 'node:path';
import type { CriMethod } from '../spec/plan.js';
import type { CriRequest, CriResponse, CriResult, PodSandboxConfig } from '../ports/cri.js';
import type { RuntimeBackend } from '../ports/runtime.js';

/**
 * A runtime for an agent that finds directories mounted over others, as its profile says: paths of pod logs, which both of
 * them use, mean to the runtime what they mean to the agent, and come back as the agent knows them.
 *
 * @param mounts paths below the agent's state directory, by the place where the agent has them
 */
export function withAgentMounts(
  backend: RuntimeBackend,
  mounts: Readonly<Record<string, string>>,
  stateDirectory: string,
): RuntimeBackend {
  const places = Object.entries(mounts).map(
    ([seenAt, below]) => [seenAt, join(stateDirectory, below)] as const,
  );
  const real = (path: string): string => moved(path, places);
  const seen = (path: string): string =>
    moved(
      path,
      places.map(([seenAt, liesAt]) => [liesAt, seenAt]),
    );

  function atRealPlaces<Config extends PodSandboxConfig | undefined>(config: Config): Config {
    if (config?.logDirectory === undefined) return config;
    return { ...config, logDirectory: real(config.logDirectory) };
  }

  return {
    ...backend,
    invoke(method, request, reply) {
      switch (method as CriMethod) {
        case 'RunPodSandbox': {
          const asked = request as CriRequest<'RunPodSandbox'>;
          backend.invoke('RunPodSandbox', { ...asked, config: atRealPlaces(asked.config) }, reply);
          break;
        }
        case 'CreateContainer': {
          const asked = request as CriRequest<'CreateContainer'>;
          const sandboxConfig = atRealPlaces(asked.sandboxConfig);
          backend.invoke('CreateContainer', { ...asked, sandboxConfig }, reply);
          break;
        }
        case 'ContainerStatus':
          backend.invoke(method, request, (result) => reply(statusAsSeen(result, seen)));
          break;
        default:
          backend.invoke(method, request, reply);
      }
    },
  };
}

function statusAsSeen(result: CriResult, seen: (path: string) => string): CriResult {
  if (result.code !== 'OK') return result;
  const response = result.response as CriResponse<'ContainerStatus'>;
  const { status } = response;
  return { code: 'OK', response: { ...response, status: { ...status, logPath: seen(status.logPath) } } };
}

/** The path with the first of these directories that it is in exchanged for another. */
function moved(path: string, places: readonly (readonly [from: string, to: string])[]): string {
  for (const [from, to] of places)
    if (path === from || path.startsWith(`${from}/`)) return to + path.slice(from.length);
  return path;
}
