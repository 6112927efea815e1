import { fromDateTime } from '../../lib/date-time.ts';
import type { LeasedCall } from '../call-result.ts';

/** What the id of a lease says: its effect, its fence, and the end that its call tells the product. */
export interface WorkKey {
  readonly enforcementId: string;
  readonly fence: number;
  readonly toldUntil: number;
}

const FORM = /^([0-9a-f-]{36})\.(\d{1,15})\.(\d{1,15})$/;

export const workId = ({ enforcementId, fence, call }: LeasedCall): string =>
  `${enforcementId}.${fence}.${fromDateTime(call.expirationDateTime)}`;

/** Undefined for an id that was never given. */
export function parseWorkId(id: string): WorkKey | undefined {
  const [, enforcementId, fence, toldUntil] = FORM.exec(id) ?? [];
  if (enforcementId === undefined) return undefined;
  return { enforcementId, fence: Number(fence), toldUntil: Number(toldUntil) };
}
