import { randomUUID } from 'node:crypto';
import { rm, writeFile } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import type { JsonSchema } from '@interdict/contract';
import type { NftShell } from './nft-shell.ts';
import { type NftOrder, type NftRun, runNft } from './run-nft.ts';

/** Linux takes at most 128 KiB in one argument. */
const MAX_ARGUMENT_BYTES = 100 * 1024;

type Sender = Omit<NftOrder, 'args'> & { readonly flags?: readonly string[]; readonly shell?: NftShell };

/**
 * Gives nft commands as JSON: as an argument, or in a file of our own that is removed afterwards. Never on
 * stdin: Node's is a socket there, which nft cannot open again.
 * @see https://github.com/nodejs/node/issues/21941
 */
export async function sendJson(
  commands: readonly JsonSchema[],
  { flags = [], shell, ...order }: Sender,
): Promise<NftRun> {
  const json = JSON.stringify({ nftables: commands });
  const isArgument = Buffer.byteLength(json) <= MAX_ARGUMENT_BYTES;
  if (shell && flags.length === 0 && isArgument) return shell.run(json, order);
  if (isArgument) return runNft({ ...order, args: [...flags, '-j', json] });
  const file = path.join(os.tmpdir(), `interdict-${randomUUID()}.json`);
  try {
    await writeFile(file, json, { mode: 0o600, flag: 'wx' });
    return await runNft({ ...order, args: [...flags, '-j', '-f', file] });
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code ?? 'unknown';
    return {
      kind: 'notStarted',
      message: `The file that nft should read cannot be written to ${os.tmpdir()} (${code}).`,
    };
  } finally {
    await rm(file, { force: true });
  }
}
