import type { ChangeEvent } from '../../actions/changes/change-events.ts';
import type { ChangeBatch } from '../../actions/changes/change-hubs.ts';
import { textFor } from '../entity-answer.ts';
import { isSeedRoot, type Root } from '../rewrite-path.ts';

const line = (name: string, value: string | number): string => `${name}: ${value}\n`;

/** @see https://html.spec.whatwg.org/multipage/server-sent-events.html#parsing-an-event-stream */
export const eventText = (event: string, data: string, id?: number): string =>
  `${id === undefined ? '' : line('id', id)}${line('event', event)}${line('data', data)}\n`;

/** Sets the id that a client comes back with, and tells nothing. */
export const startText = (retryMs: number, id: number): string => `${line('retry', retryMs)}${line('id', id)}\n`;

/** JSON has no line ends in it as it is stored. */
function dataOf(root: Root, { id, action }: ChangeEvent): string {
  return action ? textFor({ root }, action) : JSON.stringify({ id, '@removed': { reason: 'deleted' } });
}

const written = new WeakMap<ChangeBatch, { seed?: Buffer; graph?: Buffer }>();

/** A batch as it goes out on a root: made once, however many follow. */
export function batchText(batch: ChangeBatch, root: Root): Buffer {
  const known = written.get(batch) ?? {};
  written.set(batch, known);
  const form = isSeedRoot(root) ? 'seed' : 'graph';
  known[form] ??= Buffer.from(
    batch.events.map((event) => eventText(event.event, dataOf(root, event), event.sequence)).join(''),
  );
  return known[form];
}
