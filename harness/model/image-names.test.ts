import { expect, test } from 'vitest';
import type { RuntimeReply, RuntimeRequest } from '../trace/events.js';
import { createImageNames } from './image-names.js';

function reply(method: RuntimeReply['method'], response: object): RuntimeReply {
  return { kind: 'runtime.reply', actor: 'runtime', call: 1, method, code: 'OK', response };
}

test('identifiers get the names that the runtime tells, in whatever answer', () => {
  const names = createImageNames();
  const pull = { request: { image: { image: 'web' } } } as unknown as RuntimeRequest;
  names.noteReply(reply('PullImage', { imageRef: 'a' }), pull);
  names.noteReply(reply('ImageStatus', { image: { id: 'b', repoTags: ['db:latest'] } }));
  names.noteReply(reply('ListImages', { images: [{ id: 'c', repoTags: ['cache:v1'] }, { id: 'd' }] }));
  const nameOf = (image: string): string => names.nameOf({ image });
  expect(['a', 'b', 'c', 'd', 'web'].map(nameOf)).toEqual(['web', 'db:latest', 'cache:v1', 'd', 'web']);
  expect(names.nameOf({ image: 'b', userSpecifiedImage: 'db' })).toBe('db');
});

test('where one image has several names, the agent says which it means, if that is true', () => {
  const names = createImageNames();
  names.noteReply(reply('ImageStatus', { image: { id: 'a', repoTags: ['web:v1', 'web:v2'] } }));
  expect(names.nameOf({ image: 'a', userSpecifiedImage: 'web:v2' })).toBe('web:v2');
  expect(names.nameOf({ image: 'a', userSpecifiedImage: 'web:v3' })).toBe('web:v1');
});

test('answers without an image, and requests without one, teach and break nothing', () => {
  const names = createImageNames();
  names.noteReply(reply('ImageStatus', { image: null }));
  names.noteReply(reply('PullImage', {}));
  names.noteReply({ ...reply('ListImages', {}), response: undefined } as unknown as RuntimeReply);
  expect(names.nameOf(undefined)).toBe('');
});
