/** The answers that agents ask for again and again, and the field in which the entries of a list are, or the one entry. */
const entriesIn = {
  ListPodSandbox: 'items',
  ListContainers: 'containers',
  PodSandboxStatus: 'status',
  ContainerStatus: 'status',
  ImageStatus: 'image',
} as const;

type Serialize = (response: object) => Buffer;

/**
 * Serializes the answers of `method`; `serialize` is what its protocol does. An agent asks for all that there is every
 * second and most of it has not changed, so that each entry is encoded once: an entry that has been answered must not be
 * changed any more, but be replaced.
 */
export function answerSerializer(method: string, serialize: Serialize): Serialize {
  const field = entriesIn[method as keyof typeof entriesIn] as string | undefined;
  if (field === undefined) return serialize;
  const encoded = new WeakMap<object, Buffer>();
  // The encoding of a message is that of its parts, one after the other (protobuf.dev, "Encoding").
  const encode = (entry: object, isListed: boolean): Buffer => {
    let bytes = encoded.get(entry);
    if (bytes === undefined) encoded.set(entry, (bytes = serialize({ [field]: isListed ? [entry] : entry })));
    return bytes;
  };
  return (response) => {
    const { [field]: entries, ...rest } = response as { readonly [name: string]: unknown };
    const parts = Array.isArray(entries)
      ? entries.map((entry: object) => encode(entry, true))
      : entries == null
        ? []
        : [encode(entries, false)];
    if (Object.keys(rest).length > 0) parts.push(serialize(rest));
    return parts.length === 1 ? parts[0]! : Buffer.concat(parts);
  };
}
