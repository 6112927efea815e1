import { stopDispatcher } from '../../packages/server/src/dispatch/run-dispatcher.ts';
import { DRAINED_WITHIN_MS, HANDED_BACK_WITHIN_MS } from '../../packages/server/src/shut-down.ts';
import { checkHandedBack } from './checks/drain-checks.ts';
import { deliver } from './life.ts';
import { timersOf } from './virtual-time.ts';
import { end, kill } from './worker.ts';
import type { Worker, World } from './world.ts';

/** SIGTERM: it begins nothing, hands back what is unfinished, and is gone when that is done or its time is over. */
export function drain(world: World, worker: Worker): void {
  const { life, name } = worker;
  life.isStopping = true;
  world.say(`${name} is told to stop`);
  const timers = timersOf(world.time, (run) => deliver(life, run));
  const clear = timers.after(HANDED_BACK_WITHIN_MS, () => end(world, worker, 'has no more time'));
  const onStopped = (): void => {
    clear();
    if (life.state === 'dead') return;
    checkHandedBack(world, worker);
    end(world, worker, 'is stopped');
  };
  stopDispatcher(worker.dispatcher, DRAINED_WITHIN_MS).then(
    () => deliver(life, onStopped),
    (error: unknown) => {
      world.onFault(name, error);
      if (life.state !== 'dead') kill(world, worker);
    },
  );
}
