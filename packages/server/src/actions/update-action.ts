import { isDeepStrictEqual } from 'node:util';
import { type EntityRow, queries } from '../store/queries.ts';
import type { ActionRow } from '../store/rows.ts';
import { type Alarm, first, must, type UnitContext, unit, type Work } from '../store/work.ts';
import { extensionFault } from './extension-limits.ts';
import { writeChange } from './holds.ts';
import { journalEntry, type Origin } from './journal.ts';
import { extensionsOf, withOwn } from './own-properties.ts';
import { holdsFor, type Precondition } from './precondition.ts';
import { changeRecord } from './record.ts';
import { type ReportedProvider, reportOutcome } from './report-outcome.ts';
import { otherThanThere } from './said-again.ts';
import type { OwnProperties, Report, UpdateInput } from './update-input.ts';

export interface Update {
  readonly id: string;
  readonly input: UpdateInput;
  readonly precondition: Precondition;
  readonly origin: Origin;
  /** Providers of the configuration, by name. */
  readonly providers: Readonly<Record<string, ReportedProvider>>;
}

/** Why an action is not changed. */
export type UpdateRefusal =
  | { readonly why: 'unknown' | 'tag' | 'notRequester' | 'notReporter' | 'record' | 'report' }
  | { readonly why: 'readOnly'; readonly property: string }
  | { readonly why: 'limit'; readonly message: string }
  | { readonly why: 'notRunning'; readonly status: string; readonly state: string };

/** `release` names the ledger row whose effect is to be taken back now. */
export type UpdateOutcome =
  | {
      readonly kind: 'done';
      readonly isReport: boolean;
      readonly release?: string;
      readonly alarms: readonly Alarm[];
      /** As it is behind this very change. */
      readonly after: EntityRow;
    }
  | ({ readonly kind: 'refused' } & UpdateRefusal);

type Plain = Readonly<Record<string, unknown>>;

const refused = (refusal: UpdateRefusal): UpdateOutcome => ({ kind: 'refused', ...refusal });

/** The names of what would read differently. Their values stay out of the journal. */
function changedBy(entity: Plain, own: OwnProperties): readonly string[] {
  const after = withOwn(entity, own) as Plain;
  const named = [...Object.keys(own).filter((name) => name !== 'extensions'), ...Object.keys(own.extensions)];
  return named.filter((name) => !isDeepStrictEqual(entity[name], after[name]));
}

const isRequester = (row: ActionRow, { appId, user }: Origin): boolean =>
  row.app_id === appId && (row.user_name === null || row.user_name === user);

/** What is said of its outcome and is not what it reads already. */
function isNews(entity: Plain, { status, errorInfo }: Report): boolean {
  if (status !== undefined && status !== entity.status) return true;
  if (errorInfo === undefined) return false;
  const there = (entity.errorInfo ?? {}) as NonNullable<Report['errorInfo']>;
  // The code is ours.
  return (errorInfo.message ?? null) !== (there.message ?? null) || (errorInfo.subcode ?? 0) !== (there.subcode ?? 0);
}

function reportFault(
  row: ActionRow,
  report: Report,
  provider: ReportedProvider | undefined,
): UpdateRefusal | undefined {
  if (row.provider === null) return { why: 'record' };
  if (!provider?.isReporter) return { why: 'notReporter' };
  if (row.status !== 'Running' || row.hold !== 'active') {
    return { why: 'notRunning', status: row.status ?? '', state: row.state };
  }
  const isOutcome = report.status === 'Failed' || (report.status === 'Completed' && report.errorInfo === undefined);
  return isOutcome ? undefined : { why: 'report' };
}

/** A record's outcome may be said again in the words of either kind of root. */
const isReported = (row: ActionRow, report: Report): boolean =>
  [row.entity, row.seed_entity].every((text) => text === null || isNews(JSON.parse(text) as Plain, report));

function* saveOwn(u: UnitContext, row: ActionRow, own: OwnProperties, changed: readonly string[], origin: Origin) {
  const details = { properties: changed };
  if (row.provider !== null) {
    yield* writeChange(u, row, { state: row.state, own }, 'securityAction.updated', details, origin);
    return;
  }
  yield* must(queries.saveAction(changeRecord(row, own)));
  u.journal(journalEntry('securityAction.updated', row.id, 'updated', details, origin));
}

function faultOf(row: ActionRow, update: Update, changed: readonly string[]): UpdateRefusal | undefined {
  const { input, origin, precondition, providers } = update;
  if (!holdsFor(precondition, row.version)) return { why: 'tag' };
  const property = otherThanThere(row, input.again);
  if (property !== undefined) return { why: 'readOnly', property };
  if (changed.length > 0 && !isRequester(row, origin)) return { why: 'notRequester' };
  const extensions = extensionsOf(withOwn(JSON.parse(row.entity) as Plain, input.own));
  const message = changed.length > 0 ? extensionFault(extensions) : undefined;
  if (message !== undefined) return { why: 'limit', message };
  if (!isReported(row, input.report)) return undefined;
  return reportFault(row, input.report, providers[row.provider ?? '']);
}

type Done = Omit<Extract<UpdateOutcome, { kind: 'done' }>, 'after'>;

function* carryOut(u: UnitContext, row: ActionRow, update: Update, changed: readonly string[]): Work<Done> {
  const { input, origin, providers } = update;
  const isReport = isReported(row, input.report);
  if (changed.length > 0) yield* saveOwn(u, row, input.own, changed, origin);
  const provider = providers[row.provider ?? ''];
  if (!isReport || !provider) return { kind: 'done', isReport, alarms: u.alarms };
  const current = (yield* first(queries.actionById({ id: row.id }))) ?? row;
  const release = yield* reportOutcome(u, current, input.report, provider, origin);
  return { kind: 'done', isReport, alarms: u.alarms, ...(release !== undefined && { release }) };
}

/** Changes what its requester may change, and takes the word of whoever speaks for the provider: all or nothing. */
export const updateAction = unit('actions.update', function* (u, update: Update) {
  const row = yield* first(queries.actionById({ id: update.id }));
  if (!row) return refused({ why: 'unknown' });
  const changed = changedBy(JSON.parse(row.entity) as Plain, update.input.own);
  const fault = faultOf(row, update, changed);
  if (fault) return refused(fault);
  const done = yield* carryOut(u, row, update, changed);
  const after = yield* first(queries.entityById({ id: update.id }));
  if (!after) throw new Error(`Action ${update.id} is gone within its own change.`);
  return { ...done, after } satisfies UpdateOutcome as UpdateOutcome;
});
