import path from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import type { Finding } from '../campaign.ts';
import { compareStored, indexOf, some, type Told } from './told.ts';
import type { ToldCancels } from './told-cancels.ts';

interface StoredAction {
  readonly id: string;
  readonly client_context: string;
}

function compareCancelled(told: ToldCancels, ended: ReadonlySet<string>): readonly Finding[] {
  const lost = [...told.accepted].filter((id) => !ended.has(id));
  const ghosts = [...told.refused].filter((id) => ended.has(id));
  return [
    { promise: 'a cancel that was accepted is in the file', broken: some(lost) },
    { promise: 'a cancel that was refused is not', broken: some(ghosts) },
    { promise: 'cancels are answered by the truth', broken: some(told.wrong) },
  ];
}

/** It came with a later migration: a first start may have ended between the two, and nobody was told anything. */
const HAS_COLUMN = "select 1 from pragma_table_info('action') where name = 'client_context'";
const CANCELLED = "select action_id from journal where type = 'securityAction.cancelRequested'";

/** Compares what was told with what a process that opens the file now finds in it. */
export function compareFile(folder: string, told: Told, cancels: ToldCancels): readonly Finding[] {
  const db = new DatabaseSync(path.join(folder, 'interdict.sqlite'));
  try {
    const { integrity_check: found } = db.prepare('pragma integrity_check').get() as { integrity_check: string };
    const isMade = db.prepare(HAS_COLUMN).get() !== undefined;
    const rows = isMade ? db.prepare('select id, client_context from action').all() : [];
    const ended = isMade ? db.prepare(CANCELLED).all() : [];
    const actions = rows as unknown as StoredAction[];
    const byTarget = Map.groupBy(actions, ({ client_context }) => indexOf(client_context));
    const stored = new Map([...byTarget].map(([index, of]) => [index, of.map(({ id }) => id)]));
    return [
      { promise: 'the file passes integrity_check', broken: found === 'ok' ? undefined : found },
      ...compareStored(told, stored),
      ...compareCancelled(cancels, new Set(ended.map(({ action_id }) => String(action_id)))),
    ];
  } finally {
    db.close();
  }
}
