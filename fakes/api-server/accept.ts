/** One media type of an Accept header. */
export interface MediaRange {
  readonly type: string;
  /** Kubernetes says with these what the body is to be turned into: `as`, `g` and `v`. */
  readonly parameters: Readonly<Record<string, string>>;
}

const rangesMax = 20;

/** The media types that a client would take, in its order. Weights are not heeded, as by Kubernetes. */
export function acceptedRanges(accept: string | undefined): readonly MediaRange[] {
  if (accept === undefined || accept === '') return [];
  return accept
    .split(',')
    .slice(0, rangesMax)
    .map((range) => {
      const [type = '', ...rest] = range.split(';').map((word) => word.trim());
      const parameters = rest.map((word): [string, string] => {
        const [name = '', value = ''] = word.split('=', 2);
        return [name.trim(), value.trim()];
      });
      return { type: type.toLowerCase(), parameters: Object.fromEntries(parameters) };
    });
}
