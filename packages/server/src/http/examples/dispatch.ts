import { jsonAnswer, type OperationExamples } from './example.ts';
import { APP, COMPLETED, CONTEXT } from './values.ts';

export const OF_DISPATCH: Readonly<Record<string, OperationExamples>> = {
  stopDispatch: {
    requests: {
      all: { summary: 'At all providers', value: { reason: 'The detection rule 7 goes wild' } },
      one: { summary: 'At one', value: { provider: 'blocklist', reason: 'Maintenance of the firewalls' } },
    },
  },
  resumeDispatch: { requests: { all: { value: { reason: 'Rule 7 is mended' } } } },
  getDispatchState: jsonAnswer({
    '@odata.context': `${CONTEXT}#Collection(interdict.dispatchPause)`,
    value: [
      {
        provider: null,
        state: 'stopped',
        reason: 'The detection rule 7 goes wild',
        since: COMPLETED,
        by: { appId: APP, user: null },
      },
    ],
  }),
};
