/** What one plan has of a source that many share. */
export interface SourceShare {
  owns(namespace: string | undefined): boolean;
}

/**
 * The plans that share a source. Whose a namespace is, is asked with every request and every change, while there may be
 * a hundred plans: what was found is remembered, and that nothing was found too.
 */
export class Parts<Part extends SourceShare> implements Iterable<Part> {
  private readonly parts = new Set<Part>();
  private readonly owners = new Map<string, Part>();
  private readonly nobodys = new Set<string>();

  constructor(parts: Iterable<Part> = []) {
    for (const part of parts) this.add(part);
  }

  add(part: Part): void {
    this.parts.add(part);
    this.nobodys.clear();
  }

  delete(part: Part): void {
    this.parts.delete(part);
    for (const [namespace, owner] of this.owners) if (owner === part) this.owners.delete(namespace);
  }

  [Symbol.iterator](): Iterator<Part> {
    return this.parts.values();
  }

  ownerOf(namespace: string | undefined): Part | undefined {
    if (namespace === undefined || this.nobodys.has(namespace)) return undefined;
    const known = this.owners.get(namespace);
    if (known !== undefined) return known;
    for (const part of this.parts) {
      if (!part.owns(namespace)) continue;
      this.owners.set(namespace, part);
      return part;
    }
    this.nobodys.add(namespace);
    return undefined;
  }
}
