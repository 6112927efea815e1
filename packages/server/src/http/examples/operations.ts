import { OF_AGENT_WORK } from './agent-work.ts';
import { OF_CATALOGUE } from './catalogue.ts';
import { OF_DISPATCH } from './dispatch.ts';
import type { OperationExamples } from './example.ts';
import { OF_SECURITY_ACTIONS } from './security-actions.ts';
import { OF_SERVER } from './server.ts';
import { OF_SUBSCRIPTIONS } from './subscriptions.ts';

/** By `operationId`, which is the name of the handler. */
export const OPERATION_EXAMPLES: Readonly<Record<string, OperationExamples>> = {
  ...OF_SECURITY_ACTIONS,
  ...OF_CATALOGUE,
  ...OF_DISPATCH,
  ...OF_AGENT_WORK,
  ...OF_SUBSCRIPTIONS,
  ...OF_SERVER,
};
