import { podResource, type ApiResource } from '../api-object.js';
import type { ApiAnswer } from '../status-body.js';
import { apiGroups, splitGroupVersion } from './api-groups.js';
import { podDefinitions, podSpecName } from './pod-schema.js';
import { definedKinds, fieldsOf, type FieldType } from './kind-fields.js';

/**
 * OpenAPI documents of both generations. They name every field at the top of an object, and of pods also those
 * of the spec and the containers; below that anything may stand. Enough for clients to check, compare and explain.
 */
export function openApiAnswer(path: string): ApiAnswer | undefined {
  if (path === '/openapi/v2') return { status: 200, body: (version2 ??= createVersion2()) };
  if (path === '/openapi/v3') return { status: 200, body: { paths: version3Index } };
  const prefix = '/openapi/v3/';
  if (!path.startsWith(prefix)) return undefined;
  const root = path.slice(prefix.length);
  return Object.hasOwn(version3Index, root) ? { status: 200, body: createVersion3(root) } : undefined;
}

let version2: object | undefined;

/** Where the API of each group and version is, which is also how its document is named. */
const roots: readonly { readonly root: string; readonly resources: readonly ApiResource[] }[] = apiGroups
  .flatMap(({ versions }) => versions)
  .map(({ groupVersion, resources }) => ({ root: rootOf(groupVersion), resources }));

const version3Index = Object.fromEntries(
  // Clients keep what they got under the same address, so it changes when the document does.
  roots.map(({ root }) => [root, { serverRelativeURL: `/openapi/v3/${root}?hash=1` }]),
);

function rootOf(groupVersion: string): string {
  return groupVersion.includes('/') ? `apis/${groupVersion}` : `api/${groupVersion}`;
}

const info = { title: 'conformance API server', version: 'v1.36.0' };

function createVersion2(): object {
  return {
    swagger: '2.0',
    info,
    paths: pathsOf(
      definedKinds.map(({ resource }) => resource),
      patchParameters.map((name) => ({ name, in: 'query', type: 'string' })),
    ),
    definitions: definitions(definedKinds, '#/definitions/'),
  };
}

function createVersion3(root: string): object {
  const { resources } = roots.find((one) => one.root === root)!;
  const kinds = definedKinds.filter(({ resource }) => resources.includes(resource));
  const parameters = patchParameters.map((name) => ({ name, in: 'query', schema: { type: 'string' } }));
  return {
    openapi: '3.0.0',
    info,
    paths: pathsOf(resources, parameters),
    components: { schemas: definitions(kinds, '#/components/schemas/') },
  };
}

/** What clients look for here before they rely on it. */
const patchParameters = ['dryRun', 'fieldValidation'];

function pathsOf(resources: readonly ApiResource[], parameters: readonly object[]): object {
  return Object.fromEntries(
    resources.map((resource) => {
      const scope = resource.isNamespaced ? 'namespaces/{namespace}/' : '';
      const path = `/${rootOf(resource.groupVersion)}/${scope}${resource.name}/{name}`;
      const operation = (verb: string): object => ({
        operationId: `${verb}${resource.kind}`,
        responses: { 200: { description: 'OK' } },
        'x-kubernetes-action': verb,
        'x-kubernetes-group-version-kind': identityOf(resource),
      });
      const patch = { ...operation('patch'), parameters };
      return [path, { get: operation('get'), patch }];
    }),
  );
}

function identityOf({ groupVersion, kind }: ApiResource): object {
  return { ...splitGroupVersion(groupVersion), kind };
}

const metadataName = 'io.k8s.apimachinery.pkg.apis.meta.v1.ObjectMeta';

function definitions(kinds: typeof definedKinds, prefix: string): object {
  return {
    ...Object.fromEntries(
      kinds.map(({ resource, definition }) => [
        definition,
        {
          description: `${resource.kind} is what the server keeps under ${resource.name}.`,
          type: 'object',
          properties: {
            ...Object.fromEntries(
              Object.entries(fieldsOf(resource)).map(([name, type]) => [name, schemaOf(type)]),
            ),
            metadata: { $ref: `${prefix}${metadataName}` },
            ...(resource === podResource ? { spec: { $ref: `${prefix}${podSpecName}` } } : {}),
          },
          'x-kubernetes-group-version-kind': [identityOf(resource)],
        },
      ]),
    ),
    ...podDefinitions(prefix),
    [metadataName]: {
      description: 'What all objects have: names, versions, labels.',
      type: 'object',
      properties: Object.fromEntries(
        Object.entries(metadataFields).map(([name, type]) => [name, schemaOf(type)]),
      ),
    },
  };
}

const metadataFields: { readonly [name: string]: FieldType } = {
  name: 'string',
  generateName: 'string',
  namespace: 'string',
  selfLink: 'string',
  uid: 'string',
  resourceVersion: 'string',
  generation: 'integer',
  creationTimestamp: 'string',
  deletionTimestamp: 'string',
  deletionGracePeriodSeconds: 'integer',
  labels: 'strings',
  annotations: 'strings',
  ownerReferences: 'list',
  finalizers: 'list',
  managedFields: 'list',
};

/** Unknown fields of an object, as paths; deeper than its metadata nothing is known to be wrong. */
export function unknownFields(resource: ApiResource, object: Readonly<Record<string, unknown>>): string[] {
  const known = fieldsOf(resource);
  const metadata = object['metadata'];
  return [
    ...Object.keys(object).filter((name) => !Object.hasOwn(known, name)),
    ...Object.keys(typeof metadata === 'object' && metadata !== null ? metadata : {})
      .filter((name) => !Object.hasOwn(metadataFields, name))
      .map((name) => `metadata.${name}`),
  ];
}

function schemaOf(type: FieldType): object {
  switch (type) {
    case 'object':
      // Without a type: with one, clients would take it for a map of names and texts when they compare versions.
      return { description: 'Anything that belongs here.' };
    case 'list':
      return { type: 'array', description: 'A list.', items: {} };
    case 'strings':
      return { type: 'object', description: 'Names and texts.', additionalProperties: { type: 'string' } };
    default:
      return { type, description: `A ${type}.` };
  }
}
