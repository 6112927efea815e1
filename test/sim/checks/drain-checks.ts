import { note, type Worker, type World } from '../world.ts';

const LEASED = 'select target, lease_call from enforcement where lease_owner = ?';

/** What a process that stops in order leaves unfinished is free for others, where the store took it. */
export function checkHandedBack(world: World, { name }: Worker): void {
  if (world.faults.has('badStore')) return;
  for (const { target, lease_call } of world.database.prepare(LEASED).all(name))
    note(world, `${name} stopped in order, and left its lease of ${lease_call} of ${target}.`);
}
