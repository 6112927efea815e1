/** Only where one of these stands do code units and code points differ in order. */
const BEYOND = /[\ud800-\uffff]/;

/** Texts by code points, as both databases compare bytes of UTF-8: no locale, no case. */
export function compareTexts(one: string, other: string): number {
  if (one === other) return 0;
  if (!BEYOND.test(one) || !BEYOND.test(other)) return one < other ? -1 : 1;
  const length = Math.min(one.length, other.length);
  for (let at = 0; at < length; at += 1) {
    if (one.charCodeAt(at) === other.charCodeAt(at)) continue;
    const [mine, theirs] = [rankOf(one.charCodeAt(at)), rankOf(other.charCodeAt(at))];
    return mine < theirs ? -1 : 1;
  }
  return one.length < other.length ? -1 : 1;
}

/** Halves of surrogate pairs stand for what lies behind all single units. */
const rankOf = (unit: number): number => (unit >= 0xd800 && unit <= 0xdfff ? unit + 0x10000 : unit);
