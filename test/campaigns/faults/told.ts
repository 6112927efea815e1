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

/** One request for a target that no other has; what was answered is noted. @returns its status; 0 where none came */
export async function postOne(told: Told, server: TestServer, provider = 'simulator'): Promise<number> {
  const index = told.next;
  told.next += 1;
  try {
    const reply = await ask(server, ACTIONS, {
      body: requestBody(provider, index),
      signal: AbortSignal.timeout(20_000),
    });
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

/** Number of the target, by which every request of the campaign is known again. */
const indexOf = (entity: Json): number => Number(String(entity.clientContext as unknown).slice('case-2026-11-'.length));

/** All that the server has, as ids by target. */
async function readStored(server: TestServer): Promise<Map<number, string[]>> {
  const stored = new Map<number, string[]>();
  let next: string | undefined = `${ACTIONS}?$top=1000&$select=id,clientContext`;
  while (next !== undefined) {
    const { status, json, text } = await ask(server, next);
    if (status !== 200) throw new Error(`The list could not be read: ${status} ${text.slice(0, 300)}`);
    for (const entity of json.value as unknown as Json[]) {
      const index = indexOf(entity);
      stored.set(index, [...(stored.get(index) ?? []), String(entity.id)]);
    }
    const link = json['@odata.nextLink'] as unknown as string | undefined;
    next = link?.slice(new URL(link).origin.length);
  }
  return stored;
}

const some = (faults: readonly string[]): string | undefined =>
  faults.length === 0 ? undefined : `${faults.length}: ${faults.slice(0, 5).join('; ')}`;

/** Compares what was told with what is there, as the server that runs now reads it. */
export async function compareTold(told: Told, server: TestServer): Promise<readonly Finding[]> {
  const stored = await readStored(server);
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
