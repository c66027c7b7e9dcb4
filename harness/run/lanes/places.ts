/** Places in a queue that several are served from at once. */
export interface Places {
  /** The place of the next who comes and takes so long: who has the lowest is served first. */
  take(expectedMs: number): number;
}

/**
 * Who takes long is served so much earlier that all end about in the order in which they came: if he was the last to
 * begin, everybody would wait for him at the end. While each of `width` is served, as many others are as he takes longer.
 */
export function createPlaces(width: number): Places {
  let came = 0;
  let sumMs = 0;
  return {
    take(expectedMs) {
      came++;
      sumMs += expectedMs;
      return came - (width * expectedMs * came) / sumMs;
    },
  };
}
