import { execFile } from 'node:child_process';
import path from 'node:path';
import { promisify } from 'node:util';
import { onTestFinished } from 'vitest';
import type { Answer, Connector, Effect } from '../../connector.ts';
import { aCall, TENANT_A } from '../../testing.ts';
import { type MoreSettings, type RunningClamd, startClamd } from './clamav-product.ts';
import { openOn } from './clamav-under-test.ts';
import { type HashKind, hashOf, type Sample, writeSamples } from './samples.ts';

const run = promisify(execFile);

/** A clamd, files whose hashes are targets, and a connector, for one test. */
export interface Workshop {
  readonly clamd: RunningClamd;
  readonly connector: Connector;
  sample(kind: HashKind, index: number): Sample;
  /** The file is found by `clamdscan`. */
  isFound(file: string): Promise<boolean>;
}

export async function openWorkshop(settings?: MoreSettings): Promise<Workshop> {
  const clamd = await startClamd(settings);
  onTestFinished(() => clamd.discard());
  const samples = await writeSamples(clamd);
  const connector = openOn(clamd, clamd.socket);
  onTestFinished(() => connector.close());
  return {
    clamd,
    connector,
    sample: (kind, index) => samples.find(({ hash }) => hash === hashOf(kind, index)) as Sample,
    isFound: async (file) => (await clamd.scan(file)).has(file),
  };
}

export const effectOf = (kind: HashKind, index: number, tenantId = TENANT_A): Effect => ({
  tenantId,
  action: 'BlockFile',
  target: { kind, value: hashOf(kind, index) },
});

export const soon = (): AbortSignal => AbortSignal.timeout(10_000);

export const apply = ({ connector }: Pick<Workshop, 'connector'>, effect: Effect) =>
  connector.apply(aCall(effect), soon());

export const release = ({ connector }: Pick<Workshop, 'connector'>, effect: Effect) =>
  connector.release(aCall(effect), soon());

export const verify = ({ connector }: Pick<Workshop, 'connector'>, effect: Effect) =>
  connector.verify?.(aCall(effect), soon());

/** What another process got that applied so many hashes; `as` goes before its command. */
export async function applyElsewhere(
  { socket, folder }: Pick<RunningClamd, 'socket' | 'folder'>,
  { first, count, as = [] }: { readonly first: number; readonly count: number; readonly as?: readonly string[] },
): Promise<Answer[]> {
  const program = path.join(import.meta.dirname, 'apply-process.ts');
  const node = [process.execPath, '--conditions=source', program, socket, folder, String(first), String(count)];
  const [command = '', ...args] = [...as, ...node];
  const { stdout } = await run(command, args);
  return stdout
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as Answer);
}
