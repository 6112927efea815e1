import { spawnSync } from 'node:child_process';
import os from 'node:os';

/** What a figure is worth depends on this. */
export interface Machine {
  readonly cpu: string;
  readonly cores: number;
  readonly memoryGb: number;
  readonly kernel: string;
  readonly node: string;
  readonly sqlite: string;
  readonly nft: string;
  /** Load averages at the start of the run. */
  readonly load: readonly number[];
}

export function readMachine(): Machine {
  const [first] = os.cpus();
  const nft = spawnSync('nft', ['--version'], { encoding: 'utf8' });
  return {
    cpu: first?.model ?? 'unknown',
    cores: os.availableParallelism(),
    memoryGb: os.totalmem() / 2 ** 30,
    kernel: os.release(),
    node: process.versions.node,
    sqlite: process.versions.sqlite ?? 'none',
    nft: nft.status === 0 ? (/v([\d.]+)/.exec(nft.stdout)?.[1] ?? 'unknown') : 'not installed',
    load: os.loadavg(),
  };
}
