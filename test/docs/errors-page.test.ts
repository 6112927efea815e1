import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { ERRORS, RESULT_CODES } from '@interdict/contract';
import { describe, expect, it } from 'vitest';
import { codeIn, ROOT, readPage, rowsOf, sectionOf } from './page.ts';

const PAGE = readPage('docs/errors.md');
const ROWS = rowsOf(sectionOf(PAGE, 'Codes'), 'status', '`error.code`').map(
  ([status = '', code, inner, when = '', what = '']) => ({
    line: [status, codeIn(code), codeIn(inner) ?? ''].join(' '),
    code: codeIn(code) ?? '',
    inner: codeIn(inner) ?? '',
    when,
    what,
    isSent: !when.startsWith('Not sent by this version'),
  }),
);

/** What the server is made of, without its tests. */
const SOURCE = readdirSync(path.join(ROOT, 'packages/server/src'), { recursive: true, encoding: 'utf8' })
  .filter((file) => file.endsWith('.ts') && !file.endsWith('.test.ts') && !file.split(path.sep).includes('testing'))
  .map((file) => readFileSync(path.join(ROOT, 'packages/server/src', file), 'utf8'))
  .join('\n');

const isWritten = (literal: string): boolean => literal === '' || SOURCE.includes(`'${literal}'`);

describe('docs/errors.md', () => {
  it('names exactly the codes, statuses and inner codes of the contract, each once', () => {
    const wanted = Object.entries(ERRORS).flatMap(([code, { status, inner }]) =>
      (inner.length > 0 ? inner : ['']).map((each) => [status, code, each].join(' ')),
    );
    expect(ROWS.map(({ line }) => line)).toEqual(wanted);
  });

  it('says of each code that the server sends when it comes and what to do', () => {
    const silent = ROWS.filter(({ isSent, when, what }) => isSent && (when.length < 15 || what.length < 8));
    expect(silent.map(({ line }) => line)).toEqual([]);
  });

  it('says of exactly those codes that they are not sent which the server nowhere names', () => {
    const unwritten = ROWS.filter(({ code, inner }) => !isWritten(code) || !isWritten(inner));
    expect(ROWS.filter(({ isSent }) => !isSent)).toEqual(unwritten);
  });

  const failures = rowsOf(sectionOf(PAGE, 'Why an action failed'), 'code', 'name');

  it('names exactly the codes of errorInfo', () => {
    const wanted = Object.entries(RESULT_CODES).map(([name, code]) => [String(code), name]);
    expect(failures.map(([code, name]) => [code, codeIn(name)])).toEqual(wanted);
  });

  it('says of exactly those codes of errorInfo that they are not sent which the server nowhere names', () => {
    const unwritten = Object.keys(RESULT_CODES).filter((name) => !SOURCE.includes(`RESULT_CODES.${name}`));
    const unsent = failures.filter(([, , means]) => means?.startsWith('Not sent by this version'));
    expect(unsent.map(([, name]) => codeIn(name))).toEqual(unwritten);
  });
});
