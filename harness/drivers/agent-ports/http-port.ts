import type { HttpPort } from '../../ports/agent.js';

/** A real manifest URL, for an agent in a process of its own. */
export function createHttpPort(url: string): HttpPort {
  return {
    url,
    async get({ timeoutMs, maxBytes }) {
      // The deadline covers the body too: a server may hang in the middle of it.
      const response = await fetch(url, {
        headers: { accept: 'application/json, application/yaml' },
        redirect: 'manual',
        signal: AbortSignal.timeout(timeoutMs),
      });
      return { status: response.status, body: await readBody(response, maxBytes) };
    },
  };
}

async function readBody(response: Response, maxBytes: number): Promise<string> {
  if (response.body === null) return '';
  const chunks: Uint8Array[] = [];
  let bytes = 0;
  for await (const chunk of response.body as unknown as AsyncIterable<Uint8Array>) {
    bytes += chunk.byteLength;
    // Leaving the loop cancels the body, so no more than one chunk too much is ever read.
    if (bytes > maxBytes) {
      throw Object.assign(new Error(`the body is longer than ${maxBytes} bytes`), {
        code: 'ERR_BODY_TOO_LARGE',
      });
    }
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString('utf8');
}
