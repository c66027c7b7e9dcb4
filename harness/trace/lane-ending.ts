/** What the namespaces, and the UIDs, of a plan end in while it shares an agent with others. */
export function laneEnding(lane: number): string {
  return `-lane${lane}`;
}
