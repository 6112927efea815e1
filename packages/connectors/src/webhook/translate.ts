import { targetText } from '@interdict/contract';
import type { Call } from '../connector.ts';

export type WebhookVerb = 'apply' | 'release' | 'verify';

/** The body of one POST, as JSON text. */
export function toBody(verb: WebhookVerb, call: Call, now: Date): string {
  const { request } = call;
  return JSON.stringify({
    type: `securityAction.${verb}`,
    timestamp: now.toISOString(),
    data: {
      operationId: call.operationId,
      attempt: call.attempt,
      actionId: request.actionId,
      tenantId: call.tenantId,
      name: call.action,
      target: targetText(call.target),
      parameters: request.parameters,
      reason: request.reason,
      expirationDateTime: call.expirationDateTime,
    },
  });
}
