import { effectOf } from './product.ts';
import { TARGETS, TENANTS, type World } from './world.ts';

/** A promise that is broken on purpose, to see that the checks tell of it. */
export interface Sabotage {
  /** What the checks must say. */
  readonly says: string;
  /** Once, before anything happens. */
  readonly before?: (world: World) => void;
  /** Behind every event and every commit. */
  readonly behind?: (world: World) => void;
}

const sql =
  (text: string) =>
  ({ database: { engine } }: World): void => {
    if (!engine.db.isTransaction) engine.db.exec(text);
  };

const LATER = '2099-01-01T00:00:00.0000000Z';
const [ONE, OTHER] = TENANTS;

/** Nobody here put it there. */
function putOursThere({ isCalm, products }: World): void {
  const [product] = products;
  const effect = effectOf(ONE, 'BlockIp', `ip:${TARGETS[2]}`);
  if (isCalm && product && !product.entries.has(effect))
    product.entries.set(effect, { owner: 'ours', until: undefined });
}

function leaseToStopping(world: World): void {
  const stopping = world.workers.find(({ life }) => life.isStopping);
  if (stopping) sql(`update enforcement set lease_owner = '${stopping.name}' where lease_owner is null`)(world);
}

/** By what is broken. */
export const SABOTAGES: Readonly<Record<string, Sabotage>> = {
  'an action is gone': { says: 'I1: ', behind: sql(`delete from action where status = 'NotStarted'`) },
  'a tenant counts more than it has': {
    says: 'I1: ',
    behind: sql('update tenant set action_count = action_count + 1 where last_sequence > 3'),
  },
  'an attempt is sent that was not intended': {
    says: 'I2: ',
    behind: sql(`update enforcement set attempt = attempt + 1 where lease_call = 'apply'`),
  },
  'what is Completed starts anew': {
    says: 'I3: ',
    behind: sql(`update action set status = 'Running', entity = json_set(entity, '$.status', 'Running', '$.states[#]',
      json_object('appId', 'x', 'status', 'Running', 'updatedDateTime', '${LATER}', 'user', null))
      where status = 'Completed'`),
  },
  'what ended ends again': {
    says: 'I4: ',
    behind: sql(`update action set entity = json_set(entity, '$.completedDateTime', '${LATER}')
      where status in ('Completed', 'Failed') and state <> 'none'`),
  },
  'an effect of ours is there for nobody': { says: 'I5: ', behind: putOursThere },
  'a product takes nothing back, and says that it did': {
    says: 'I6: ',
    before: ({ products }) => {
      for (const { entries } of products) entries.delete = () => false;
    },
  },
  'a product is later than it promises': {
    says: 'I6: ',
    before: ({ products }) => {
      for (const product of products) Object.assign(product, { latenessMs: 8 * product.latenessMs });
    },
  },
  'an action reads released, and its release is still to come': {
    says: 'before its release',
    behind: sql(`update action set state = 'released', entity = json_set(entity, '$.enforcement.state', 'released')
      where state = 'releasing'`),
  },
  'the guard-rails are asked by nobody': {
    says: 'I7: ',
    before: (world) => Object.assign(world, { refusalFor: () => undefined }),
  },
  'a change is not told': {
    says: 'I8: ',
    behind: sql(`update action set entity = json_set(entity, '$.actionReason', 'changed')`),
  },
  'a sequence is left out': { says: 'I8: ', behind: sql('update tenant set last_sequence = last_sequence + 1') },
  'an action goes to another tenant': {
    says: 'I9: ',
    behind: sql(`update action set tenant_id = '${OTHER}' where tenant_id = '${ONE}' and status = 'NotStarted'`),
  },
  'a deadline is forgotten': { says: 'I10: ', behind: sql(`update action set end_at = null where status = 'Running'`) },
  'an end is forgotten': {
    says: 'I10: ',
    behind: sql(`update action set end_at = null where status = 'Completed' and hold = 'active'`),
  },
  'an end comes too soon': {
    says: 'ended before its end',
    behind: sql(`update action set end_at = 1 where status = 'Completed' and hold = 'active'`),
  },
  'a history runs backwards': {
    says: 'I11: ',
    behind: sql(`update action set entity = json_set(entity, '$.states[0].updatedDateTime', '${LATER}')
      where status = 'Running'`),
  },
  'a quarantine is forgotten': {
    says: 'The quarantine: ',
    behind: sql(`update dispatch_pause set until = since where kind = 'restored' and until is null`),
  },
  'a process that stops keeps what it leased': { says: 'stopped in order', behind: leaseToStopping },
  'a release is never tried again': {
    says: 'does not come to rest',
    behind: sql('update enforcement set due_at = null where lane = 0 and lease_owner is null'),
  },
};
