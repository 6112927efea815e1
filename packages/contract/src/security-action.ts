import type { Enforcement } from './enforcement.ts';

/** Graph's closed enumeration: SDKs break on a fifth value. Order is the numeric value in the metadata. */
export const OPERATION_STATUSES = ['NotStarted', 'Running', 'Completed', 'Failed'] as const;
export type OperationStatus = (typeof OPERATION_STATUSES)[number];

/** One input of an action. Graph gives every value as text. */
export interface KeyValuePair {
  readonly name: string;
  readonly value: string;
}

/** Why an action failed. `code` is one of {@link RESULT_CODES}; `subcode` is the provider's own number, or 0. */
export interface ResultInfo {
  readonly code: number;
  readonly message: string;
  readonly subcode: number;
}

/** One change of `status`: who or what made it, and when. */
export interface SecurityActionState {
  readonly appId: string | null;
  readonly status: OperationStatus;
  /** UTC, seven fraction digits, strictly later than the state before. */
  readonly updatedDateTime: string;
  readonly user: string | null;
}

/** The product that carries the action out: `provider` names it, `vendor` may narrow it. */
export interface SecurityVendorInformation {
  readonly provider: string | null;
  readonly providerVersion: string | null;
  readonly subProvider: string | null;
  readonly vendor: string | null;
}

/**
 * A securityAction as `/beta` and `/v1.0` give it: every declared property, in the documented order,
 * then extension properties, then `enforcement`. `errorInfo` is there only while `status` is Failed.
 *
 * @see https://learn.microsoft.com/graph/api/resources/securityaction
 */
export interface SecurityAction {
  readonly id: string;
  readonly actionReason: string | null;
  readonly appId: string | null;
  readonly azureTenantId: string | null;
  readonly clientContext: string | null;
  readonly completedDateTime: string | null;
  readonly createdDateTime: string;
  readonly errorInfo?: ResultInfo;
  readonly lastActionDateTime: string | null;
  readonly name: string | null;
  readonly parameters: readonly KeyValuePair[];
  readonly states: readonly SecurityActionState[];
  readonly status: OperationStatus | null;
  readonly user: string | null;
  readonly vendorInformation: SecurityVendorInformation | null;
  readonly enforcement: Enforcement | RecordedElsewhere;
}

/** `enforcement` of a record: an action that was taken elsewhere and is only kept here. */
export interface RecordedElsewhere {
  readonly state: 'none';
  readonly recordedBy: { readonly appId: string; readonly user: string | null; readonly dateTime: string };
}

/** The closed list behind `errorInfo.code`. It only grows. */
export const RESULT_CODES = {
  cancelled: 1,
  expiredBeforeStart: 2,
  denied: 3,
  approvalExpired: 4,
  protectedTarget: 5,
  refusedByProvider: 6,
  providerUnavailable: 7,
  unresolved: 8,
  poisoned: 9,
  notVerified: 10,
} as const;
export type ResultCode = (typeof RESULT_CODES)[keyof typeof RESULT_CODES];

/** The properties that Graph declares, in the documented order. */
export const SECURITY_ACTION_PROPERTIES: readonly string[] = [
  'id',
  'actionReason',
  'appId',
  'azureTenantId',
  'clientContext',
  'completedDateTime',
  'createdDateTime',
  'errorInfo',
  'lastActionDateTime',
  'name',
  'parameters',
  'states',
  'status',
  'user',
  'vendorInformation',
];

/** Members of its complex properties, which are closed types, in the documented order. By the property that holds them. */
export const COMPLEX_MEMBERS = {
  errorInfo: ['code', 'subcode', 'message'],
  parameters: ['name', 'value'],
  states: ['appId', 'status', 'updatedDateTime', 'user'],
  vendorInformation: ['provider', 'providerVersion', 'subProvider', 'vendor'],
} as const satisfies Readonly<Record<string, readonly string[]>>;
