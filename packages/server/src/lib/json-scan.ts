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

const BACKSLASH = 92;

/** Index behind the closing quote of the text that begins at `start`. */
export function endOfString(text: string, start: number): number {
  let at = start + 1;
  for (;;) {
    const quote = text.indexOf('"', at);
    if (quote < 0) return text.length;
    let backslashes = 0;
    while (text.charCodeAt(quote - 1 - backslashes) === BACKSLASH) backslashes += 1;
    if (backslashes % 2 === 0) return quote + 1;
    at = quote + 1;
  }
}

/** What a text in quotes stands for; undefined where its escapes are no JSON. */
export function decodeString(raw: string): string | undefined {
  if (!raw.includes('\\')) return raw.slice(1, -1);
  try {
    return String(JSON.parse(raw));
  } catch {
    return undefined;
  }
}

function readName(scan: Scan, level: Level, raw: string): void {
  const name = decodeString(raw) ?? raw;
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

const QUOTE = 34;
export const isSpace = (code: number): boolean => code === 32 || code === 10 || code === 13 || code === 9;

/** At least as many as the objects of a JSON text have names, repeats counted each time: colons behind a quote. */
function countNames(text: string): number {
  let count = 0;
  for (let colon = text.indexOf(':'); colon >= 0; colon = text.indexOf(':', colon + 1)) {
    let before = colon - 1;
    while (isSpace(text.charCodeAt(before))) before -= 1;
    if (text.charCodeAt(before) === QUOTE) count += 1;
  }
  return count;
}

interface Tally {
  members: number;
  hasNumbers: boolean;
  /** A forbidden name, or too deep. */
  hasFault: boolean;
}

function tallyMembers(into: Tally, holder: Readonly<Record<string, unknown>>, levels: number): void {
  for (const name in holder) {
    if (FORBIDDEN.has(name)) into.hasFault = true;
    into.members += 1;
    const member = holder[name];
    if (typeof member !== 'string') tally(into, member, levels);
  }
}

function tally(into: Tally, value: unknown, levels: number): void {
  if (typeof value === 'number') into.hasNumbers = true;
  if (typeof value !== 'object' || value === null || into.hasFault) return;
  if (levels === 0) into.hasFault = true;
  else if (Array.isArray(value)) for (const item of value) tally(into, item, levels - 1);
  else tallyMembers(into, value as Readonly<Record<string, unknown>>, levels - 1);
}

export interface JsonLook {
  /** {@link findJsonFault} would find nothing. False where that has to be asked. */
  readonly isPlain: boolean;
  readonly hasNumbers: boolean;
}

/**
 * The quick way to the verdict of {@link findJsonFault}, for a text that has been parsed: of a name that was there
 * twice only one is left, so the text has more names than the value.
 */
export function lookAtJson(text: string, parsed: unknown, maxDepth: number): JsonLook {
  const seen: Tally = { members: 0, hasNumbers: false, hasFault: false };
  tally(seen, parsed, maxDepth);
  return { isPlain: !seen.hasFault && countNames(text) === seen.members, hasNumbers: seen.hasNumbers };
}

/**
 * Looks for what `JSON.parse` lets through in silence: a name twice in one object (the last would win), names that
 * reach an object's prototype, nesting beyond `maxDepth`. One pass, linear in the text.
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
