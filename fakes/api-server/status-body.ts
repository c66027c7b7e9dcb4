/** What the server answers: an HTTP status and a body that is JSON data, or text or bytes that go out as they are. */
export interface ApiAnswer {
  readonly status: number;
  readonly body: unknown;
  /** Where it is another than that of JSON, or of text. */
  readonly contentType?: string;
}

/** What a Status is about, for programs. */
export interface StatusDetails {
  readonly name?: string;
  /** The plural of the resource, whatever this field is called. */
  readonly kind?: string;
  readonly retryAfterSeconds?: number;
  readonly causes?: readonly { readonly reason: string; readonly message: string; readonly field?: string }[];
}

/** The body of every answer that is not an object or a list. */
export interface StatusBody {
  readonly kind: 'Status';
  readonly apiVersion: 'v1';
  readonly metadata: object;
  readonly status: 'Success' | 'Failure';
  readonly message: string;
  readonly reason?: string;
  readonly details?: StatusDetails;
  readonly code: number;
}

const reasons: { readonly [code: number]: string } = {
  400: 'BadRequest',
  401: 'Unauthorized',
  403: 'Forbidden',
  404: 'NotFound',
  405: 'MethodNotAllowed',
  406: 'NotAcceptable',
  409: 'Conflict',
  410: 'Expired',
  413: 'RequestEntityTooLarge',
  415: 'UnsupportedMediaType',
  422: 'Invalid',
  429: 'TooManyRequests',
  500: 'InternalError',
  503: 'ServiceUnavailable',
  504: 'Timeout',
};

/** A Status of kind Failure with the reason that Kubernetes gives for this code, unless another is named; '' is none. */
export function failureBody(
  code: number,
  message: string,
  reason = reasons[code],
  details?: StatusDetails,
): StatusBody {
  return {
    kind: 'Status',
    apiVersion: 'v1',
    metadata: {},
    status: 'Failure',
    message,
    ...(reason === undefined || reason === '' ? {} : { reason }),
    ...(details === undefined ? {} : { details }),
    code,
  };
}

/** A Status of kind Success, for what has no object to show. */
export function successBody(code: number): StatusBody {
  return { kind: 'Status', apiVersion: 'v1', metadata: {}, status: 'Success', message: '', code };
}

export function failure(code: number, message: string, reason?: string): ApiAnswer {
  return { status: code, body: failureBody(code, message, reason) };
}

/**
 * Thrown inside the server where an answer is a failure; `ApiServer` turns it into that answer. Has no stack: agents ask
 * for what is not there all the time, and where it was missed is written into no answer.
 */
export class ApiFailure extends Error {
  override readonly name = 'ApiFailure';
  readonly answer: ApiAnswer;

  constructor(code: number, message: string, reason?: string, details?: StatusDetails) {
    const { stackTraceLimit } = Error;
    Error.stackTraceLimit = 0;
    super(message);
    Error.stackTraceLimit = stackTraceLimit;
    this.answer = { status: code, body: failureBody(code, message, reason, details) };
  }
}

export function notFoundFailure(resource: string, name: string): ApiFailure {
  return new ApiFailure(404, `${resource} "${name}" not found`, 'NotFound', { name, kind: resource });
}

export function goneFailure(asked: number, oldest: number): ApiFailure {
  return new ApiFailure(410, `too old resource version: ${asked} (${oldest})`);
}
