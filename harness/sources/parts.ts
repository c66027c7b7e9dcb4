/** What one plan has of a source that many share. */
export interface SourceShare {
  /** What its namespaces end in: a hyphen, and letters and digits behind it. No other share has the same. */
  readonly ending: string;
}

/** The plans that share a source, of whom there may be a hundred: whose a namespace is, is asked with every request. */
export class Parts<Part extends SourceShare> implements Iterable<Part> {
  private readonly parts = new Map<string, Part>();

  constructor(parts: Iterable<Part> = []) {
    for (const part of parts) this.add(part);
  }

  add(part: Part): void {
    this.parts.set(part.ending, part);
  }

  delete(part: Part): void {
    this.parts.delete(part.ending);
  }

  [Symbol.iterator](): Iterator<Part> {
    return this.parts.values();
  }

  ownerOf(namespace: string | undefined): Part | undefined {
    if (namespace === undefined) return undefined;
    const hyphen = namespace.lastIndexOf('-');
    return hyphen < 0 ? undefined : this.parts.get(namespace.slice(hyphen));
  }
}
