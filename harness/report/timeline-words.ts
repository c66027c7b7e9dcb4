import type { RuntimeRequest } from '../trace/events.js';

/** A writing call in as few letters as its bar has room for. */
export function callWords(request: RuntimeRequest): string {
  const short = shortNames[request.method] ?? request.method;
  return request.container === undefined ? short : `${short} ${request.container}`;
}

const shortNames: Readonly<Record<string, string>> = {
  RunPodSandbox: 'run sandbox',
  StopPodSandbox: 'stop sandbox',
  RemovePodSandbox: 'remove sandbox',
  CreateContainer: 'create',
  StartContainer: 'start',
  StopContainer: 'stop',
  RemoveContainer: 'remove',
  PullImage: 'pull image',
};
