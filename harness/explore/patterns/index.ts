import type { PlanDraft } from '../draft.js';
import type { SourceKind } from '../../spec/pod.js';
import type { PatternName } from '../suite.js';
import { crashBetweenCalls, lostObservation, reportedEarly, singleError, staleAnswer } from './faults.js';
import { churn, duplicates, noMeaning, rapidEdits, readd, secondInput, sharedName } from './inputs.js';
import {
  containerExit,
  damage,
  initExit,
  orphan,
  removedImage,
  restartCatchUp,
  restartQuietly,
  runtimeConditions,
  slowStop,
} from './node.js';
import { apiTrouble, directoryNoise, httpTrouble, unreadySource } from './sources.js';

/** Appends one snippet of this kind to the draft. */
export type Pattern = (draft: PlanDraft) => void;

/** How each kind of history is written. */
export const patterns: Readonly<Record<PatternName, Pattern>> = {
  secondInput,
  unreadySource,
  singleError,
  staleAnswer,
  crashBetweenCalls,
  lostObservation,
  directoryNoise,
  reportedEarly,
  churn,
  rapidEdits,
  readd,
  noMeaning,
  duplicates,
  sharedName,
  httpTrouble,
  apiTrouble,
  containerExit,
  initExit,
  damage,
  restartCatchUp,
  restartQuietly,
  orphan,
  slowStop,
  runtimeConditions,
  removedImage,
};

/** Kinds of history that make sense only with this source. */
export const patternNeeds: Readonly<Partial<Record<PatternName, SourceKind>>> = {
  directoryNoise: 'file',
  httpTrouble: 'http',
  apiTrouble: 'api',
};
