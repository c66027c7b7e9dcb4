import { createServer, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { renderManifest } from '../../spec/manifest.js';
import type { ManifestForm } from '../../spec/plan.js';
import type { SharedSource, SourceContext, SourcePart } from '../../ports/source.js';
import { ManifestDocument } from './manifest-document.js';
import { servedOf, staleDefaultMs } from './plan-answer.js';
import { ServedLog } from './served-log.js';

const documentPath = '/pods';

/** One plan's part of the document. */
interface Part {
  readonly context: SourceContext;
  readonly document: ManifestDocument;
  readonly log: ServedLog;
}

/** One manifest URL for many plans: its document lists the pods of all of them. */
export function createSharedHttpSource(): SharedSource {
  return new SharedHttpSource();
}

class SharedHttpSource implements SharedSource {
  readonly kind = 'http';
  private readonly parts = new Set<Part>();
  private wasPolled = false;
  private readonly server = createServer((request, response) => {
    request.resume();
    if (request.url?.split('?', 1)[0] !== documentPath) response.writeHead(404).end();
    else if (request.method !== 'GET') response.writeHead(405, { allow: 'GET' }).end();
    else this.answer(response);
  });

  open(): Promise<string> {
    return new Promise((resolve, reject) => {
      this.server.once('error', reject);
      this.server.listen(0, '127.0.0.1', () => {
        resolve(`http://127.0.0.1:${(this.server.address() as AddressInfo).port}${documentPath}`);
      });
    });
  }

  close(): Promise<void> {
    return new Promise((resolve) => {
      this.server.close(() => resolve());
      this.server.closeAllConnections();
    });
  }

  isDelivered(): boolean {
    return this.wasPolled;
  }

  join(context: SourceContext): SourcePart {
    const document = new ManifestDocument(context);
    const part: Part = { context, document, log: new ServedLog(context.journal) };
    document.begin();
    this.parts.add(part);
    return {
      kind: 'http',
      apply: (step) => document.apply(step),
      heal: () => document.heal(),
      busy: () => false,
      leave: () => void this.parts.delete(part),
    };
  }

  /**
   * Each plan journals what it is shown of the document before the agent has it. Without pods it is a list if a
   * plan has it so: an agent may tell that from no document at all, and a plan's journal would lie.
   */
  private answer(response: ServerResponse): void {
    this.wasPolled = true;
    const items: string[] = [];
    let isList = false;
    for (const { context, document, log } of this.parts) {
      const fault = context.disturbances.fault({ source: 'http' });
      const state = fault?.effect === 'stale' ? document.asOf(fault.ms ?? staleDefaultMs) : document.current;
      log.record(servedOf(state, state.revision !== document.current.revision));
      isList ||= state.text !== '';
      for (const pod of state.pods) items.push(renderManifest(pod, jsonForm(document.form)));
    }
    const body = isList ? `{"apiVersion":"v1","kind":"PodList","items":[${items.join(',')}]}` : '';
    response.writeHead(200, { 'content-type': 'application/json' }).end(body);
  }
}

/** YAML for so many pods would cost both sides more than the rest of the poll; white space can differ all the same. */
function jsonForm({ comment }: ManifestForm): ManifestForm {
  return { format: 'json', ...(comment === undefined ? {} : { comment }) };
}
