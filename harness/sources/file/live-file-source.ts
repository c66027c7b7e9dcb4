import { lutimesSync, mkdirSync, renameSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { ExitCode, HarnessError } from '../../core/errors.js';
import type { LiveSource, SourceContext } from '../../ports/source.js';
import { ManifestDirectory, type DirectoryWriter } from './manifest-directory.js';

/**
 * The file source in live: a real directory, which may exist already if it is empty. Who reads what in it when
 * cannot be seen, so there is no `source.served`.
 */
export function createLiveFileSource(
  context: SourceContext,
  options: { readonly directory: string },
): LiveSource {
  const root = options.directory;
  const names = new Set<string>();
  let isMade = false;
  const directory = new ManifestDirectory(context, createDirectoryWriter(root, names), () => {});
  return {
    kind: 'file',
    apply: (step) => directory.apply(step),
    heal: () => directory.heal(),
    busy: () => directory.busy(),
    async open() {
      isMade = attempt(root, () => mkdirSync(root, { recursive: true, mode: 0o755 })) !== undefined;
      directory.begin();
      return root;
    },
    async close() {
      directory.close();
      const made = isMade ? [root] : [...names].map((name) => join(root, name));
      for (const path of made) attempt(path, () => rmSync(path, { recursive: true, force: true }));
      names.clear();
    },
  };
}

/**
 * `names` becomes the names of all that was made, as the harness calls them; `nameOnDisk` is what they are called
 * in the directory. Calls are synchronous: a step is done when `apply` returns.
 */
export function createDirectoryWriter(
  root: string,
  names: Set<string>,
  nameOnDisk: (name: string) => string = (name) => name,
): DirectoryWriter {
  const pathOf = (name: string): string => join(root, nameOnDisk(name));
  const make = (name: string, action: () => void): void => {
    names.add(name);
    attempt(pathOf(name), action);
  };
  return {
    // A file opened for writing is empty until it is written.
    writesAtOnce: false,
    replace(name, text) {
      const temporary = `.${name}.new`;
      make(temporary, () => writeFileSync(pathOf(temporary), text));
      make(name, () => renameSync(pathOf(temporary), pathOf(name)));
      names.delete(temporary);
    },
    overwrite(name, text) {
      make(name, () => writeFileSync(pathOf(name), text));
    },
    rename(from, to) {
      make(to, () => renameSync(pathOf(from), pathOf(to)));
      names.delete(from);
    },
    remove(name) {
      attempt(pathOf(name), () => rmSync(pathOf(name)));
      names.delete(name);
    },
    touch(name) {
      const path = name === undefined ? root : pathOf(name);
      const now = new Date();
      attempt(path, () => lutimesSync(path, now, now));
    },
    makeUnreadable(name) {
      make(name, () => {
        rmSync(pathOf(name), { force: true });
        // A link to itself: mode bits do not keep root from reading.
        symlinkSync(nameOnDisk(name), pathOf(name));
      });
    },
    makeDirectory(name, manifest) {
      make(name, () => {
        mkdirSync(pathOf(name));
        writeFileSync(join(pathOf(name), 'pod.yaml'), manifest);
      });
    },
  };
}

export function attempt<Value>(path: string, action: () => Value): Value {
  try {
    return action();
  } catch (error) {
    throw new HarnessError({
      code: 'manifest-directory-unusable',
      message: `The manifest directory cannot be used: ${(error as Error).message}.`,
      exitCode: ExitCode.unavailable,
      file: path,
      hint: 'Nothing but the suite may change this directory during a run, and it has to be writable.',
      cause: error,
    });
  }
}
