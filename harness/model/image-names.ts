import type { RuntimeReply, RuntimeRequest } from '../trace/events.js';

interface ImageSpec {
  readonly image?: string;
  readonly userSpecifiedImage?: string;
}

/** What images are called: agents may create containers from the identifiers that the runtime gave them. */
export interface ImageNames {
  /** Learns from answers of the runtime which identifier stands for which name. */
  noteReply(reply: RuntimeReply, request?: RuntimeRequest): void;
  /** The image of a new container as the author of a pod would name it; as it was asked for when nobody can tell. */
  nameOf(spec: ImageSpec | undefined): string;
}

export function createImageNames(): ImageNames {
  const names = new Map<string, Set<string>>();

  function learn(id: string | undefined, name: string | undefined): void {
    if (id === undefined || name === undefined || id === '' || name === '' || id === name) return;
    const known = names.get(id);
    if (known === undefined) names.set(id, new Set([name]));
    else known.add(name);
  }

  function learnImage(image: Image | null | undefined): void {
    for (const tag of image?.repoTags ?? []) {
      learn(image!.id, tag);
      // Without a tag the newest is meant.
      if (tag.endsWith(newest)) learn(image!.id, tag.slice(0, -newest.length));
    }
  }

  return {
    noteReply({ method, response }, request) {
      if (response === undefined) return;
      switch (method) {
        case 'PullImage': {
          const asked = (request?.request as { image?: ImageSpec } | undefined)?.image?.image;
          learn((response as { imageRef?: string }).imageRef, asked);
          return;
        }
        case 'ImageStatus':
          learnImage((response as { image?: Image | null }).image);
          return;
        case 'ListImages':
          for (const image of (response as { images?: readonly Image[] }).images ?? []) learnImage(image);
          return;
      }
    },
    nameOf(spec) {
      const asked = spec?.image ?? '';
      const known = names.get(asked);
      if (known === undefined) return asked;
      // Several names may stand for one image: then the agent says which of them it means.
      const said = spec?.userSpecifiedImage ?? '';
      return known.has(said) ? said : [...known][0]!;
    },
  };
}

interface Image {
  readonly id?: string;
  readonly repoTags?: readonly string[];
}

const newest = ':latest';
