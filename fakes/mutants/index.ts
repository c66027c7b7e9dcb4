import { trustsEvents } from './trusts-events.js';
import { watchEndDropsPods } from './watch-end-drops-pods.js';
import { actsOnStaleView } from './acts-on-stale-view.js';
import { backoffFromStart } from './backoff-from-start.js';
import { backoffNeverReset } from './backoff-never-reset.js';
import { backoffWithoutCap } from './backoff-without-cap.js';
import { badFileDropsAll } from './bad-file-drops-all.js';
import { blindToUid } from './blind-to-uid.js';
import { collectsBeforeReady } from './collects-before-ready.js';
import { deletesMirrorsEarly } from './deletes-mirrors-early.js';
import { deletesObjectEarly } from './deletes-object-early.js';
import { deletesWithGrace } from './deletes-with-grace.js';
import { downSourceIsEmpty } from './down-source-is-empty.js';
import { dropsPodsOn410 } from './drops-pods-on-410.js';
import { edgeTriggered } from './edge-triggered.js';
import { extendsGrace } from './extends-grace.js';
import { finishesSetupFirst } from './finishes-setup-first.js';
import { firstEditWins } from './first-edit-wins.js';
import { forgetsAfterCrash } from './forgets-after-crash.js';
import { forgetsEarlyRemovals } from './forgets-early-removals.js';
import { givesUpFeed } from './gives-up-feed.js';
import { givesUpStopping } from './gives-up-stopping.js';
import { httpEmptyIsError } from './http-empty-is-error.js';
import { httpIgnoresStatus } from './http-ignores-status.js';
import { httpTakesAnySuccess } from './http-takes-any-success.js';
import { httpTakesOversize } from './http-takes-oversize.js';
import { httpErrorIsEmpty } from './http-error-is-empty.js';
import { ignores410 } from './ignores-410.js';
import { ignoresDeletionTimestamp } from './ignores-deletion-timestamp.js';
import { ignoresGrace } from './ignores-grace.js';
import { ignoresLaterAdditions } from './ignores-later-additions.js';
import { ignoresNotReadySandbox } from './ignores-not-ready-sandbox.js';
import { ignoresRemovals } from './ignores-removals.js';
import { ignoresReturningDocument } from './ignores-returning-document.js';
import { ignoresUnknownExtensions } from './ignores-unknown-extensions.js';
import { keepsDeadContainers } from './keeps-dead-containers.js';
import { keepsSandboxes } from './keeps-sandboxes.js';
import { leavesOrphans } from './leaves-orphans.js';
import { listErrorIsEmpty } from './list-error-is-empty.js';
import { listsAllNodes } from './lists-all-nodes.js';
import { losesEdit } from './loses-edit.js';
import { losesReadd } from './loses-readd.js';
import { neverDeletesObject } from './never-deletes-object.js';
import { neverRepairs } from './never-repairs.js';
import { neverRestarts } from './never-restarts.js';
import { newVersionAtOnce } from './new-version-at-once.js';
import { noBackoff } from './no-backoff.js';
import { orphansFromOldListing } from './orphans-from-old-listing.js';
import { randomStaticUid } from './random-static-uid.js';
import { readsDirectoryOnce } from './reads-directory-once.js';
import { readsDotFiles } from './reads-dot-files.js';
import { readsUrlOnce } from './reads-url-once.js';
import { removalByName } from './removal-by-name.js';
import { restartsOnComment } from './restarts-on-comment.js';
import { restartsOnRedelivery } from './restarts-on-redelivery.js';
import { restartsUnderNever } from './restarts-under-never.js';
import { removesSandboxesFirst } from './removes-sandboxes-first.js';
import { resurrectsDeletedFiles } from './resurrects-deleted-files.js';
import { runsDuplicates } from './runs-duplicates.js';
import { sandboxBeforeContainers } from './sandbox-before-containers.js';
import { secondContainerAfterLostReply } from './second-container-after-lost-reply.js';
import { sidecarsFirst } from './sidecars-first.js';
import { sidecarsInOrder } from './sidecars-in-order.js';
import { stopsOneAfterAnother } from './stops-one-after-another.js';
import { startsAgainAfterCrash } from './starts-again-after-crash.js';
import { reportsAdoptedUnready } from './reports-adopted-unready.js';
import { stopsBeforeReady } from './stops-before-ready.js';
import { startsWhenAllReady } from './starts-when-all-ready.js';
import { idleInOutage } from './idle-in-outage.js';
import { takesHalfAList } from './takes-half-a-list.js';
import { unverifiedStop } from './unverified-stop.js';
import { watchOnce } from './watch-once.js';
import { rerunsEndedOnUpdate } from './reruns-ended-on-update.js';
import { stopsEndedSandboxes } from './stops-ended-sandboxes.js';
import { writesWithoutEnd } from './writes-without-end.js';
import { preStopOutsideGrace } from './pre-stop-outside-grace.js';
import { initCrashNoBackoff } from './init-crash-no-backoff.js';
import { backoffSharedInPod } from './backoff-shared-in-pod.js';
import { initsNotRerun } from './inits-not-rerun.js';
import { initsTogether } from './inits-together.js';
import { sidecarsNeverStarted } from './sidecars-never-started.js';
import { sidecarsUnderPodPolicy } from './sidecars-under-pod-policy.js';
import type { Mutant } from './mutant.js';

