/** The field in which the entries of a list are. */
const entriesIn = { ListPodSandbox: 'items', ListContainers: 'containers' } as const;

/** Answers about one thing, which runtimes give again as they are while it does not change. */
const repeated: ReadonlySet<string> = new Set(['PodSandboxStatus', 'ContainerStatus', 'ImageStatus']);

type Serialize = (response: object) => Buffer;

/**
 * Serializes the answers of `method`; `serialize` is what its protocol does. An agent asks for all that there is every
 * second and most of it has not changed, so that each entry of a list is encoded once, and each answer about one thing:
 * what has been answered must not be changed any more, but be replaced.
 */
export function answerSerializer(method: string, serialize: Serialize): Serialize {
  if (repeated.has(method)) return once(serialize);
  const field = entriesIn[method as keyof typeof entriesIn] as string | undefined;
  if (field === undefined) return serialize;
  const encode = once((entry) => serialize({ [field]: [entry] }));
  return (response) => {
    const { [field]: entries, ...rest } = response as { readonly [name: string]: unknown };
    // The encoding of a message is that of its parts, one after the other (protobuf.dev, "Encoding").
    const parts = ((entries ?? []) as object[]).map(encode);
    if (Object.keys(rest).length > 0) parts.push(serialize(rest));
    return parts.length === 1 ? parts[0]! : Buffer.concat(parts);
  };
}

function once(encode: Serialize): Serialize {
  const encoded = new WeakMap<object, Buffer>();
  return (message) => {
    let bytes = encoded.get(message);
    if (bytes === undefined) encoded.set(message, (bytes = encode(message)));
    return bytes;
  };
}
