import type { ApiUser } from './http-front.js';

/** Tells users by what they bring as their Authorization. */
export interface UserFinder {
  readonly first: ApiUser;
  find(authorization: string | undefined): ApiUser | undefined;
}

export function createUserFinder(users: readonly ApiUser[]): UserFinder {
  // Tokens are random, made for one run, and asked for with every request.
  const known = new Map(users.map((user) => [`Bearer ${user.token}`, user]));
  return {
    first: users[0]!,
    find: (authorization) => (authorization === undefined ? undefined : known.get(authorization)),
  };
}
