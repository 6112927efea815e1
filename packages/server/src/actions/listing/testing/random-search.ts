/** The same numbers for the same seed. */
function seeded(seed: number): () => number {
  let state = seed;
  return () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return state / 2 ** 32;
  };
}

export const random = seeded(Number(process.env.INTERDICT_SEARCH_SEED ?? 4));
export const anyOf = <Value>(values: readonly Value[]): Value => values[Math.floor(random() * values.length)] as Value;

const WORDS = [
  'block', 'Beacon', 'C2', 'évil', 'e\u0301vil', 'ΟΔΟΣ', 'straße', '日本語', '𝒜lpha', '𝒜', '½', 'x1', 'or', 'NOT', '٣',
  '203.0.113.9', '203', '0', 'evil.example', 'İstanbul', 'x'.repeat(130), 'x'.repeat(128), `${'y'.repeat(127)}𝒜z`, `${'y'.repeat(126)}𝒜`,
  "o'Brien",
]; // biome-ignore format: a table of words
const SEARCHED = WORDS.filter(({ length }) => length <= 128);
const GLUE = [' ', '  ', ', ', '-', '.', '_', '\u0000', '🚫', '§', '¶', "'", '"', '\\', ' & ', '\n', '\ud800', ':1 '];

const aText = (most: number): string =>
  Array.from({ length: Math.floor(random() * most) }, () => `${anyOf(WORDS)}${anyOf(GLUE)}`).join('');

export const entityOf = ([
  name,
  actionReason,
  clientContext,
  user,
  sent,
  provider,
  target,
]: readonly string[]): string =>
  JSON.stringify({
    name,
    actionReason,
    clientContext,
    user,
    vendorInformation: { provider: sent },
    parameters: [{ name: 'domain', value: 'unseen' }],
    enforcement: { provider, target },
  });

export const someTexts = (): readonly string[] => [
  aText(3),
  aText(8),
  aText(3),
  aText(2),
  aText(2),
  aText(2),
  aText(3),
];

/** Texts at which an index of words reaches its bounds. */
export const LARGE = [
  ['large', 'word '.repeat(819)],
  ['large', Array.from({ length: 2_000 }, (_, index) => index).join(' ')],
  ['large', `${'block '.repeat(300)}ending`],
  ['large', Array.from({ length: 20_000 }, (_, index) => `w${index % 9_000}`).join(' ')],
  ['large', `${'z'.repeat(4_095)}`],
];

export const OF_LARGE = [
  'block',
  'block NOT large',
  '"block ending"',
  '"w7 w8"',
  'large NOT w7',
  '"word word"',
  '1999',
  'z'.repeat(128),
];

export function aQuery(depth: number): string {
  const word = (): string => anyOf(SEARCHED);
  const kind = depth > 3 ? 0 : Math.floor(random() * 7);
  if (kind === 1) return `"${word()} ${word()}"`;
  if (kind === 2) return `NOT ${aQuery(depth + 2)}`;
  if (kind === 3) return `(${aQuery(depth + 1)} OR ${aQuery(depth + 1)})`;
  if (kind === 4) return `(${aQuery(depth + 1)} ${aQuery(depth + 1)})`;
  if (kind === 5) return `(${aQuery(depth + 1)} NOT ${aQuery(depth + 1)})`;
  return `"${word()}"`;
}
