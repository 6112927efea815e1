import type { PlainAnswer } from './plain-http.ts';
import { type Refused, refusalFaults } from './refusal.ts';
import type { Json } from './server.ts';

/** One answer of a batch. */
export interface ItemReply {
  readonly id: string;
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body?: Json | string;
}

export const repliesOf = ({
  status,
  json,
  body,
}: Pick<PlainAnswer, 'status' | 'json' | 'body'>): readonly ItemReply[] => {
  if (status !== 200) throw new Error(`The batch was answered ${status}: ${body}`);
  return json.responses as unknown as readonly ItemReply[];
};

/** As {@link refusalFaults}, of one answer in a batch: what stands once on the batch's own answer is taken from there. */
export function itemFaults(reply: ItemReply | undefined, refused: Refused): string[] {
  if (!reply) return ['there is no answer'];
  const lower = Object.entries(reply.headers).map(([name, value]) => [name.toLowerCase(), value] as const);
  const wrongType = lower.filter(([, value]) => typeof value !== 'string').map(([name]) => `${name} is no text`);
  const headers = { 'x-content-type-options': 'nosniff', date: new Date().toUTCString(), ...Object.fromEntries(lower) };
  const answer = { status: reply.status, headers, body: JSON.stringify(reply.body) ?? '' };
  return [...wrongType, ...refusalFaults(answer, refused)];
}
