import type { Openc2Config } from './config.ts';
import type { Command } from './translate.ts';

/** One consumer's response to a command. */
export interface Reply {
  /** Empty where it does not say. */
  readonly from: string;
  readonly status: number;
  readonly text: string;
  readonly results: Readonly<Record<string, unknown>>;
  readonly requestId: string | undefined;
}

/** The message as JSON text: strict consumers reject any key that the standard does not have. */
export function toMessageText({ id, action, target, args }: Command, config: Openc2Config, now: Date): string {
  const isQuery = action === 'query';
  const request = {
    action,
    target,
    args: { ...(!isQuery && args), response_requested: 'complete' },
    ...(!isQuery && { [config.profileIn]: { [config.profile]: {} } }),
    command_id: id,
  };
  const headers = { request_id: id, created: now.getTime(), from: config.from };
  return JSON.stringify({ headers, body: { openc2: { request } } });
}

type Json = Readonly<Record<string, unknown>>;
export const isObject = (value: unknown): value is Json =>
  typeof value === 'object' && value !== null && !Array.isArray(value);
const within = (value: unknown, key: string): unknown => (isObject(value) ? value[key] : undefined);

function parseJson(body: Buffer): unknown {
  try {
    return JSON.parse(body.toString('utf8'));
  } catch {
    return undefined;
  }
}

/** Undefined where it is no response of OpenC2. */
export function parseReply(body: Buffer): Reply | undefined {
  const message = parseJson(body);
  const response = within(within(within(message, 'body'), 'openc2'), 'response');
  if (!isObject(response)) return undefined;
  const { status, status_text: text, results } = response;
  if (!Number.isInteger(status)) return undefined;
  const headers = within(message, 'headers');
  const [from, requestId] = [within(headers, 'from'), within(headers, 'request_id')];
  return {
    from: typeof from === 'string' ? from : '',
    status: status as number,
    text: typeof text === 'string' ? text : '',
    results: isObject(results) ? results : {},
    requestId: typeof requestId === 'string' ? requestId : undefined,
  };
}

/** What came of one command. `ours`: our access or configuration is to blame. */
export type Heard =
  | { readonly kind: 'answered'; readonly replies: readonly Reply[]; readonly retryAfterMs?: number | undefined }
  | {
      readonly kind: 'unsent' | 'broken';
      readonly message: string;
      readonly ours?: boolean;
      readonly subcode?: number;
      readonly retryAfterMs?: number | undefined;
    };

/** How commands reach consumers. */
export interface Transfer {
  /** To all consumers, or to the one of this name. Resolves with one final reply of each. */
  ask(command: Command, signal: AbortSignal, to?: string): Promise<Heard>;
  close(): Promise<void>;
}
