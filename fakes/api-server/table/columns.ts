import type { ApiObject } from '../api-object.js';
import { ageOf } from './human-duration.js';
import { nodeCells } from './node-cells.js';
import { podCells } from './pod-cells.js';

/** How objects of one kind are shown as rows. */
export interface Columns {
  readonly names: readonly string[];
  /** Those behind this many are shown in wide tables only. */
  readonly narrow?: number;
  readonly cells: (object: ApiObject, nowMs: number) => unknown[];
}

/** Kinds without columns of their own are shown with name and age. */
const others: Columns = columns({});

const byKind: { readonly [kind: string]: Columns } = {
  Pod: {
    names: ['Name', 'Ready', 'Status', 'Restarts', 'Age', 'IP', 'Node', 'Nominated Node', 'Readiness Gates'],
    narrow: 5,
    cells: podCells,
  },
  Node: {
    names: [
      'Name',
      'Status',
      'Roles',
      'Age',
      'Version',
      'Internal-IP',
      'External-IP',
      'OS-Image',
      'Kernel-Version',
      'Container-Runtime',
    ],
    narrow: 5,
    cells: nodeCells,
  },
  Event: {
    names: ['Last Seen', 'Type', 'Reason', 'Object', 'Message'],
    cells: eventCells,
  },
  Namespace: columns({ Status: (object) => at(object, 'status', 'phase') }),
  ConfigMap: columns({ Data: (object) => count(object, 'data') + count(object, 'binaryData') }),
  Secret: columns({ Type: (object) => at(object, 'type'), Data: (object) => count(object, 'data') }),
  Service: columns({
    Type: (object) => at(object, 'spec', 'type'),
    'Cluster-IP': (object) => at(object, 'spec', 'clusterIP'),
  }),
  Lease: columns({ Holder: (object) => at(object, 'spec', 'holderIdentity') }),
  RuntimeClass: columns({ Handler: (object) => at(object, 'handler') }),
  CSINode: columns({ Drivers: (object) => count(object, 'spec', 'drivers') }),
};

export function columnsOf(kind: string): Columns {
  return Object.hasOwn(byKind, kind) ? byKind[kind]! : others;
}

function columns(own: { readonly [name: string]: (object: ApiObject) => unknown }): Columns {
  const cells = Object.values(own);
  return {
    names: ['Name', ...Object.keys(own), 'Age'],
    cells: (object, nowMs) => [
      object.metadata.name,
      ...cells.map((cell) => cell(object)),
      ageOf(object.metadata.creationTimestamp, nowMs),
    ],
  };
}

function eventCells(event: ApiObject, nowMs: number): unknown[] {
  const about = read(event, 'involvedObject') ?? read(event, 'regarding') ?? {};
  const { kind, name } = about as { readonly kind?: string; readonly name?: string };
  const seen = read(event, 'lastTimestamp') ?? read(event, 'eventTime') ?? event.metadata.creationTimestamp;
  return [
    ageOf(seen, nowMs),
    at(event, 'type'),
    at(event, 'reason'),
    `${(kind ?? '').toLowerCase()}/${name ?? ''}`,
    read(event, 'message') ?? read(event, 'note') ?? '',
  ];
}

function read(object: unknown, ...names: readonly string[]): unknown {
  let value = object;
  for (const name of names) {
    if (typeof value !== 'object' || value === null) return undefined;
    value = (value as Record<string, unknown>)[name];
  }
  return value ?? undefined;
}

function at(object: ApiObject, ...names: readonly string[]): string {
  const value = read(object, ...names);
  return value === undefined ? '<none>' : String(value);
}

function count(object: ApiObject, ...names: readonly string[]): number {
  const value = read(object, ...names);
  return typeof value === 'object' ? Object.keys(value!).length : 0;
}
