import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { readConfigFile } from './config-file.ts';
import { BUILT_IN, loadConnectorKinds } from './connector-kinds.ts';

const OWN = `export const connector = {
  name: 'own',
  configSchema: { type: 'object', properties: { colour: { type: 'string', description: 'Its colour.' } } },
  secretKeys: [],
  open: () => ({}),
};
`;

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(path.join(os.tmpdir(), 'interdict-test-kinds-'));
});
afterEach(() => rmSync(folder, { recursive: true }));

function write(name: string, text: string): string {
  const file = path.join(folder, name);
  writeFileSync(file, text);
  return file;
}

const configOf = (connector: string, more = ''): string =>
  write('interdict.yaml', `providers:\n  - name: one\n    connector: ${connector}\n${more}`);

describe('a connector of the operator’s own', () => {
  it('is named by the path of its module, and its settings are checked', async () => {
    write('own.ts', OWN.replace('export const connector', 'export const connector: object'));
    const file = configOf('./own.ts', '    colour: red\n');
    const kinds = await loadConnectorKinds(file);
    expect(kinds.get('./own.ts')?.name).toBe('own');
    expect(kinds.size).toBe(BUILT_IN.size + 1);
    expect(readConfigFile(file, kinds).value).toMatchObject({ providers: [{ colour: 'red' }] });
    const wrong = configOf('./own.ts', '    color: red\n');
    expect(() => readConfigFile(wrong, kinds)).toThrow(/:4: "color" is no setting .*colour/);
  });

  it.each([
    ['', 'exports no "connector"'],
    [OWN.replace("'own'", "'nftables'"), 'is named "nftables" as a built-in connector is'],
    [OWN.replace("'own'", "'Not a name'"), 'has a name that is no word'],
    [OWN.replace('open:', 'opens:'), 'has no function open'],
    [OWN.replace('properties:', 'attributes:'), 'has no configSchema with properties'],
    ['export const connector = ;', 'cannot be loaded: '],
    ["import './missing.mjs';", 'cannot be loaded: Cannot find module'],
  ])('is refused with file, line and what is wrong: %j', async (text, words) => {
    write('own.mjs', text);
    await expect(loadConnectorKinds(configOf('./own.mjs'))).rejects.toThrow(words);
    await expect(loadConnectorKinds(configOf('./own.mjs'))).rejects.toThrow(/interdict\.yaml:3: The module \//);
  });

  it('is not needed by a command beside the server', () => {
    expect(readConfigFile(configOf('./missing.mjs'), BUILT_IN).value).toMatchObject({ providers: [{ name: 'one' }] });
  });
});
