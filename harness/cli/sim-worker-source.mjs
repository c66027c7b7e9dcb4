// Lets a worker thread run from the TypeScript sources; the built package starts sim-worker.js itself.
import { register } from 'tsx/esm/api';

register();
export const { work } = await import('./sim-worker.ts');
