import type { Store } from './store.ts';

/** Tells who asked that a tenant's rows may have changed. A hint: another process's commits are not heard here. */
export interface CommitWatch {
  /** Runs `onCommit` behind every unit of the tenant that this process commits. Returns what ends that. */
  watch(tenantId: string, onCommit: () => void): () => void;
  /** Runs `onCommit` behind every unit of any tenant, for as long as the store is open. */
  watchAll(onCommit: (tenantId: string) => void): void;
}

const ignore = (): void => undefined;

/** A store whose commits can be watched. Where nobody watches, units cost nothing more. */
export function watchCommits(store: Store): { readonly store: Store; readonly commits: CommitWatch } {
  const watching = new Map<string, Set<() => void>>();
  const ofAll: ((tenantId: string) => void)[] = [];
  const watched: Store = {
    ...store,
    run: (tenantId, unit, args, options) => {
      const done = store.run(tenantId, unit, args, options);
      const listeners = watching.get(tenantId);
      if (listeners || ofAll.length > 0) {
        const tell = (): void => {
          for (const listener of listeners ?? []) listener();
          for (const listener of ofAll) listener(tenantId);
        };
        // Where nobody knows whether it was committed, it may have been.
        done.then(tell, tell).catch(ignore);
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
