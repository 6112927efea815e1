/** Where the examples' server listens: as `npm start` does. */
export const BASE = 'http://localhost:8080/beta';
export const CONTEXT = `${BASE}/$metadata`;
export const ACTION_ID = '01a2182c-69ac-757b-8ccb-000d04e5fdb9';
export const SUBSCRIPTION_ID = '01a2182c-6a51-7790-8a50-725567cbd6c5';
export const DELIVERY_ID = '01a2182c-6adf-71f2-bf9e-b1fdc985e943';

export const APP = '10ca1000-0000-4000-8000-000000000002';
const CREATED = '2026-11-26T14:04:53.5480000Z';
const STARTED = '2026-11-26T14:04:53.6110000Z';
export const COMPLETED = '2026-11-26T14:04:53.6490000Z';
export const ENDS = '2026-11-27T14:04:53.6110000Z';

/** Microsoft Graph's own documented request, to the provider that needs no product. */
export const BLOCK_REQUEST = {
  name: 'BlockIp',
  actionReason: 'Beacon to a known C2 server',
  parameters: [{ name: 'IP', value: '203.0.113.9' }],
  vendorInformation: { provider: 'simulator' },
};

const said = {
  id: ACTION_ID,
  actionReason: BLOCK_REQUEST.actionReason,
  appId: APP,
  azureTenantId: '10ca1000-0000-4000-8000-000000000001',
  clientContext: null,
};
const asked = {
  name: BLOCK_REQUEST.name,
  parameters: BLOCK_REQUEST.parameters,
};
const vendorInformation = { provider: 'simulator', providerVersion: null, subProvider: null, vendor: null };
const enforcement = {
  state: 'pending',
  provider: 'simulator',
  action: 'BlockIp',
  target: 'ip:203.0.113.9',
  verification: 'readBack',
  verifiedDateTime: null as string | null,
  expirationDateTime: null as string | null,
  heldByOthers: 0,
  preexisting: false,
  simulated: true,
  approval: null,
};
const requested = { appId: APP, status: 'NotStarted', updatedDateTime: CREATED, user: null };

/** As it is answered to its create. */
export const NEW_ACTION = {
  ...said,
  completedDateTime: null,
  createdDateTime: CREATED,
  lastActionDateTime: CREATED,
  ...asked,
  states: [requested],
  status: 'NotStarted',
  user: null,
  vendorInformation,
  enforcement,
};

/** The same once it is in force. */
export const ACTION_IN_FORCE = {
  ...said,
  completedDateTime: COMPLETED,
  createdDateTime: CREATED,
  lastActionDateTime: COMPLETED,
  ...asked,
  states: [
    requested,
    { appId: 'interdict', status: 'Running', updatedDateTime: STARTED, user: null },
    { appId: 'interdict', status: 'Completed', updatedDateTime: COMPLETED, user: null },
  ],
  status: 'Completed',
  user: null,
  vendorInformation,
  enforcement: { ...enforcement, state: 'inForce', verifiedDateTime: COMPLETED, expirationDateTime: ENDS },
};

export const ENTITY_CONTEXT = `${CONTEXT}#security/securityActions/$entity`;
export const LIST_CONTEXT = `${CONTEXT}#security/securityActions`;
