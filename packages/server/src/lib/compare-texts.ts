/** Only where one of these stands do code units and code points differ in order. */
const BEYOND = /[\ud800-\uffff]/;
const EACH_BEYOND = /[\ud800-\udbff][\udc00-\udfff]|[\ud800-\uffff]/g;

/** Behind all that comes before them: halves of pairs that stand alone, then the rest of one unit, then pairs. */
function marked(character: string): string {
  if (character.length === 2) return `\ud802${character}`;
  return `${character < '\ue000' ? '\ud800' : '\ud801'}${character}`;
}

/** A text whose units compare as the code points of the given one do. */
export const inCodePoints = (text: string): string => (BEYOND.test(text) ? text.replace(EACH_BEYOND, marked) : text);

/** Texts by code points, as both databases compare bytes of UTF-8: no locale, no case. */
export function compareTexts(one: string, other: string): number {
  if (one === other) return 0;
  if (!BEYOND.test(one) || !BEYOND.test(other)) return one < other ? -1 : 1;
  return inCodePoints(one) < inCodePoints(other) ? -1 : 1;
}
