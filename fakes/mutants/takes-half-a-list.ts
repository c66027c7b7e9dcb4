import { mutant } from './mutant.js';

export const takesHalfAList = mutant(
  'takes-half-a-list',
  'Applies the valid rest of a list with an invalid member.',
  ['HTTP-05'],
  {
    onPartlyInvalidList: 'takeValid',
  },
);
