import { toDateTime } from '../lib/date-time.ts';
import type { DeliveryRow, SubscriptionRow } from '../store/subscription-rows.ts';
import type { ChangeNotice } from './change-notices.ts';
import type { SubscriptionSecrets } from './subscription.ts';

export type LifecycleEvent = 'reauthorizationRequired' | 'missed' | 'subscriptionRemoved';

/** A notice about the subscription itself. */
export interface LifecycleNotice {
  readonly id: string;
  readonly lifecycleEvent: LifecycleEvent;
}

export type Notice = ChangeNotice | LifecycleNotice;

export const noticesOf = ({ notices }: Pick<DeliveryRow, 'notices'>): readonly Notice[] =>
  JSON.parse(notices) as readonly Notice[];

/**
 * The body of one POST in Graph's form, with the secret and the end that the subscription has at this moment.
 * @see https://learn.microsoft.com/graph/api/resources/changenotificationcollection
 */
export function notificationBody(
  tenantId: string,
  row: SubscriptionRow,
  { clientState }: SubscriptionSecrets,
  notices: readonly Notice[],
): string {
  const value = notices.map((notice) => {
    const { id, ...rest } = notice;
    return {
      id,
      subscriptionId: row.id,
      subscriptionExpirationDateTime: toDateTime(row.expires_at),
      clientState,
      ...('changeType' in rest && { changeType: rest.changeType, resource: rest.resource }),
      tenantId,
      ...('changeType' in rest ? { resourceData: rest.resourceData } : { lifecycleEvent: rest.lifecycleEvent }),
    };
  });
  return JSON.stringify({ value });
}
