/** Something took longer than it is waited for. */
export class TooLate extends Error {
  override readonly name = 'TooLate';
}

/** Resolves and rejects as `work` does, and rejects with {@link TooLate} after `timeoutMs` milliseconds. */
export async function withinMs<Value>(work: Promise<Value>, timeoutMs: number): Promise<Value> {
  let timer: NodeJS.Timeout | undefined;
  const timeout = new Promise<never>((_resolve, reject) => {
    timer = setTimeout(
      () => reject(new TooLate(`it has not answered for ${timeoutMs / 1_000} s`)),
      timeoutMs,
    );
  });
  return Promise.race([work, timeout]).finally(() => clearTimeout(timer));
}
