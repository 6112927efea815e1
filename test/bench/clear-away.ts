import { chmodSync, existsSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';

/** What the bench made and must take away again, whatever happens. The last comes first. */
const made: (() => Promise<void> | void)[] = [];

/** Registers what takes something away; returns that, to be called earlier. It runs once. */
export function clearAwayLater(remove: () => Promise<void> | void): () => Promise<void> {
  let isGone = false;
  const once = async (): Promise<void> => {
    if (isGone) return;
    isGone = true;
    await remove();
  };
  made.push(once);
  return once;
}

export async function clearAway(): Promise<void> {
  for (const remove of made.splice(0).reverse()) {
    try {
      await remove();
    } catch (error) {
      console.error('Something could not be taken away:', error);
    }
  }
}

/** Ctrl-C and SIGTERM end the run; what it made goes with it. */
export function clearAwayOnSignals(): void {
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
    process.once(signal, () => {
      console.error(`\nEnded by ${signal}.`);
      void clearAway().finally(() => process.exit(1));
    });
  }
}

const PREFIX = 'interdict-bench-';

/** Of runs that were killed before they could clear away. */
function removeOrphans(parent: string): void {
  for (const name of readdirSync(parent)) {
    const [, pid] = /^interdict-bench-(\d+)-/.exec(name) ?? [];
    if (pid && !existsSync(`/proc/${pid}`)) rmSync(path.join(parent, name), { recursive: true, force: true });
  }
}

/** One folder for all that the run writes, the tests' helpers included: they go by the system's folder for such files. */
export function makeBenchFolder(): string {
  const parent = os.tmpdir();
  removeOrphans(parent);
  const folder = mkdtempSync(path.join(parent, `${PREFIX}${process.pid}-`));
  // PostgreSQL, which runs as nobody, must get through.
  chmodSync(folder, 0o711);
  process.env.TMPDIR = folder;
  clearAwayLater(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}
