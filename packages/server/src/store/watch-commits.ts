import type { Store } from './store.ts';

/** Tells who asked that a tenant's rows may have changed. A hint: those of other processes may be lost. */
export interface CommitWatch {
  /** Runs `onCommit` behind every unit of the tenant that this process commits, and behind others' changes where they tell of them. Returns what ends that. */
  watch(tenantId: string, onCommit: () => void): () => void;
  /** Runs `onCommit` behind every unit of any tenant that this process commits, for as long as the store is open. */
  watchAll(onCommit: (tenantId: string) => void): void;
}

/** Units of one tenant that are under way: behind the first of them the watchers are told, and again behind the last one then known. */
interface UnderWay {
  latest: Promise<unknown>;
}

/** A store whose commits can be watched. Where nobody watches, units cost nothing more. */
export function watchCommits(store: Store): { readonly store: Store; readonly commits: CommitWatch } {
  const watching = new Map<string, Set<() => void>>();
  const ofAll: ((tenantId: string) => void)[] = [];
  const underWay = new Map<string, UnderWay>();
  function tellBehind(tenantId: string, units: UnderWay, awaited: Promise<unknown>): void {
    const tell = (): void => {
      if (units.latest === awaited) underWay.delete(tenantId);
      else tellBehind(tenantId, units, units.latest);
      for (const listener of watching.get(tenantId) ?? []) listener();
      for (const listener of ofAll) listener(tenantId);
    };
    // Where nobody knows whether it was committed, it may have been.
    void awaited.then(tell, tell);
  }
  store.hints?.hear((tenantId, hint) => {
    if (hint === 'changed') for (const listener of watching.get(tenantId) ?? []) listener();
  });
  const watched: Store = {
    ...store,
    run: (tenantId, unit, args, options) => {
      const done = store.run(tenantId, unit, args, options);
      if (ofAll.length === 0 && !watching.has(tenantId)) return done;
      const units = underWay.get(tenantId);
      if (units) units.latest = done;
      else {
        const first = { latest: done };
        underWay.set(tenantId, first);
        tellBehind(tenantId, first, done);
      }
      return done;
    },
  };
  const watch: CommitWatch['watch'] = (tenantId, onCommit) => {
    const listeners = watching.get(tenantId) ?? new Set();
    watching.set(tenantId, listeners.add(onCommit));
    return () => {
      listeners.delete(onCommit);
      if (listeners.size === 0 && watching.get(tenantId) === listeners) watching.delete(tenantId);
    };
  };
  return { store: watched, commits: { watch, watchAll: (onCommit) => void ofAll.push(onCommit) } };
}
