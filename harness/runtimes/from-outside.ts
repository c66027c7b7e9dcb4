/**
 * Carries out an order that is not the agent's; false when its object is not there, or went while it was carried out.
 *
 * @param onFailure told what the runtime threw; throws it on when it is no answer of the runtime's
 */
export async function fromOutside<Record>(
  record: Record | undefined,
  act: (record: Record) => Promise<boolean | void>,
  onFailure: (error: unknown) => void,
): Promise<boolean> {
  if (record === undefined) return false;
  try {
    return (await act(record)) !== false;
  } catch (error) {
    onFailure(error);
    return false;
  }
}
