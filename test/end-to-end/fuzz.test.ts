import { readFileSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Attacked, aRequest, inParallel, startAttacked } from '../attacked-server.ts';
import { type Bent, bendRequest, bendText, type Dice, repeatedly, throwDice } from '../bent-request.ts';
import type { PlainAnswer } from '../plain-http.ts';
import { openRaw } from '../raw-connection.ts';
import { type AnyAnswer, headerFaults, refusalFaults } from '../refusal.ts';

/** The same seed makes the same requests. */
const SEED = Number(process.env.INTERDICT_FUZZ_SEED ?? 1);
const REQUESTS = Number(process.env.INTERDICT_FUZZ_REQUESTS ?? 2_000);
const BATCH = 200;
const WIDTH = 6;
const AT_MOST_MS = 1_000;
/** A busy machine is slow with anything: only what is slow so often in a row is slow by itself. */
const TRIES = 5;
const timeout = 60_000 + REQUESTS * 50;

let attacked: Attacked;
let writer: string;
beforeAll(async () => {
  attacked = await startAttacked();
  writer = `Bearer ${await attacked.token({ roles: ['SecurityActions.ReadWrite.All', 'SecurityActions.Audit.Read.All'] })}`;
});
afterAll(() => attacked.close());

function answerFaults(answer: AnyAnswer, clientRequestId?: string): readonly string[] {
  const { status } = answer;
  if (status >= 500 && status !== 501) return [`status ${status}`];
  if (status < 400) return headerFaults(answer, clientRequestId);
  return refusalFaults(answer, { status, ...(clientRequestId !== undefined && { clientRequestId }) });
}

function faultsIn(answer: PlainAnswer, { method, headers }: Bent): readonly string[] {
  const sent = headers['client-request-id'] ?? '';
  const echoed = /^[\x20-\x7e]{1,256}$/.test(sent) ? sent : undefined;
  const faults = answerFaults(answer, echoed);
  // No body comes, and so no type and no error in it.
  return method === 'HEAD' ? faults.filter((fault) => !/^(?:body|type): /.test(fault)) : faults;
}

const ask = (bent: Bent): Promise<PlainAnswer> =>
  attacked.http.ask(bent.target, { ...bent, headers: { Authorization: writer, ...bent.headers } });

async function faultsOf(bent: Bent): Promise<readonly string[]> {
  const seen = new Set<string>();
  for (let tries = 0; tries < TRIES; tries += 1) {
    const began = performance.now();
    const faults = await ask(bent).then(
      (answer) => faultsIn(answer, bent),
      (error: unknown) => [String(error)],
    );
    for (const fault of faults) seen.add(fault);
    if (performance.now() - began <= AT_MOST_MS) return [...seen];
  }
  return [...seen, `took more than ${AT_MOST_MS} ms, ${TRIES} times`];
}

async function faultsOfBytes(bytes: string): Promise<readonly string[]> {
  const connection = openRaw(attacked.server.url);
  // As much as it says itself, so that nobody waits for the rest.
  const length = Number(/content-length: *(\d{1,6})/i.exec(bytes)?.[1] ?? 0);
  connection.send(bytes, `\r\n\r\n${'x'.repeat(length)}\r\n\r\n`);
  const { answers } = await connection.outcome(1);
  connection.socket.destroy();
  const [answer] = answers;
  return answer ? answerFaults(answer) : ['no answer'];
}

/** Makes so many in batches, each with the dice as the last one left it, and stops at the first batch with a fault. */
async function faultsAmong<Made>(
  count: number,
  make: () => Made,
  look: (made: Made) => Promise<readonly string[]>,
): Promise<readonly string[]> {
  for (let made = 0; made < count; made += BATCH) {
    const batch = Array.from({ length: BATCH }, make);
    const found = await inParallel(batch, look, WIDTH);
    const seen = found.flatMap((faults, at) =>
      faults.map((fault) => `${fault}: ${JSON.stringify(batch[at]).slice(0, 1_500)}`),
    );
    if (seen.length > 0) return seen;
  }
  return [];
}

const rssMb = (): number =>
  Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${attacked.server.pid}/status`, 'utf8'))?.[1]) / 1_024;

describe(`requests bent at random, seed ${SEED}`, () => {
  it('are answered at once, in Graph’s form, never as a fault of ours, and leave the memory alone', {
    timeout,
  }, async () => {
    const dice: Dice = throwDice(SEED);
    const make = (): Bent => bendRequest(dice);
    const warmUp = Math.min(1_000, REQUESTS / 2);
    expect(await faultsAmong(warmUp, make, faultsOf)).toEqual([]);
    const atFirst = rssMb();
    expect(await faultsAmong(REQUESTS - warmUp, make, faultsOf)).toEqual([]);
    expect(rssMb() - atFirst).toBeLessThan(200);
  });

  it('end no connection without a word where their bytes are bent, and harm nobody else', { timeout }, async () => {
    const dice = throwDice(SEED + 1);
    const body = JSON.stringify(aRequest({ name: 'BlockIpp' }));
    const { host } = new URL(attacked.server.url);
    const whole = `POST /beta/security/securityActions HTTP/1.1\r\nHost: ${host}\r\nAuthorization: ${writer}\r\nContent-Type: application/json\r\nContent-Length: ${body.length}\r\n\r\n${body}`;
    const make = (): string => repeatedly(dice, bendText(dice, whole), (bent) => bendText(dice, bent));
    expect(await faultsAmong(REQUESTS / 4, make, faultsOfBytes)).toEqual([]);
    expect((await attacked.http.ask('/healthz')).status).toBe(200);
  });
});
