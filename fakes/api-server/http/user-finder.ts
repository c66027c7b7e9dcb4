import { createHash, timingSafeEqual } from 'node:crypto';
import type { ApiUser } from './http-front.js';

/** Tells users by what they bring as their Authorization. */
export interface UserFinder {
  readonly first: ApiUser;
  find(authorization: string | undefined): ApiUser | undefined;
}

export function createUserFinder(users: readonly ApiUser[]): UserFinder {
  const known = users.map((user) => ({ user, digest: digestOf(`Bearer ${user.token}`) }));
  return {
    first: users[0]!,
    find(authorization) {
      if (authorization === undefined) return undefined;
      // Digests have one length, and comparing them takes as long whatever they are.
      const digest = digestOf(authorization);
      return known.find((entry) => timingSafeEqual(entry.digest, digest))?.user;
    },
  };
}

function digestOf(text: string): Buffer {
  return createHash('sha256').update(text).digest();
}
