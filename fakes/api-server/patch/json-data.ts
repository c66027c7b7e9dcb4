export type JsonObject = Readonly<Record<string, unknown>>;

export function isJsonObject(value: unknown): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** The object without this name; the same object when it has none. */
export function without(object: JsonObject, name: string): JsonObject {
  if (!(name in object)) return object;
  const { [name]: _removed, ...rest } = object;
  return rest;
}
