import type { MethodDefinition, ServiceDefinition } from '@grpc/proto-loader';
import { loadSync } from '@grpc/proto-loader';
import { join } from 'node:path';
import { packageRoot } from './package-root.js';

/** The packages under which the CRI was published; their messages are the same. */
export type CriApiVersion = 'v1' | 'v1alpha2';

type AnyMethod = MethodDefinition<object, object>;

/** Every method of RuntimeService and ImageService by its name; serializers included. */
export type CriProtocol = ReadonlyMap<string, AnyMethod>;

const loaded = new Map<CriApiVersion, CriProtocol>();

/**
 * The CRI's methods with their paths and codecs. Loads proto-loader, so only modules that are themselves
 * loaded lazily may import this one.
 */
export function loadCriProtocol(apiVersion: CriApiVersion = 'v1'): CriProtocol {
  const known = loaded.get(apiVersion);
  if (known !== undefined) return known;
  const definition = loadSync(join(packageRoot(), 'fixtures', 'proto', 'runtime-v1.proto'), {
    keepCase: false,
    longs: Number,
    enums: String,
    defaults: true,
    oneofs: true,
  });
  const methods = new Map<string, AnyMethod>();
  for (const service of ['runtime.v1.RuntimeService', 'runtime.v1.ImageService']) {
    for (const [name, method] of Object.entries(definition[service] as ServiceDefinition)) {
      methods.set(name, {
        ...(method as AnyMethod),
        path: (method as AnyMethod).path.replace('/runtime.v1.', `/runtime.${apiVersion}.`),
        requestDeserialize: tidied((method as AnyMethod).requestDeserialize),
        responseDeserialize: tidied((method as AnyMethod).responseDeserialize),
      });
    }
  }
  loaded.set(apiVersion, methods);
  return methods;
}

function tidied(deserialize: (bytes: Buffer) => object): (bytes: Buffer) => object {
  return (bytes) => {
    const message = deserialize(bytes);
    clearNulls(message as Record<string, unknown>);
    return message;
  };
}

/**
 * proto-loader gives null for messages that were not sent; the ports say undefined. Values are cleared in
 * place, since this is done for every call. Messages cannot nest deeper than their types, so it ends.
 */
function clearNulls(message: Record<string, unknown>): void {
  for (const name in message) {
    const value = message[name];
    if (value === null) message[name] = undefined;
    else if (typeof value === 'object' && !Buffer.isBuffer(value)) {
      clearNulls(value as Record<string, unknown>);
    }
  }
}
