/** Only where one of these stands do code units and code points differ in order. */
const BEYOND = /[\ud800-\uffff]/;

/** Texts by code points, as both databases compare bytes of UTF-8: no locale, no case. */
export function compareTexts(one: string, other: string): number {
  if (one === other) return 0;
  if (!BEYOND.test(one) || !BEYOND.test(other)) return one < other ? -1 : 1;
  const length = Math.min(one.length, other.length);
  for (let at = 0; at < length; at += 1) {
    if (one.charCodeAt(at) === other.charCodeAt(at)) continue;
    // Behind the first half of a pair only one of the two may have the other half: then they differ there already.
    const compared = at > 0 ? pointAt(one, at - 1) - pointAt(other, at - 1) : 0;
    return compared || pointAt(one, at) - pointAt(other, at);
  }
  return one.length < other.length ? -1 : 1;
}

const pointAt = (text: string, at: number): number => text.codePointAt(at) ?? 0;
