import { globSync } from 'node:fs';
import { CONNECTOR_KINDS } from '@interdict/connectors';
import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { createNamespace } from '../../packages/connectors/src/nftables/testing/namespaces.ts';
import { publishedSchema } from '../../packages/server/src/config/config-schema.ts';
import { requirement } from '../requirement.ts';
import { type ServerOptions, startServer } from '../server.ts';
import { blocksOf, ROOT, readPage } from './page.ts';

interface Configuration {
  readonly page: string;
  readonly line: number;
  readonly text: string;
  readonly providers: readonly { readonly name: string; readonly connector: string }[];
}

const SETTINGS = Object.keys(publishedSchema(CONNECTOR_KINDS).properties as object);

/** A block of YAML whose keys are all settings; a page may show other programs' files too. */
function toConfiguration(page: string, line: number, text: string): readonly Configuration[] {
  const value: unknown = parse(text);
  if (typeof value !== 'object' || value === null) return [];
  if (!Object.keys(value).every((key) => SETTINGS.includes(key))) return [];
  const { providers = [] } = value as { readonly providers?: Configuration['providers'] };
  return [{ page, line, text, providers }];
}

const PAGES = ['README.md', 'docs/**/*.md', 'examples/**/*.md'].flatMap((pattern) => globSync(pattern, { cwd: ROOT }));
const CONFIGURATIONS = PAGES.flatMap((page) =>
  blocksOf(readPage(page))
    .filter(({ language }) => language === 'yaml')
    .flatMap(({ line, text }) => toConfiguration(page, line, text)),
);

/** A secret for each variable that the text names: any text is one, and a key of DNS is base64. */
const secretsFor = (text: string): Record<string, string> =>
  Object.fromEntries(
    [...text.matchAll(/\benv: *(\w+)/g)].map(([, name = '']) => [
      name,
      Buffer.from(`a secret of these tests for ${name}`).toString('base64'),
    ]),
  );

async function startsWith(configuration: Configuration, options: ServerOptions): Promise<void> {
  const { text, providers } = configuration;
  const server = await startServer({ config: text, env: secretsFor(text), ...options });
  try {
    const names = /^ {2}Providers {2}(.+)$/m.exec(server.output())?.[1]?.split(', ');
    if (providers.length > 0) expect(names).toEqual(providers.map(({ name }) => name));
    else expect(names?.[0]).toBe('blocklist');
  } finally {
    await server.discard();
  }
}

describe('a configuration that stands in the documentation starts as it is', () => {
  it('and there are some', () => {
    const pages = new Set(CONFIGURATIONS.map(({ page }) => page));
    expect([...pages]).toEqual(expect.arrayContaining(['docs/configuration.md', 'docs/targets.md']));
    expect(CONFIGURATIONS.length).toBeGreaterThanOrEqual(6);
  });

  it('and every connector is among them', () => {
    const shown = new Set(CONFIGURATIONS.flatMap(({ providers }) => providers.map(({ connector }) => connector)));
    expect([...shown].toSorted()).toEqual(CONNECTOR_KINDS.map(({ name }) => name).toSorted());
  });

  for (const configuration of CONFIGURATIONS) {
    const { page, line, providers } = configuration;
    const filters = providers.some(({ connector }) => connector === 'nftables');
    if (!filters) {
      it(`${page}, line ${line}`, () => startsWith(configuration, {}));
      continue;
    }
    it.skipIf(!requirement('nftables').ok)(`${page}, line ${line}, in a network namespace`, async () => {
      const namespace = createNamespace('docs');
      try {
        await startsWith(configuration, { prefix: namespace.enter });
      } finally {
        namespace.remove();
      }
    });
  }
});
