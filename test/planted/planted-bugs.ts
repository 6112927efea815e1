/** A bug that is put in on purpose, and the test that must find it. Without the bug that test passes. */
export interface PlantedBug {
  /** Its patch is `test/campaigns/planted/<name>.patch`. Those with B stand in the list that the project began with. */
  readonly name: string;
  readonly bug: string;
  /** File of the test. */
  readonly file: string;
  /** Part of its name. */
  readonly test: string;
}

const SERVER = 'packages/server/src';

const row = (name: string, bug: string, file: string, test: string): PlantedBug => ({ name, bug, file, test });

export const PLANTED_BUGS: readonly PlantedBug[] = [
  row(
    'B07-tenant-predicate',
    'a statement is bound to another tenant',
    `${SERVER}/store/sql/sqlite-store.test.ts`,
    'reaches no row of another tenant',
  ),
  row(
    'B08-synchronous-normal',
    'the disk is asked for less',
    'test/powercut/new-database.test.ts',
    'loses nothing that was acknowledged',
  ),
  row(
    'B10-no-fence',
    'an outcome counts whatever its fence',
    'test/campaigns/model.test.ts',
    'where a process stands still',
  ),
  row(
    'B11-intent-after-send',
    'an operation is not written down before its call',
    'test/campaigns/sim.test.ts',
    'breaks no promise',
  ),
  row(
    'B12-cancel-without-intent-check',
    'a cancel believes that nothing was sent',
    'test/end-to-end/dispatch.test.ts',
    'is cancelled while its call is under way',
  ),
  row(
    'B14-new-key-per-attempt',
    'each attempt has an operation of its own',
    'test/end-to-end/dispatch.test.ts',
    'goes on by itself within a second of ready after kill -9',
  ),
  row(
    'B15-deaths-not-counted',
    'a call that kills the process is made for ever',
    `${SERVER}/dispatch/stop-poisoned.test.ts`,
    'is made five times',
  ),
  row(
    'B18-key-not-with-its-action',
    'a key is not stored with its action',
    'test/end-to-end/requests.test.ts',
    'is made once under both headers',
  ),
  row(
    'B19-fingerprint-ignored',
    'a key answers whatever the body',
    'test/end-to-end/requests.test.ts',
    'is refused where one digit of the body is another',
  ),
  row(
    'B20-other-holds-ignored',
    'one of several holds takes the effect with it',
    'test/end-to-end/dispatch.test.ts',
    'holds one effect for two actions',
  ),
  row(
    'B22-guard-only-at-accept',
    'guard-rails are not asked before a call',
    'test/end-to-end/dispatch.test.ts',
    'asks the guard-rails again before it sends',
  ),
  row(
    'B27-event-not-with-its-change',
    'what an application creates is told to nobody',
    'test/end-to-end/stream.test.ts',
    'tells of creation, every later state',
  ),
  row(
    'B28-outcome-not-audited',
    'what a write brought is not in the audit',
    `${SERVER}/dispatch/audited-calls.test.ts`,
    'the audit has the intent of every write',
  ),
  row(
    'B13-release-without-settle',
    'a release counts while an apply may still land',
    `${SERVER}/dispatch/judge-release.test.ts`,
    'is repeated when an earlier apply cannot land any more',
  ),
  row(
    'B16-lease-lost-too-soon',
    'a process that is missed once is taken for gone',
    `${SERVER}/store/watch-owners.test.ts`,
    'is gone when it was missed for four seconds, and then once',
  ),
  row(
    'B21-preexisting-ignored',
    'what a stranger put there counts as ours',
    `${SERVER}/dispatch/judge-look.test.ts`,
    'finds it in force: that was somebody else',
  ),
  row(
    'B34-releases-share-slots',
    'releases wait in the lane of applies',
    `${SERVER}/dispatch/slots.test.ts`,
    'are there again when the call is over',
  ),
  row(
    'B35-final-overwritten',
    'a final status can change',
    `${SERVER}/actions/lifecycle.test.ts`,
    'that is final keeps its status',
  ),
  row(
    'B36-restore-releases-at-end',
    'a restored server releases at ends',
    `${SERVER}/actions/pauses.test.ts`,
    'ends and older releases too, where it is restored',
  ),
  row(
    'B09-answer-before-commit',
    'an answer does not wait for its commit',
    'test/end-to-end/lost-commit.test.ts',
    'is told that nothing was stored, and nothing was',
  ),
  row(
    'B17-503-after-unknown-commit',
    'an unknown outcome is answered 503, which clients repeat',
    'test/end-to-end/lost-commit.test.ts',
    'is told that it is not known, and how to find out',
  ),
  row(
    'P1-released-comes-back',
    'what was released is in force again',
    `${SERVER}/actions/lifecycle.test.ts`,
    'never goes from Completed/released to Completed/inForce',
  ),
  row(
    'P2-lost-apply-applied-anew',
    'a lost apply that is there is applied under another operation',
    `${SERVER}/dispatch/judge-look.test.ts`,
    'whose answer was lost: its end is told in another attempt of the same',
  ),
  row(
    'P3-absent-proves-too-much',
    'not there yet is taken for not there',
    `${SERVER}/dispatch/judge-look.test.ts`,
    'proves nothing while the attempt may still land',
  ),
  row(
    'P4-release-not-read-back',
    'a release is believed',
    `${SERVER}/dispatch/judge-release.test.ts`,
    'done and still seen is tried again',
  ),
  row(
    'P5-lost-release-forgotten',
    'an apply is sent before a lost release can have landed',
    `${SERVER}/dispatch/judge-release.test.ts`,
    'is lost may still land: no apply is sent before that',
  ),
  row(
    'P6-silence-is-refusal',
    'no answer is taken for nothing done',
    `${SERVER}/dispatch/judge-apply.test.ts`,
    'taken and not seen is not known',
  ),
  row(
    'P7-drift-not-told',
    'a drift is put back and not told',
    `${SERVER}/dispatch/judge-look.test.ts`,
    'a drift is told and counted',
  ),
  row(
    'P8-claims-too-much',
    'Completed without the look back',
    `${SERVER}/dispatch/judge-apply.test.ts`,
    'taken and not seen is not known',
  ),
  row(
    'P9-failpoint-passed-early',
    'a failpoint is passed one pass late',
    `${SERVER}/lib/failpoint.test.ts`,
    'holds the thread at the pass that was named',
  ),
  row(
    'P10-retries-without-cap',
    'retries know no longest delay, and no first one',
    `${SERVER}/dispatch/retry-delay.test.ts`,
    'stalls is anywhere from nothing',
  ),
  row(
    'P11-stop-does-not-hold-applies',
    'a stop holds nothing back',
    `${SERVER}/actions/pauses.test.ts`,
    'applies, where all are stopped',
  ),
  row(
    'P12-end-in-the-past',
    'an end before now is accepted',
    `${SERVER}/actions/read-expiry.test.ts`,
    'cannot be the expirationDateTime',
  ),
  row(
    'P13-pauses-counted-twice',
    'pauses that overlap lengthen a deadline twice',
    `${SERVER}/actions/pauses.test.ts`,
    'two that overlap',
  ),
  row(
    'P14-clock-follows-a-jump',
    'a clock that was set back is not noticed',
    `${SERVER}/store/sql/store-clock.test.ts`,
    'follows when one of the two is set',
  ),
  row(
    'P15-applied-into-a-release',
    'an apply is sent while the product is at a release',
    `${SERVER}/dispatch/judge-call.test.ts`,
    'by no apply before a lost release has landed',
  ),
];
