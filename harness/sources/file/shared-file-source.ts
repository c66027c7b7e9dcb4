import { mkdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import type { SharedSource } from '../../ports/source.js';
import { attempt, createDirectoryWriter } from './live-file-source.js';
import { ManifestDirectory } from './manifest-directory.js';

/** One directory for many plans: each has files of its own names in it. */
export function createSharedFileSource(options: { readonly directory: string }): SharedSource {
  const root = options.directory;
  return {
    kind: 'file',
    async open() {
      attempt(root, () => mkdirSync(root, { recursive: true, mode: 0o755 }));
      return root;
    },
    async close() {
      attempt(root, () => rmSync(root, { recursive: true, force: true }));
    },
    isDelivered: () => undefined,
    join(context, names) {
      const made = new Set<string>();
      const writer = createDirectoryWriter(root, made, names.fileName);
      const directory = new ManifestDirectory(context, writer, () => {});
      directory.begin();
      return {
        kind: 'file',
        apply: (step) => directory.apply(step),
        heal: () => directory.heal(),
        busy: () => directory.busy(),
        leave() {
          directory.close();
          for (const name of made) {
            const path = join(root, names.fileName(name));
            attempt(path, () => rmSync(path, { recursive: true, force: true }));
          }
        },
      };
    },
  };
}
