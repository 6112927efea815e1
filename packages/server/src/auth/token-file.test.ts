import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { PERMISSIONS } from '@interdict/contract';
import { decodeJwt } from 'jose';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { createAuthenticator } from './authenticate.ts';
import { createInstallKey } from './install-key.ts';
import { createLocalIssuer } from './local-issuer.ts';
import { createHandClock } from './testing/hand-clock.ts';
import type { TokenFile } from './token-file.ts';
import { startTokenFile } from './token-file.ts';

const HOUR_MS = 3_600_000;
const [READ, WRITE, , AUDIT] = PERMISSIONS;
const hand = createHandClock();
let reads = 0;
const clock = {
  now: () => {
    reads += 1;
    return hand.now();
  },
};
const localIssuer = createLocalIssuer(createInstallKey(Buffer.alloc(32, 'a')), clock);
const authenticator = createAuthenticator({ issuers: [], localIssuer, clock });

let folder: string;
let filePath: string;
let faults: unknown[];
let opened: TokenFile[];

beforeEach(() => {
  folder = mkdtempSync(path.join(os.tmpdir(), 'interdict-token-'));
  filePath = path.join(folder, 'token');
  faults = [];
  opened = [];
});

afterEach(() => {
  for (const file of opened) file.close();
  rmSync(folder, { recursive: true, force: true });
});

const start = async (): Promise<TokenFile> => {
  const onFault = (error: unknown) => faults.push(error);
  const file = await startTokenFile({ filePath, localIssuer, clock, onFault, checkEveryMs: 1 });
  opened.push(file);
  return file;
};
const read = (): string => readFileSync(filePath, 'utf8').trim();
/** Until the file's age was looked at a few times more. */
const someChecks = async (): Promise<void> => {
  const before = reads;
  await vi.waitFor(() => expect(reads).toBeGreaterThan(before + 5));
};

describe('the token file', () => {
  it('holds a token with all that an application can hold, for its owner alone', async () => {
    await start();
    expect(statSync(filePath).mode & 0o777).toBe(0o600);
    const caller = await authenticator.authenticate(`Bearer ${read()}`);
    expect(caller).toMatchObject({ kind: 'application', permissions: new Set([READ, WRITE, AUDIT]) });
    expect(caller.expiresAtMs - clock.now()).toBe(24 * HOUR_MS);
    expect(readdirSync(folder)).toEqual(['token']);
  });

  it('is renewed at half its life, so that a reader has 12 hours, and not before', async () => {
    await start();
    const first = read();
    hand.nowMs += 12 * HOUR_MS - 1;
    await someChecks();
    expect(read()).toBe(first);
    hand.nowMs += 1;
    await vi.waitFor(() => expect(read()).not.toBe(first));
    expect(decodeJwt(read()).exp).toBe(Math.floor(clock.now() / 1_000) + 24 * 3_600);
  });

  it.each([-2, -0.01, 24 * 365])('is renewed when the clock jumps by %d hours', async (hours) => {
    await start();
    hand.nowMs += hours * HOUR_MS;
    await vi.waitFor(() => expect(decodeJwt(read()).iat).toBe(Math.floor(clock.now() / 1_000)));
    await authenticator.authenticate(`Bearer ${read()}`);
  });

  it('is not renewed once it is closed', async () => {
    (await start()).close();
    const [closedPath, first] = [filePath, read()];
    filePath = path.join(folder, 'other');
    await start();
    hand.nowMs += 20 * HOUR_MS;
    await vi.waitFor(() => expect(read()).not.toBe(first));
    await someChecks();
    expect(readFileSync(closedPath, 'utf8').trim()).toBe(first);
  });

  it('reports a renewal that fails, and tries it again', async () => {
    await start();
    rmSync(folder, { recursive: true });
    mkdirSync(path.join(folder, 'token'), { recursive: true });
    hand.nowMs += 13 * HOUR_MS;
    await vi.waitFor(() => expect(faults.length).toBeGreaterThan(1));
    rmSync(filePath, { recursive: true });
    await vi.waitFor(() => expect(decodeJwt(read()).iat).toBe(Math.floor(clock.now() / 1_000)));
  });

  it('that cannot be written at all refuses the start', async () => {
    mkdirSync(filePath);
    await expect(start()).rejects.toThrow();
  });
});
