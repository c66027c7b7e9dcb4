import { z } from 'zod';
import type { TerminalSize } from '../../ports/streams.js';

const cells = z.number().int().min(0).max(65_535);
const sizeSchema = z.object({ Width: cells, Height: cells });

/** A message of a client whose window has changed; undefined when it is none. */
export function parseSize(text: string): TerminalSize | undefined {
  try {
    const { Width: width, Height: height } = sizeSchema.parse(JSON.parse(text));
    return { width, height };
  } catch {
    return undefined;
  }
}
