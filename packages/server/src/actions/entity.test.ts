import fc from 'fast-check';
import { expect, it } from 'vitest';
import { toDateTime } from '../lib/date-time.ts';
import { newEntityText } from './entity.ts';

const text = fc.string({ unit: 'binary', maxLength: 20 });
const orNull = fc.option(text, { nil: null });
const moment = fc.integer({ min: 0, max: 4_000_000_000_000 });

const NEW = fc.record({
  id: text,
  createdAt: moment,
  caller: fc.record({ appId: text, tenantId: text, user: orNull }),
  sent: fc.record({
    actionReason: orNull,
    clientContext: orNull,
    name: orNull,
    parameters: fc.array(fc.record({ name: text, value: text }), { maxLength: 3 }),
    vendorInformation: fc.option(
      fc.record({ provider: orNull, providerVersion: orNull, subProvider: orNull, vendor: orNull }),
      { nil: null },
    ),
    extensions: fc.dictionary(fc.stringMatching(/^own\w{0,9}$/), fc.jsonValue(), { maxKeys: 4 }),
  }),
  provider: text,
  action: text,
  target: text,
  verification: fc.constantFrom('readBack' as const, 'accepted' as const),
  simulated: fc.boolean(),
  expiresAt: fc.option(moment, { nil: null }),
});

it('writes a new action as its object would be written, whatever was sent', () => {
  fc.assert(
    fc.property(NEW, (from) => {
      const { id, sent, provider, action, target, verification, simulated } = from;
      const { appId, tenantId, user } = from.caller;
      const created = toDateTime(from.createdAt);
      const { extensions, ...declared } = sent;
      const { actionReason, clientContext, name, parameters, vendorInformation } = declared;
      const entity = {
        ...{ id, actionReason, appId, azureTenantId: tenantId, clientContext, completedDateTime: null },
        ...{ createdDateTime: created, lastActionDateTime: created, name, parameters },
        states: [{ appId, status: 'NotStarted', updatedDateTime: created, user }],
        ...{ status: 'NotStarted', user, vendorInformation, ...extensions },
        enforcement: {
          ...{ state: 'pending', provider, action, target, verification, verifiedDateTime: null },
          expirationDateTime: from.expiresAt === null ? null : toDateTime(from.expiresAt),
          ...{ heldByOthers: 0, preexisting: false, simulated, approval: null },
        },
      };
      expect(newEntityText(from)).toBe(JSON.stringify(entity));
    }),
    { numRuns: 500 },
  );
});
