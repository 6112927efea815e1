import { spawnSync } from 'node:child_process';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { requirement } from '../requirement.ts';
import { startServer, type TestServer } from '../server.ts';

/** The lines that a start prints, as somebody would paste them. */
const printedLines = (server: TestServer): string => server.output().split('one after the other:\n')[1] ?? '';

describe.skipIf(!requirement('curl').ok)('the lines that a start prints', () => {
  let server: TestServer;

  beforeAll(async () => {
    server = await startServer();
  });
  afterAll(() => server.discard());

  const paste = (shell: string): { readonly out: string; readonly err: string } => {
    const { stdout, stderr } = spawnSync(shell, ['-s'], {
      cwd: server.data,
      input: printedLines(server),
      encoding: 'utf8',
      env: { PATH: process.env.PATH },
      timeout: 60_000,
    });
    return { out: stdout, err: stderr };
  };

  it.each(['sh', 'bash'])('work as pasted in %s, again and again', (shell) => {
    for (let time = 0; time < 5; time += 1) {
      const { out, err } = paste(shell);
      expect(err).toBe('');
      expect(out.split('\n').filter(Boolean)).toEqual([
        expect.stringMatching(/^(NotStarted|Running), pending$/),
        '203.0.113.9',
        'Completed, inForce',
        'Completed, released',
      ]);
    }
  });

  it('use curl and sed alone, and show no secret', () => {
    const programs = printedLines(server)
      .split('\n')
      .filter((line) => line.trim() !== '' && !line.trim().startsWith('#'))
      .flatMap((line) => line.replace(/^\s*id=\$\(/, '').split('|'))
      .map((part) => part.trim().split(' ')[0]);
    expect(new Set(programs)).toEqual(new Set(['sed', 'curl']));
    expect(server.output()).not.toContain(server.token());
    expect(server.output()).not.toContain(server.feedKey());
  });

  it('say where the API, the data and the token are', () => {
    expect(server.output()).toContain(`${server.url}/beta`);
    expect(server.output()).toContain(`${server.tlsUrl}/beta`);
    expect(server.output()).toMatch(/Token\s+\.\/token/);
  });
});
