import { createHmac } from 'node:crypto';
import { podResource, type ApiObject } from './api-object.js';
import { timestampOf, type ApiStore } from './api-store.js';
import { conflict, deleteObject, deleteOptionsOf } from './delete-object.js';
import { isJsonObject, type JsonObject } from './patch/json-data.js';
import { ApiFailure, successBody, type ApiAnswer } from './status-body.js';

interface Context {
  readonly store: ApiStore;
  readonly wallClock: () => number;
}

/** What is created behind the path of an object: a binding or an eviction of a pod, a token of an account. */
export function createSubresource(
  context: Context,
  subresource: string,
  { object, body }: { readonly object: ApiObject; readonly body: unknown },
): ApiAnswer {
  if (!isJsonObject(body)) throw new ApiFailure(400, 'the object provided is unrecognized: it is no object');
  switch (subresource) {
    case 'binding':
      bind(context, object, body);
      return { status: 201, body: successBody(201) };
    case 'eviction':
      deleteObject(context, podResource, object, deleteOptionsOf(body['deleteOptions'], undefined));
      return { status: 201, body: successBody(201) };
    case 'token':
      return { status: 201, body: issueToken(context, object, body) };
    default:
      throw new ApiFailure(405, 'the server does not allow this method on the requested resource');
  }
}

function bind({ store, wallClock }: Context, pod: ApiObject, body: JsonObject): void {
  const target = isJsonObject(body['target']) ? body['target']['name'] : undefined;
  const { name } = pod.metadata;
  if (typeof target !== 'string' || target === '') {
    throw new ApiFailure(422, `Binding "${name}" is invalid: target.name: Required value`);
  }
  const uid = isJsonObject(body['metadata']) ? body['metadata']['uid'] : undefined;
  if (uid !== undefined && uid !== '' && uid !== pod.metadata.uid) {
    throw conflict(podResource, pod, `the UID of the pod is ${pod.metadata.uid}, not ${String(uid)}`);
  }
  if (pod.metadata.deletionTimestamp !== undefined) {
    throw conflict(podResource, pod, `pod ${name} is being deleted, cannot be assigned to a host`);
  }
  const spec = pod.spec as { readonly nodeName?: string };
  if (spec.nodeName !== undefined && spec.nodeName !== '') {
    throw conflict(podResource, pod, `pod ${name} is already assigned to node "${spec.nodeName}"`);
  }
  const status = (pod.status ?? {}) as { readonly conditions?: readonly { readonly type: string }[] };
  const lastTransitionTime = timestampOf(wallClock());
  const others = (status.conditions ?? []).filter(({ type }) => type !== 'PodScheduled');
  store.put(podResource, {
    ...pod,
    spec: { ...spec, nodeName: target },
    status: {
      ...status,
      conditions: [...others, { type: 'PodScheduled', status: 'True', lastTransitionTime }],
    },
  });
}

const tokenValidS = { least: 600, usual: 3_600 };

/** A token in the form that all have. It opens nothing here: nobody but the agent and people are users of this server. */
function issueToken({ wallClock }: Context, account: ApiObject, body: JsonObject): object {
  const spec: JsonObject = isJsonObject(body['spec']) ? body['spec'] : {};
  const validS = spec['expirationSeconds'] ?? tokenValidS.usual;
  if (typeof validS !== 'number' || validS < tokenValidS.least) {
    const why = `spec.expirationSeconds: Invalid value: may not specify a duration less than 10 minutes`;
    throw new ApiFailure(422, `TokenRequest is invalid: ${why}`);
  }
  const { name, namespace, uid } = account.metadata;
  const issuedS = Math.floor(wallClock() / 1_000);
  const claims = {
    aud: Array.isArray(spec['audiences']) ? (spec['audiences'] as unknown[]) : ['api'],
    exp: issuedS + validS,
    iat: issuedS,
    iss: 'conformance',
    sub: `system:serviceaccount:${namespace}:${name}`,
  };
  const signed = [{ alg: 'HS256', typ: 'JWT' }, claims].map(encode).join('.');
  const signature = createHmac('sha256', uid ?? name)
    .update(signed)
    .digest('base64url');
  return {
    kind: 'TokenRequest',
    apiVersion: 'authentication.k8s.io/v1',
    metadata: { name, namespace, creationTimestamp: timestampOf(wallClock()) },
    spec: { ...spec, expirationSeconds: validS },
    status: {
      token: `${signed}.${signature}`,
      expirationTimestamp: timestampOf((issuedS + validS) * 1_000),
    },
  };
}

function encode(data: object): string {
  return Buffer.from(JSON.stringify(data)).toString('base64url');
}
