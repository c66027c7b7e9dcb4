import { z } from 'zod';
import { planSchema } from './plan.js';

/** Version of the case format. */
export const caseFileVersion = 1;

/** It is self-contained: replaying it needs nothing else but the agent. */
const caseFileShape = z.strictObject({
  case: z.literal(caseFileVersion),
  /** The suite that wrote it. */
  suiteVersion: z.string().min(1).max(64),
  catalogueRevision: z.number().int().min(1),
  agent: z.strictObject({
    name: z.string().max(200),
    version: z.string().max(200).optional(),
    /** As it was given on the command line. */
    given: z.string().min(1).max(4_096),
  }),
  plan: planSchema,
  requirement: z.string().min(1).max(32),
  /** Two failures are the same when their signatures are. */
  signature: z.string().min(1).max(200),
  world: z.enum(['sim', 'live']),
  /** `memory`, `docker` or `cri:unix:///<socket>`. */
  runtime: z.string().min(1).max(4_096),
  /** SHA-256 of the trace; in `sim` every replay has the same. */
  traceHash: z.string().regex(/^[0-9a-f]{64}$/),
  /** Four hexadecimal digits for each event of the trace: they say where a later one departs from it. */
  traceDigests: z
    .string()
    .regex(/^(?:[0-9a-f]{4})*$/)
    .max(4_000_000)
    .optional(),
  expected: z.string().max(10_000),
  seen: z.string().max(10_000),
  /** True when leaving out any single element was tried and made the failure go away. */
  minimal: z.boolean().optional(),
  /** When it was saved, ISO 8601. */
  created: z.string().max(64).optional(),
});
/** A saved failing plan whose parts agree. */
export const caseFileSchema = caseFileShape.refine(
  ({ requirement, signature }) => signature.startsWith(`${requirement} `),
  { path: ['signature'], message: 'a signature that begins with the requirement of the case' },
);
export type CaseFile = z.infer<typeof caseFileSchema>;
