/** Why a text is no acceptable JSON, and where: `path` as in `parameters/0/value`. */
export interface JsonFault {
  readonly kind: 'duplicate' | 'forbidden' | 'tooDeep';
  readonly path: string;
}

/** Names by which a plain object could be turned against the code that handles it. */
const FORBIDDEN = new Set(['__proto__', 'constructor', 'prototype']);

interface Level {
  /** Names seen in this object; undefined for an array. */
  readonly names: Set<string> | undefined;
  /** The member or index that is being read. */
  at: string;
  count: number;
  expectsName: boolean;
}

interface Scan {
  readonly text: string;
  readonly maxDepth: number;
  readonly levels: Level[];
  fault: JsonFault | undefined;
}

const pathOf = (levels: readonly Level[]): string => levels.map(({ at }) => at).join('/');

/** Index behind the closing quote of the text that begins at `start`. */
function endOfString(text: string, start: number): number {
  let at = start + 1;
  for (;;) {
    const quote = text.indexOf('"', at);
    if (quote < 0) return text.length;
    let backslashes = 0;
    while (text[quote - 1 - backslashes] === '\\') backslashes += 1;
    if (backslashes % 2 === 0) return quote + 1;
    at = quote + 1;
  }
}

function nameOf(raw: string): string {
  if (!raw.includes('\\')) return raw.slice(1, -1);
  try {
    return String(JSON.parse(raw));
  } catch {
    return raw;
  }
}

function readName(scan: Scan, level: Level, raw: string): void {
  const name = nameOf(raw);
  level.at = name;
  level.expectsName = false;
  if (FORBIDDEN.has(name)) scan.fault = { kind: 'forbidden', path: pathOf(scan.levels) };
  else if (level.names?.has(name)) scan.fault = { kind: 'duplicate', path: pathOf(scan.levels) };
  level.names?.add(name);
}

function open(scan: Scan, isObject: boolean): void {
  if (scan.levels.length >= scan.maxDepth) scan.fault = { kind: 'tooDeep', path: pathOf(scan.levels) };
  scan.levels.push({
    names: isObject ? new Set() : undefined,
    at: isObject ? '' : '0',
    count: 0,
    expectsName: isObject,
  });
}

function nextMember(level: Level | undefined): void {
  if (!level) return;
  level.count += 1;
  if (level.names) level.expectsName = true;
  else level.at = String(level.count);
}

function readMark(scan: Scan, mark: string): void {
  if (mark === '{' || mark === '[') open(scan, mark === '{');
  else if (mark === '}' || mark === ']') scan.levels.pop();
  else if (mark === ',') nextMember(scan.levels.at(-1));
}

/**
 * Looks for what `JSON.parse` lets through in silence: a name twice in one object (the last would win), names that
 * reach an object's prototype, nesting beyond `maxDepth`. One pass, linear in the text, before anything is parsed.
 *
 * @returns undefined where there is none of it; the text may still be no JSON
 */
export function findJsonFault(text: string, maxDepth: number): JsonFault | undefined {
  const scan: Scan = { text, maxDepth, levels: [], fault: undefined };
  for (let at = 0; at < text.length && scan.fault === undefined; at += 1) {
    const mark = text[at] as string;
    if (mark === '"') {
      const end = endOfString(text, at);
      const level = scan.levels.at(-1);
      if (level?.expectsName) readName(scan, level, text.slice(at, end));
      at = end - 1;
    } else {
      readMark(scan, mark);
    }
  }
  return scan.fault;
}
