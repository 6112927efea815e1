/** What a receiver says in the body of its answer. */
export type Said =
  /** The body is empty. */
  | { readonly kind: 'nothing' }
  | {
      readonly kind: 'state';
      readonly state: 'inForce' | 'absent' | 'pending';
      readonly words: string;
      readonly againMs: number | undefined;
    }
  /** No JSON object, or none with a state that we know. `words` where it has a message all the same. */
  | { readonly kind: 'unclear'; readonly words: string };

const STATES = ['inForce', 'absent', 'pending'] as const;
const LEAST_AGAIN_SECONDS = 1;
const MOST_AGAIN_SECONDS = 300;

const decoder = new TextDecoder('utf-8', { fatal: true });

function parseObject(body: Buffer): Readonly<Record<string, unknown>> {
  try {
    const value: unknown = JSON.parse(decoder.decode(body));
    return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : {};
  } catch {
    return {};
  }
}

function toAgainMs(seconds: unknown): number | undefined {
  if (typeof seconds !== 'number' || !Number.isFinite(seconds) || seconds < 0) return undefined;
  return Math.min(Math.max(seconds, LEAST_AGAIN_SECONDS), MOST_AGAIN_SECONDS) * 1000;
}

/** Reads `{"state","message"?,"retryAfterSeconds"?}`. The words are as the receiver wrote them: hostile, it may be. */
export function parseAnswerBody(body: Buffer): Said {
  if (body.length === 0) return { kind: 'nothing' };
  const said = parseObject(body);
  const words = typeof said.message === 'string' ? said.message : '';
  const state = STATES.find((each) => each === said.state);
  if (!state) return { kind: 'unclear', words };
  return { kind: 'state', state, words, againMs: toAgainMs(said.retryAfterSeconds) };
}
