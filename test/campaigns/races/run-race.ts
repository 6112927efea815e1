import { setTimeout as delay } from 'node:timers/promises';
import { ask, type Json, type TestServer } from '../../server.ts';

const ACTIONS = '/beta/security/securityActions';

/** How one action of a race ended. */
export interface Ended {
  readonly id: string;
  readonly target: string;
  readonly status: string;
  readonly state: string;
  readonly code: number | undefined;
  /** What must never be different from the first time that it was seen to be final. */
  readonly final: string;
}

export interface Race {
  readonly server: TestServer;
  readonly token: string;
  readonly random: () => number;
  readonly target: string;
}

async function post({ server, token, target }: Race, ttl: string): Promise<string> {
  const body = { name: 'BlockIp', parameters: [{ name: 'IP', value: target.slice(3) }], ttl };
  const { status, json, text } = await ask(server, ACTIONS, { body, token });
  if (status !== 201) throw new Error(`A create was answered with ${status}: ${text}`);
  return String(json.id);
}

async function cancel({ server, token }: Race, id: string): Promise<void> {
  const { status, text } = await ask(server, `${ACTIONS}/${id}/cancelSecurityAction`, { method: 'POST', token });
  if (status !== 200) throw new Error(`A cancel was answered with ${status}: ${text}`);
}

export async function read({ server, token }: Pick<Race, 'server' | 'token'>, id: string): Promise<Json> {
  const { status, json } = await ask(server, `${ACTIONS}/${id}`, { token });
  if (status !== 200) throw new Error(`A read was answered with ${status}.`);
  return json;
}

export const finalOf = ({ status, completedDateTime, errorInfo }: Json): string =>
  JSON.stringify([status, completedDateTime, errorInfo]);

const isFinal = ({ status }: Json): boolean => ['Completed', 'Failed'].includes(String(status));
const ENDS_WITHIN_MS = 60_000;

/** Until it is final and holds nothing any more. */
async function ended(race: Race, id: string): Promise<Ended> {
  const giveUpAt = performance.now() + ENDS_WITHIN_MS;
  let final: string | undefined;
  for (;;) {
    const json = await read(race, id);
    const state = String(json.enforcement?.state);
    if (isFinal(json)) final ??= finalOf(json);
    if (final !== undefined && final !== finalOf(json)) throw new Error(`${id} was ${final} and is ${finalOf(json)}.`);
    const isOver = ['none', 'released'].includes(state);
    if (final !== undefined && (isOver || performance.now() > giveUpAt)) {
      const code = json.errorInfo?.code as unknown as number | undefined;
      return { id, target: race.target, status: String(json.status), state, code, final };
    }
    if (performance.now() > giveUpAt) throw new Error(`${id} is ${String(json.status)} ${state} for a minute.`);
    await delay(60);
  }
}

/** A cancel at a random moment around intent, call, answer and outcome. */
async function cancelRace(race: Race): Promise<readonly Ended[]> {
  const id = await post(race, 'PT1H');
  const wait = race.random() < 0.2 ? 0 : Math.floor(race.random() * (race.random() < 0.8 ? 200 : 700));
  if (wait > 0) await delay(wait);
  await cancel(race, id);
  return [await ended(race, id)];
}

/** A cancel about when the end comes. */
async function expiryRace(race: Race): Promise<readonly Ended[]> {
  const id = await post(race, 'PT1S');
  await delay(900 + Math.floor(race.random() * 250));
  if (race.random() < 0.7) await cancel(race, id);
  return [await ended(race, id)];
}

/** A second hold about when the first ends, or is cancelled. */
async function holdRace(race: Race): Promise<readonly Ended[]> {
  const first = await post(race, 'PT1S');
  await delay(800 + Math.floor(race.random() * 400));
  const early = race.random() < 0.3 ? cancel(race, first) : undefined;
  const second = await post(race, 'PT1S');
  await early;
  await delay(Math.floor(race.random() * 1_200));
  if (race.random() < 0.5) await cancel(race, second);
  return await Promise.all([ended(race, first), ended(race, second)]);
}

export function runRace(race: Race): Promise<readonly Ended[]> {
  const kind = race.random();
  if (kind < 0.7) return cancelRace(race);
  return kind < 0.85 ? expiryRace(race) : holdRace(race);
}
