/** For as long as the objects are of use to anybody. */
const texts = new WeakMap<object, string>();

/**
 * An object as JSON text. An object of the API is replaced and never changed, and the answer to its write, the reads that
 * follow and all watches show the same one: its text is made once.
 */
export function jsonText(object: object): string {
  let text = texts.get(object);
  if (text === undefined) texts.set(object, (text = JSON.stringify(object)));
  return text;
}
