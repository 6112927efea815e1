import { execFileSync } from 'node:child_process';
import path from 'node:path';
import { describe, expect, it } from 'vitest';

const LOG = path.join(import.meta.dirname, 'log.ts');

/** What a process writes that logs these, as its operator sees it. */
function linesOf(level: string, calls: string): readonly Readonly<Record<string, unknown>>[] {
  const program = `import { createLog } from ${JSON.stringify(LOG)}; const log = createLog('${level}'); ${calls}`;
  const printed = execFileSync(process.execPath, ['--input-type=module', '-e', program], { encoding: 'utf8' });
  return printed
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line) as Readonly<Record<string, unknown>>);
}

const SECRETS = ['authorization', 'password', 'secret', 'token', 'key'];

describe('the log', () => {
  it('is lines of JSON: level by name, time in ISO 8601, nothing of the machine', () => {
    const [line, ...more] = linesOf('info', `log.debug('below'); log.warn({ requestId: 'r' }, 'A sentence.');`);
    expect(more).toEqual([]);
    expect(line).toEqual({
      level: 'warn',
      time: expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/),
      requestId: 'r',
      msg: 'A sentence.',
    });
  });

  it.each(SECRETS)('never shows what stands under "%s", at the top or below it', (name) => {
    const value = `{ ${name}: 'hunter2', kept: 'kept' }`;
    const error = `Object.assign(new Error('It failed.'), ${value})`;
    const lines = linesOf(
      'info',
      `log.info(${value}); log.info({ a: ${value} }); log.info({ a: { b: ${value} } }); log.error({ err: ${error} }, 'x');`,
    );
    expect(lines).toHaveLength(4);
    expect(lines.map((line) => JSON.stringify(line)).filter((line) => line.includes('hunter2'))).toEqual([]);
    for (const line of lines) expect(JSON.stringify(line)).toContain('"kept":"kept"');
  });

  it('says what failed, and where in the code', () => {
    const [line] = linesOf('info', `log.error({ err: new TypeError('It failed.') }, 'x');`);
    expect(line?.err).toMatchObject({
      type: 'TypeError',
      message: 'It failed.',
      stack: expect.stringContaining('at '),
    });
  });
});
