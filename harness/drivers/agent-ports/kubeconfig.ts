import { readFileSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import { parse } from 'yaml';
import { z } from 'zod';
import { ExitCode, HarnessError } from '../../core/errors.js';

const schema = z.object({
  clusters: z.array(
    z.object({
      name: z.string(),
      cluster: z.object({
        server: z.url({ protocol: /^https?$/ }),
        'certificate-authority-data': z.string().optional(),
        'certificate-authority': z.string().optional(),
      }),
    }),
  ),
  users: z.array(
    z.object({
      name: z.string(),
      user: z.object({ token: z.string().optional(), tokenFile: z.string().optional() }),
    }),
  ),
  contexts: z.array(
    z.object({ name: z.string(), context: z.object({ cluster: z.string(), user: z.string() }) }),
  ),
  'current-context': z.string(),
});

/** Where an API server is, and how to be let in. */
export interface ApiAccess {
  readonly url: string;
  readonly token?: string;
  /** PEM. Absent: the system's. */
  readonly certificateAuthority?: string;
}

/** Reads the current context of a kubeconfig file: bearer tokens only. Throws a HarnessError with exit code 64. */
export function readKubeconfig(path: string): ApiAccess {
  const config = read(path);
  const current = config['current-context'];
  const context = config.contexts.find((entry) => entry.name === current)?.context;
  const cluster = config.clusters.find((entry) => entry.name === context?.cluster)?.cluster;
  const user = config.users.find((entry) => entry.name === context?.user)?.user;
  if (cluster === undefined || user === undefined) {
    throw malformed(path, `its current context “${current}” names a cluster or user that it lacks`);
  }
  const near = (file: string): string => readText(resolve(dirname(path), file));
  const token = user.token ?? (user.tokenFile === undefined ? undefined : near(user.tokenFile).trim());
  const data = cluster['certificate-authority-data'];
  const file = cluster['certificate-authority'];
  const authority =
    data !== undefined
      ? Buffer.from(data, 'base64').toString('utf8')
      : file === undefined
        ? undefined
        : near(file);
  return {
    url: cluster.server.replace(/\/+$/, ''),
    ...(token === undefined ? {} : { token }),
    ...(authority === undefined ? {} : { certificateAuthority: authority }),
  };
}

function read(path: string): z.infer<typeof schema> {
  let value: unknown;
  try {
    value = parse(readText(path), { maxAliasCount: 100 });
  } catch (cause) {
    if (cause instanceof HarnessError) throw cause;
    throw malformed(path, cause instanceof Error ? cause.message : String(cause));
  }
  const result = schema.safeParse(value);
  if (result.success) return result.data;
  const [issue] = result.error.issues;
  throw malformed(path, issue!.message, issue!.path.join('.'));
}

function readText(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch (cause) {
    throw new HarnessError({
      code: 'kubeconfig-unreadable',
      message: `A file that gives access to the API server cannot be read: ${(cause as Error).message}.`,
      exitCode: ExitCode.usage,
      file: path,
      hint: 'Check the path and the rights of the file.',
      cause,
    });
  }
}

function malformed(file: string, why: string, path?: string): HarnessError {
  return new HarnessError({
    code: 'kubeconfig-malformed',
    message: `The kubeconfig cannot be used: ${why}.`,
    exitCode: ExitCode.usage,
    file,
    path,
    expected: 'a kubeconfig whose current context has a server and a bearer token',
    hint: 'Client certificates and credential plugins are not supported.',
  });
}
