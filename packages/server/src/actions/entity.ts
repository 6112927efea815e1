import type {
  Enforcement,
  KeyValuePair,
  OperationStatus,
  ResultInfo,
  SecurityActionState,
  SecurityVendorInformation,
  VerificationLevel,
} from '@interdict/contract';
import { toDateTime } from '../lib/date-time.ts';
import { VERIFIED } from '../store/shown-text.ts';

/** An action as `/beta` gives it, in the documented order of its properties. */
export interface Entity {
  id: string;
  actionReason: string | null;
  appId: string | null;
  azureTenantId: string | null;
  clientContext: string | null;
  completedDateTime: string | null;
  createdDateTime: string;
  errorInfo?: ResultInfo;
  lastActionDateTime: string | null;
  name: string | null;
  parameters: readonly KeyValuePair[];
  states: readonly SecurityActionState[];
  status: OperationStatus;
  user: string | null;
  vendorInformation: SecurityVendorInformation | null;
  enforcement: Enforcement;
}

/** What a new action is made of: the request as sent, and what was understood of it. */
export interface NewEntity {
  readonly id: string;
  readonly createdAt: number;
  readonly caller: { readonly appId: string; readonly tenantId: string; readonly user: string | null };
  readonly sent: {
    readonly actionReason: string | null;
    readonly clientContext: string | null;
    readonly name: string | null;
    readonly parameters: readonly KeyValuePair[];
    readonly vendorInformation: SecurityVendorInformation | null;
    readonly extensions: Readonly<Record<string, unknown>>;
  };
  readonly provider: string;
  readonly action: string;
  readonly target: string;
  readonly verification: VerificationLevel;
  readonly simulated: boolean;
  /** Milliseconds; null or absent: at once. */
  readonly startsAt?: number | null;
  /** Milliseconds; null while a `ttl` waits for its clock. */
  readonly expiresAt: number | null;
}

const quote = (text: string | null): string => (text === null ? 'null' : JSON.stringify(text));

function firstEnforcement(from: NewEntity): string {
  const expires = from.expiresAt === null ? null : toDateTime(from.expiresAt);
  const { startsAt = null } = from;
  const starts = startsAt === null ? '' : `"scheduledDateTime":${quote(toDateTime(startsAt))},`;
  return (
    `{"state":"${startsAt === null ? 'pending' : 'scheduled'}","provider":${quote(from.provider)},"action":${quote(from.action)},"target":${quote(from.target)},` +
    `${starts}"verification":"${from.verification}","verifiedDateTime":null,"expirationDateTime":${quote(expires)},` +
    `"heldByOthers":0,"preexisting":false,"simulated":${from.simulated},"approval":null}`
  );
}

function extensionMembers(extensions: NewEntity['sent']['extensions']): string {
  const text = JSON.stringify(extensions);
  return text === '{}' ? '' : `${text.slice(1, -1)},`;
}

/**
 * The text of an {@link Entity} as it stands at its creation. Extension properties come behind the declared ones. Put
 * together member by member: that takes half the time of making the object first.
 */
export function newEntityText(from: NewEntity): string {
  const created = quote(toDateTime(from.createdAt));
  const { sent } = from;
  const [appId, user] = [quote(from.caller.appId), quote(from.caller.user)];
  return (
    `{"id":${quote(from.id)},"actionReason":${quote(sent.actionReason)},"appId":${appId},` +
    `"azureTenantId":${quote(from.caller.tenantId)},"clientContext":${quote(sent.clientContext)},` +
    `"completedDateTime":null,"createdDateTime":${created},"lastActionDateTime":${created},` +
    `"name":${quote(sent.name)},"parameters":${JSON.stringify(sent.parameters)},` +
    `"states":[{"appId":${appId},"status":"NotStarted","updatedDateTime":${created},"user":${user}}],` +
    `"status":"NotStarted","user":${user},"vendorInformation":${JSON.stringify(sent.vendorInformation)},` +
    `${extensionMembers(sent.extensions)}"enforcement":${firstEnforcement(from)}}`
  );
}

export interface EntityText {
  readonly text: string;
  /** Where `"verifiedDateTime"` stands; {@link ../store/shown-text.ts} begins there. */
  readonly liveOffset: number;
}

/** The entity as text. Nothing that a caller wrote stands behind the offset: `enforcement` is the last property. */
export function entityText(entity: Entity): EntityText {
  const { enforcement, ...rest } = entity;
  const text = JSON.stringify({ ...rest, enforcement });
  return { text, liveOffset: text.lastIndexOf(VERIFIED) };
}
