import type { HttpPort } from '../../../harness/ports/agent.js';
import { repeat } from '../repeat.js';
import { decodeManifest } from './decode-manifest.js';
import type { SourceReaderContext } from './source-context.js';
import { completeStaticPod } from './static-pod.js';

/** A server that hangs is given up after so long, and so is a slow one when polls are frequent. */
const requestTimeoutMaxMs = 10_000;

/** Documents that only an agent with a bad memory for the last one looks up. */
const earlierMax = 64;

/** Polls a manifest URL: each good answer is the complete list. */
export function readUrl(context: SourceReaderContext, port: HttpPort): void {
  const { decisions, timings, nodeName, deliver } = context;
  const timeoutMs = Math.min(requestTimeoutMaxMs, Math.max(1_000, 10 * timings.httpCheckMs));
  const earlier = new Set<string>();
  let last: string | undefined;

  async function poll(): Promise<void> {
    let answer: { readonly status: number; readonly body: string };
    try {
      answer = await port.get({ timeoutMs, maxBytes: decisions.documentBytesMax });
    } catch (error) {
      if (decisions.onSourceError('http') === 'empty') accept('', []);
      throw error;
    }
    if (context.scheduler.stopped()) return;
    const meaning = decisions.httpAnswer(answer);
    if (meaning === 'keep') return;
    if (meaning === 'none') return accept('', []);
    if (!decisions.isNewDocument(answer.body, last, earlier)) return;
    const { pods, problems } = decodeManifest(answer.body, decisions.documentBytesMax);
    const isRefused =
      problems.length > 0 && (decisions.onPartlyInvalidList === 'refuse' || pods.length === 0);
    if (isRefused) throw new Error(problems[0]);
    const text = answer.body;
    const lifeMs = context.startedAtMs;
    const origin = { source: 'http', nodeName, address: port.url, text, lifeMs } as const;
    accept(
      answer.body,
      pods.map((raw) => completeStaticPod(raw, origin, decisions)),
    );
  }

  function accept(text: string, pods: Parameters<typeof deliver>[0]): void {
    if (text === last) return;
    last = text;
    if (earlier.size < earlierMax) earlier.add(text);
    deliver(pods);
  }

  repeat(
    context.scheduler,
    () => (last === undefined || decisions.looksAgain('http') ? timings.httpCheckMs : Infinity),
    poll,
    (error) => context.log(`manifest URL: ${String(error)}`),
  );
}
