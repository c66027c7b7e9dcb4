import { z } from 'zod';

/**
 * The words in which the types of the API are written down here. Every field may be missing, and there may be others:
 * what is unknown is not looked at, nor copied to what the check returns, which nobody reads.
 */
export const text = z.string().optional();
export const flag = z.boolean().optional();
export const int32 = z.int32().optional();
export const int64 = z.int().optional();

/** A time to the second or finer. */
export const time = timeLike(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)$/);
/** A time to the microsecond: six digits behind the point, neither fewer nor more. */
export const microTime = timeLike(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}(Z|[+-]\d\d:\d\d)$/);

const quantityPattern = /^[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+|[numkMGTPE]|[KMGTPE]i)?$/;
const quantity = z.union([
  z.number(),
  z.string().regex(quantityPattern, 'quantities must match a number and a unit'),
]);

/** A port by its number or its name. */
export const intOrText = z.union([z.int32(), z.string()]).optional();
export const texts = z.array(z.string()).optional();
export const textMap = z.record(z.string(), z.string()).optional();
export const quantities = z.record(z.string(), quantity).optional();

export function struct<Fields extends z.ZodRawShape>(fields: Fields) {
  return z.object(fields).optional();
}

export function structs<Fields extends z.ZodRawShape>(fields: Fields) {
  return z.array(z.object(fields)).optional();
}

function timeLike(pattern: RegExp) {
  const isTime = (value: string): boolean => pattern.test(value) && !Number.isNaN(Date.parse(value));
  const error = ({ input }: { readonly input?: unknown }): string => `parsing time ${JSON.stringify(input)}`;
  return z.string().refine(isTime, { error }).optional();
}
