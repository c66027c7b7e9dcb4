import type { ApiObject } from './api-object.js';

interface Resources {
  readonly limits?: Readonly<Record<string, unknown>>;
  readonly requests?: Readonly<Record<string, unknown>>;
}

interface Containers {
  readonly containers?: readonly { readonly resources?: Resources }[];
  readonly initContainers?: readonly { readonly resources?: Resources }[];
}

/** The resources that count. */
const counted = ['cpu', 'memory'] as const;

/** What a pod, with its defaults, is promised: all that it may use, some of it, or nothing. */
export function qosClassOf(pod: ApiObject): 'Guaranteed' | 'Burstable' | 'BestEffort' {
  const { containers = [], initContainers = [] } = pod.spec as Containers;
  const all = [...containers, ...initContainers].map(({ resources = {} }) => resources);
  const isGuaranteed = all.every(({ limits, requests }) =>
    counted.every((name) => {
      const limit = amountOf(limits?.[name]);
      return limit > 0 && amountOf(requests?.[name]) === limit;
    }),
  );
  if (isGuaranteed) return 'Guaranteed';
  const asksForSome = all.some(({ limits, requests }) =>
    counted.some((name) => amountOf(limits?.[name]) > 0 || amountOf(requests?.[name]) > 0),
  );
  return asksForSome ? 'Burstable' : 'BestEffort';
}

const units: { readonly [unit: string]: number } = {
  n: 1e-9,
  u: 1e-6,
  m: 1e-3,
  k: 1e3,
  M: 1e6,
  G: 1e9,
  T: 1e12,
  P: 1e15,
  E: 1e18,
  Ki: 2 ** 10,
  Mi: 2 ** 20,
  Gi: 2 ** 30,
  Ti: 2 ** 40,
  Pi: 2 ** 50,
  Ei: 2 ** 60,
};

function amountOf(quantity: unknown): number {
  if (typeof quantity === 'number') return quantity;
  if (typeof quantity !== 'string') return 0;
  const [, digits = '0', unit = ''] = /^(.*?)([a-zA-Z]{0,2})$/.exec(quantity)!;
  return Number(digits) * (units[unit] ?? 1);
}
