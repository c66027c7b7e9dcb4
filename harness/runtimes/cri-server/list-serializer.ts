/** The lists that agents ask for all the time, and the field of the answer in which the entries are. */
const entriesIn = { ListPodSandbox: 'items', ListContainers: 'containers' } as const;

type Serialize = (response: object) => Buffer;

/**
 * Serializes the answers of `method`; `serialize` is what its protocol does. An agent asks for all that there is every
 * second and most of it has not changed, so that of a list each entry is encoded once: an entry that has been answered
 * must not be changed any more, but be replaced.
 */
export function listSerializer(method: string, serialize: Serialize): Serialize {
  const field = entriesIn[method as keyof typeof entriesIn] as string | undefined;
  if (field === undefined) return serialize;
  const encoded = new WeakMap<object, Buffer>();
  const encode = (entry: object): Buffer => {
    let bytes = encoded.get(entry);
    // A list of one: the encoding of a message is that of its parts, one after the other (protobuf.dev, "Encoding").
    if (bytes === undefined) encoded.set(entry, (bytes = serialize({ [field]: [entry] })));
    return bytes;
  };
  return (response) => {
    const { [field]: entries } = response as { readonly [name: string]: readonly object[] | undefined };
    return Buffer.concat((entries ?? []).map(encode));
  };
}
