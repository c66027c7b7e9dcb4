import { sha256 } from '../../core/hash.js';
import type { Image } from '../../ports/cri.js';

/** The images that a simulated runtime has. Every name can be pulled. */
export interface ImageStore {
  has(name: string): boolean;
  get(name: string): Image | undefined;
  list(): readonly Image[];
  usedBytes(): number;
  /** Returns false when it was there already. */
  add(name: string): boolean;
  remove(name: string): boolean;
}

export function createImageStore(): ImageStore {
  const images = new Map<string, Image>();
  return {
    has: (name) => images.has(withTag(name)),
    get: (name) => images.get(withTag(name)) ?? findById(images, name),
    list: () => [...images.values()],
    usedBytes: () => [...images.values()].reduce((sum, image) => sum + image.size, 0),
    add(name) {
      const tagged = withTag(name);
      if (images.has(tagged)) return false;
      images.set(tagged, imageOf(tagged));
      return true;
    },
    remove(name) {
      const known = images.get(withTag(name)) ?? findById(images, name);
      return known !== undefined && images.delete(known.repoTags[0]!);
    },
  };
}

const imageCache = new Map<string, Image>();

function imageOf(tagged: string): Image {
  let image = imageCache.get(tagged);
  if (image === undefined) {
    image = {
      id: `sha256:${sha256(tagged)}`,
      repoTags: [tagged],
      repoDigests: [],
      size: 1_048_576,
      spec: { image: tagged },
    };
    if (imageCache.size > 1_000) imageCache.clear();
    imageCache.set(tagged, image);
  }
  return image;
}

function findById(images: ReadonlyMap<string, Image>, id: string): Image | undefined {
  if (!id.startsWith('sha256:')) return undefined;
  for (const image of images.values()) if (image.id === id) return image;
  return undefined;
}

/** A reference without tag or digest means `:latest`. */
function withTag(name: string): string {
  const lastSegment = name.slice(name.lastIndexOf('/') + 1);
  return lastSegment.includes(':') || lastSegment.includes('@') ? name : `${name}:latest`;
}
