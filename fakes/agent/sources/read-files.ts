import type { FilePort } from '../../../harness/ports/agent.js';
import type { Pod } from '../../../harness/spec/pod.js';
import { repeat } from '../repeat.js';
import { decodeManifest } from './decode-manifest.js';
import type { SourceReaderContext } from './source-context.js';
import { completeStaticPod } from './static-pod.js';

/** What is known of one file. */
interface KnownFile {
  /** The text that `pod` was made from; undefined when the last read failed. */
  text: string | undefined;
  /** The last good pod of this file. It stays while the file is there, even if it becomes garbage. */
  pod: Pod | undefined;
  isBad: boolean;
}

/** Reads a manifest directory: every regular file that is not hidden is one pod. Returns how to stop. */
export function readFiles(context: SourceReaderContext, port: FilePort): () => void {
  const { decisions, timings, nodeName, deliver } = context;
  const known = new Map<string, KnownFile>();
  const deleted = new Map<string, Pod>();
  let delivered: readonly Pod[] | undefined;
  let wasComplete = true;

  async function readDirectory(): Promise<void> {
    let names: string[];
    try {
      const entries = await port.list();
      names = entries
        .filter((entry) => entry.type === 'file' && decisions.isManifestName(entry.name))
        .map((entry) => entry.name);
    } catch (error) {
      // A directory that is not there holds nothing; one that cannot be read says nothing.
      if (codeOf(error) !== 'ENOENT') throw error;
      names = [];
    }
    for (const name of names) await readFile(name);
    if (context.scheduler.stopped()) return;
    forgetOthers(names);
    deliverIfChanged(names);
  }

  async function readFile(name: string): Promise<void> {
    let text: string;
    try {
      text = await port.read(name);
    } catch (error) {
      if (codeOf(error) === 'ENOENT') forget(name);
      else markBad(name, undefined, String(error));
      return;
    }
    const before = known.get(name);
    if (before !== undefined && before.text === text) return;
    const { isList, pods, problems } = decodeManifest(text);
    const [raw] = pods;
    if (isList || raw === undefined || problems.length > 0) {
      markBad(name, text, problems[0] ?? 'the manifest is not one pod');
      return;
    }
    const address = `${port.path}/${name}`;
    const lifeMs = context.startedAtMs;
    const pod = completeStaticPod(raw, { source: 'file', nodeName, address, text, lifeMs }, decisions);
    // Text that means the same gives the same object, so that nobody has to compare.
    const isSame = before?.pod !== undefined && isEqualPod(before.pod, pod);
    known.set(name, { text, pod: isSame ? before.pod : pod, isBad: false });
  }

  function markBad(name: string, text: string | undefined, why: string): void {
    const before = known.get(name);
    if (before?.isBad !== true) context.log(`manifest ${name}: ${why}`);
    const kept = decisions.onBadFile === 'keepItsPod' ? before?.pod : undefined;
    known.set(name, { text, pod: kept, isBad: true });
  }

  function forget(name: string): void {
    const pod = known.get(name)?.pod;
    if (pod !== undefined && decisions.keepsDeletedFile) deleted.set(name, pod);
    known.delete(name);
  }

  function forgetOthers(names: readonly string[]): void {
    if (known.size <= names.length && names.every((name) => known.has(name))) return;
    const listed = new Set(names);
    for (const name of [...known.keys()]) if (!listed.has(name)) forget(name);
  }

  function deliverIfChanged(names: readonly string[]): void {
    const files = names.flatMap((name) => known.get(name) ?? []);
    context.hold(new Set(files.flatMap((file) => (file.isBad ? (file.pod?.metadata.uid ?? []) : []))));
    const dropsAll = decisions.onBadFile === 'dropAll' && files.some((file) => file.isBad);
    const pods = dropsAll ? [] : files.flatMap((file) => file.pod ?? []);
    const before = delivered;
    const isSame = before?.length === pods.length && pods.every((pod, index) => pod === before[index]);
    const isComplete = !files.some((file) => file.isBad);
    if (isSame && isComplete === wasComplete) return;
    wasComplete = isComplete;
    delivered = pods;
    deliver([...pods, ...deleted.values()], isComplete);
  }

  const polling = repeat(
    context.scheduler,
    () => (delivered === undefined || decisions.looksAgain('file') ? timings.fileCheckMs : Infinity),
    readDirectory,
    (error) => context.log(`manifest directory: ${String(error)}`),
  );
  const watch =
    timings.fileNotify && decisions.looksAgain('file') ? port.watch(() => polling.now()) : undefined;
  return () => watch?.close();
}

function isEqualPod(left: Pod, right: Pod): boolean {
  const hashOf = (pod: Pod): string | undefined => pod.metadata.annotations?.['kubernetes.io/config.hash'];
  return left.metadata.uid === right.metadata.uid && hashOf(left) === hashOf(right);
}

function codeOf(error: unknown): unknown {
  return typeof error === 'object' && error !== null ? (error as { code?: unknown }).code : undefined;
}
