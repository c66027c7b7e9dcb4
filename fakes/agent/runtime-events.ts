import type { ContainerEvent, CriClient } from '../../harness/ports/cri.js';
import { isUnimplemented } from './runtime-calls.js';
import type { Scheduler } from './types.js';

/**
 * Follows the runtime's container events. They may be lost, doubled or late, so an event only says where to look;
 * listings find the rest. Returns how to stop.
 */
export function followEvents(options: {
  readonly runtime: CriClient;
  readonly scheduler: Scheduler;
  readonly retryMs: number;
  readonly onEvent: (event: ContainerEvent) => void;
  readonly log: (line: string) => void;
}): () => void {
  const { runtime, scheduler, log } = options;
  let stream: { close(): void } | undefined;

  function open(): void {
    stream = runtime.events(
      (event) => {
        if (!scheduler.stopped()) options.onEvent(event);
      },
      (error) => {
        stream = undefined;
        if (scheduler.stopped()) return;
        log(`container events ended: ${error === undefined ? 'by the runtime' : String(error)}`);
        if (!isUnimplemented(error)) scheduler.after(options.retryMs, open);
      },
    );
  }

  open();
  return () => stream?.close();
}
