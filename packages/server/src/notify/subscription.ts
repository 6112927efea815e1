import { toDateTime } from '../lib/date-time.ts';
import type { SubscriptionRow } from '../store/subscription-rows.ts';

export const CHANGE_TYPES = ['created', 'updated', 'deleted'] as const;
export type ChangeType = (typeof CHANGE_TYPES)[number];

/** What an application asked for, as it is stored: everything but the secrets. */
export interface SubscriptionContent {
  /** As sent. */
  readonly resource: string;
  /** The one action that is watched; null: all of them. */
  readonly actionId: string | null;
  /** Text of the `$filter`. */
  readonly filter: string | null;
  /** As sent. */
  readonly changeType: string;
  readonly changeTypes: readonly ChangeType[];
  readonly notificationUrl: string;
  readonly lifecycleNotificationUrl: string | null;
  readonly latestSupportedTlsVersion: string;
  readonly creatorId: string;
}

/** What is sealed under the install key. */
export interface SubscriptionSecrets {
  readonly clientState: string | null;
  /** `whsec_…`, as Standard Webhooks have it. */
  readonly signingSecret: string;
}

export const contentOf = ({ content }: Pick<SubscriptionRow, 'content'>): SubscriptionContent =>
  JSON.parse(content) as SubscriptionContent;

export const isLive = ({ is_removed, expires_at }: SubscriptionRow, now: number): boolean =>
  is_removed === 0 && expires_at > now;

/** Graph's members in Graph's order. The secrets are shown once, in the answer to the create. */
export function toWire(row: SubscriptionRow, secrets?: SubscriptionSecrets): Readonly<Record<string, unknown>> {
  const content = contentOf(row);
  return {
    id: row.id,
    resource: content.resource,
    applicationId: row.app_id,
    changeType: content.changeType,
    clientState: secrets?.clientState ?? null,
    notificationUrl: content.notificationUrl,
    notificationQueryOptions: null,
    lifecycleNotificationUrl: content.lifecycleNotificationUrl,
    expirationDateTime: toDateTime(row.expires_at),
    creatorId: content.creatorId,
    includeResourceData: false,
    latestSupportedTlsVersion: content.latestSupportedTlsVersion,
    encryptionCertificate: null,
    encryptionCertificateId: null,
    notificationUrlAppId: null,
    notificationContentType: 'application/json',
    ...(secrets && { signingSecret: secrets.signingSecret }),
  };
}

const MINUTE_MS = 60_000;
const DAY_MS = 86_400_000;

/** A tenth of the term before its end, at least a minute and at most a day; null where nobody could be told. */
export function reauthorizeAt(content: SubscriptionContent, now: number, expiresAt: number): number | null {
  if (content.lifecycleNotificationUrl === null) return null;
  return Math.round(expiresAt - Math.max(MINUTE_MS, Math.min(DAY_MS, (expiresAt - now) / 10)));
}
