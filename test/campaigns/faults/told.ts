import { requestBody } from '../../bench/request-body.ts';
import { ask, type Json, type Reply, type TestServer } from '../../server.ts';
import type { Finding } from '../campaign.ts';

export const ACTIONS = '/beta/security/securityActions';

/** What clients were told of requests that each had a target of their own, by the number of the target. */
export interface Told {
  /** 201, with the id. */
  readonly accepted: Map<number, string>;
  /** 503 or 507: nothing was stored. */
  readonly refused: Set<number>;
  /** 500, which says that it is not known, or no answer at all. */
  readonly unknown: Set<number>;
  /** What no answer may be. */
  readonly wrong: string[];
  next: number;
}

export const nothingTold = (): Told => ({
  accepted: new Map(),
  refused: new Set(),
  unknown: new Set(),
  wrong: [],
  next: 0,
});

function note(told: Told, index: number, { status, headers, json, text }: Reply): void {
  if (status === 201) told.accepted.set(index, String(json.id));
  else if (status === 507 || status === 503) {
    told.refused.add(index);
    if (status === 503 && !headers.has('retry-after')) told.wrong.push(`503 without Retry-After: ${text}`);
  } else if (status === 500 && text.includes('not known')) told.unknown.add(index);
  else told.wrong.push(`${status}: ${text.slice(0, 300)}`);
}

/** Every other request has a key, and can be repeated under it. */
const hasKey = (index: number): boolean => index % 2 === 1;

const post = (server: TestServer, provider: string, index: number): Promise<Reply> =>
  ask(server, ACTIONS, {
    body: requestBody(provider, index),
    headers: hasKey(index) ? { 'Idempotency-Key': `faults-${index}` } : {},
    signal: AbortSignal.timeout(20_000),
  });

/** One request for a target that no other has; what was answered is noted. @returns its status; 0 where none came */
export async function postOne(told: Told, server: TestServer, provider = 'simulator'): Promise<number> {
  const index = told.next;
  told.next += 1;
  try {
    const reply = await post(server, provider, index);
    note(told, index, reply);
    return reply.status;
  } catch {
    told.unknown.add(index);
    return 0;
  }
}

/** Posts on so many connections until the signal; pauses where nothing is taken. */
export async function postUntil(told: Told, server: TestServer, signal: AbortSignal, width = 8): Promise<void> {
  const post = async (): Promise<void> => {
    while (!signal.aborted) {
      const status = await postOne(told, server);
      if (status !== 201) await new Promise((resolve) => setTimeout(resolve, 20));
    }
  };
  await Promise.all(Array.from({ length: width }, post));
}

/** What is not known is asked again under its key: there must be an answer now, and one action. */
export async function repeatUnknown(told: Told, server: TestServer, provider = 'simulator'): Promise<void> {
  for (const index of [...told.unknown].filter(hasKey)) {
    const { status, json, text } = await post(server, provider, index);
    if (status === 201) told.accepted.set(index, String(json.id));
    else told.wrong.push(`repeated under its key: ${status} ${text.slice(0, 300)}`);
  }
}

/** The state of an action's effect; in words where it cannot be read. */
export async function readState(server: TestServer, id: string): Promise<string> {
  const { status, json } = await ask(server, `${ACTIONS}/${id}?$select=status,enforcement`);
  if (status !== 200) return `status ${status}`;
  const state = String(json.enforcement?.state);
  // Cancelled before it was begun.
  return state === 'none' && (json.status as unknown) === 'Failed' ? 'released' : state;
}

/** Number of the target, by which every request of the campaign is known again. */
export const indexOf = (clientContext: unknown): number => Number(String(clientContext).slice('case-2026-11-'.length));

/** All that the server has, as ids by target. */
async function readStored(server: TestServer): Promise<Map<number, string[]>> {
  const stored = new Map<number, string[]>();
  let next: string | undefined = `${ACTIONS}?$top=1000&$select=id,clientContext`;
  while (next !== undefined) {
    const { status, json, text } = await ask(server, next);
    if (status !== 200) throw new Error(`The list could not be read: ${status} ${text.slice(0, 300)}`);
    for (const entity of json.value as unknown as Json[]) {
      const index = indexOf(entity.clientContext);
      stored.set(index, [...(stored.get(index) ?? []), String(entity.id)]);
    }
    const link = json['@odata.nextLink'] as unknown as string | undefined;
    next = link?.slice(new URL(link).origin.length);
  }
  return stored;
}

/** The first of what is wrong, in words; undefined where nothing is. */
export const some = (faults: readonly string[]): string | undefined =>
  faults.length === 0 ? undefined : `${faults.length}: ${faults.slice(0, 5).join('; ')}`;

/** Compares what was told with what is there, as the server that runs now reads it. */
export async function compareTold(told: Told, server: TestServer): Promise<readonly Finding[]> {
  return compareStored(told, await readStored(server));
}

/** Compares what was told with what is there, as ids by target. */
export function compareStored(told: Told, stored: ReadonlyMap<number, readonly string[]>): readonly Finding[] {
  const lost = [...told.accepted].filter(([index, id]) => !stored.get(index)?.includes(id));
  const ghosts = [...told.refused].filter((index) => stored.has(index));
  const twice = [...stored].filter(([, ids]) => ids.length > 1);
  const { accepted, refused, unknown } = told;
  const seen = `${accepted.size} accepted, ${refused.size} refused, ${unknown.size} not known`;
  return [
    { promise: 'what was accepted is there', broken: some(lost.map(([index]) => `target ${index}`)), seen },
    { promise: 'what was refused is not', broken: some(ghosts.map((index) => `target ${index}`)) },
    { promise: 'nothing is there twice', broken: some(twice.map(([index]) => `target ${index}`)) },
    { promise: 'refusals are 503 and 507, or say that it is not known', broken: some(told.wrong) },
  ];
}
