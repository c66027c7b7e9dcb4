import type { FastifyInstance, FastifyRequest } from 'fastify';
import type { Server } from 'node:http';
import { ApiFailure } from '../status-body.js';

/** Nobody needs more; walking through an object that is nested without an end would end the process. */
const depthMax = 100;

/** Makes the server read bodies: JSON, and for patches whatever they call it. Anything else is answered 400 or 415. */
export function acceptJson(app: FastifyInstance<Server>): void {
  // Refuses keys that would change what an object is.
  const parseJson = app.getDefaultJsonParser('error', 'error');
  app.removeAllContentTypeParsers();
  app.addContentTypeParser('*', { parseAs: 'string' }, (request, text, done) => {
    const refusal = refusalOf(request, text as string);
    if (refusal !== undefined) done(refusal);
    else if (text === '') done(null);
    else void parseJson(request, text as string, done);
  });
}

/** Without its parameters. */
export function mediaTypeOf(contentType: string | undefined): string {
  return (contentType ?? 'application/json').split(';', 1)[0]!.trim().toLowerCase();
}

function refusalOf(request: FastifyRequest, text: string): ApiFailure | undefined {
  if (text === '') return undefined;
  const mediaType = mediaTypeOf(request.headers['content-type']);
  if (request.method !== 'PATCH' && mediaType !== 'application/json') {
    return new ApiFailure(415, `the body of the request was in an unknown format: ${mediaType}`);
  }
  if (depthOf(text) > depthMax) {
    return new ApiFailure(400, `the body of the request is nested more than ${depthMax} deep`);
  }
  return undefined;
}

/** How deep the objects and lists of a JSON text are nested; of a text that is none it is at least no less. */
function depthOf(text: string): number {
  let depth = 0;
  let deepest = 0;
  let isInString = false;
  for (let index = 0; index < text.length; index++) {
    switch (text.charCodeAt(index)) {
      case 0x22: // A quotation mark.
        isInString = !isInString;
        break;
      case 0x5c: // A backslash: whatever follows it ends no string.
        if (isInString) index++;
        break;
      case 0x5b: // Opening brackets and braces.
      case 0x7b:
        if (!isInString && ++depth > deepest) deepest = depth;
        break;
      case 0x5d: // Closing ones.
      case 0x7d:
        if (!isInString) depth--;
        break;
    }
  }
  return deepest;
}
