import type { KeyValuePair } from '@interdict/contract';
import type { RecordedBody } from './record.ts';

/** A request to take an action, of right shape; whether it makes sense is decided in this room. */
export interface ActionInput {
  readonly kind: 'request';
  readonly name: string | null;
  readonly actionReason: string | null;
  readonly clientContext: string | null;
  readonly parameters: readonly KeyValuePair[];
  readonly vendorInformation: {
    readonly provider: string | null;
    readonly providerVersion: string | null;
    readonly subProvider: string | null;
    readonly vendor: string | null;
  } | null;
  /** RFC 3339; null: at once. */
  readonly scheduledDateTime: string | null;
  readonly ttl: string | null;
  readonly expirationDateTime: string | null;
  readonly extensions: Readonly<Record<string, unknown>>;
}

/** An action that was taken elsewhere, to be kept as it was sent. */
export interface RecordInput {
  readonly kind: 'record';
  readonly body: RecordedBody;
}

export type CreateInput = ActionInput | RecordInput;

/** A key under which a request may be repeated. */
export interface RepeatKey {
  readonly kind: 'key';
  /** SHA-256 over tenant, app, method, path and key. */
  readonly hash: string;
  /** SHA-256 over the parsed body: white space and order do not matter. */
  readonly fingerprint: string;
}

/** A request without a key: known for two minutes by who asks for what. */
export interface KeylessRequest {
  readonly kind: 'keyless';
  /** Over tenant, app, method, path and parsed body. */
  readonly hash: string;
  /** Its client says that it has sent it before. */
  readonly isRepeat: boolean;
  /** Milliseconds, UTC, by the store's clock: when its headers were read, and not later. */
  readonly arrivedAt: number;
}

export type Repeatable = RepeatKey | KeylessRequest;