/** Every mutant, one defect each. */
export const mutants: readonly Mutant[] = [
  edgeTriggered,
  blindToUid,
  forgetsAfterCrash,
  startsAgainAfterCrash,
  reportsAdoptedUnready,
  downSourceIsEmpty,
  stopsBeforeReady,
  startsWhenAllReady,
  idleInOutage,
  deletesMirrorsEarly,
  collectsBeforeReady,
  forgetsEarlyRemovals,
  removalByName,
  losesReadd,
  losesEdit,
  firstEditWins,
  listErrorIsEmpty,
  secondContainerAfterLostReply,
  sandboxBeforeContainers,
  ignoresGrace,
  extendsGrace,
  restartsUnderNever,
  noBackoff,
  backoffNeverReset,
  leavesOrphans,
  keepsSandboxes,
  removesSandboxesFirst,
  actsOnStaleView,
  deletesObjectEarly,
  deletesWithGrace,
  writesWithoutEnd,
  stopsEndedSandboxes,
  rerunsEndedOnUpdate,
  restartsOnComment,
  readsDotFiles,
  readsDirectoryOnce,
  readsUrlOnce,
  badFileDropsAll,
  httpErrorIsEmpty,
  httpEmptyIsError,
  httpIgnoresStatus,
  httpTakesAnySuccess,
  httpTakesOversize,
  ignoresReturningDocument,
  dropsPodsOn410,
  runsDuplicates,
  ignoresRemovals,
  ignoresLaterAdditions,
  ignoresDeletionTimestamp,
  restartsOnRedelivery,
  randomStaticUid,
  ignoresUnknownExtensions,
  resurrectsDeletedFiles,
  takesHalfAList,
  listsAllNodes,
  watchOnce,
  givesUpFeed,
  ignores410,
  watchEndDropsPods,
  trustsEvents,
  ignoresNotReadySandbox,
  neverRepairs,
  givesUpStopping,
  sidecarsFirst,
  sidecarsInOrder,
  stopsOneAfterAnother,
  preStopOutsideGrace,
  newVersionAtOnce,
  finishesSetupFirst,
  backoffFromStart,
  backoffWithoutCap,
  neverRestarts,
  keepsDeadContainers,
  orphansFromOldListing,
  unverifiedStop,
  neverDeletesObject,
  initCrashNoBackoff,
  backoffSharedInPod,
  initsNotRerun,
  initsTogether,
  sidecarsNeverStarted,
  sidecarsUnderPodPolicy,
];
