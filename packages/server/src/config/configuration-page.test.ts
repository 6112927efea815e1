import { readFileSync } from 'node:fs';
import path from 'node:path';
import { CONNECTOR_KINDS } from '@interdict/connectors';
import type { JsonSchema } from '@interdict/contract';
import { Ajv2020 } from 'ajv/dist/2020.js';
import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { blocksOf, codeIn, ROOT, readPage, rowsOf, sectionOf } from '../../../../test/docs/page.ts';
import { publishedSchema, SECRET } from './config-schema.ts';

const PAGE = readPage('docs/configuration.md');
const SCHEMA = publishedSchema(CONNECTOR_KINDS);
const written = JSON.parse(readFileSync(path.join(ROOT, 'docs/interdict.schema.json'), 'utf8')) as JsonSchema;

const isSecret = ({ properties }: JsonSchema): boolean => properties === SECRET.properties;

/** Every setting that a schema knows, as the page writes it: `a.b`, `a[].b`. */
function settingsOf(schema: JsonSchema, place: string): readonly string[] {
  if (isSecret(schema)) return [place];
  const { properties, items, oneOf } = schema as Readonly<Record<string, JsonSchema | undefined>>;
  const lists = (oneOf ?? []) as unknown as readonly JsonSchema[];
  if (lists.length > 0) return lists.flatMap((each) => settingsOf(each, place));
  if (items?.properties !== undefined || items?.oneOf !== undefined) return settingsOf(items, `${place}[]`);
  if (properties === undefined) return [place];
  return Object.entries(properties).flatMap(([name, each]) =>
    settingsOf(each as JsonSchema, place === '' ? name : `${place}.${name}`),
  );
}

/** Settings that a schema says nothing of. */
function silentIn(schema: JsonSchema, place: string): readonly string[] {
  const {
    properties = {},
    items,
    oneOf = [],
    description,
  } = schema as {
    readonly properties?: Readonly<Record<string, JsonSchema>>;
    readonly items?: JsonSchema;
    readonly oneOf?: readonly JsonSchema[];
    readonly description?: string;
  };
  const inner = [
    ...Object.entries(properties),
    ...oneOf.map((each, index): [string, JsonSchema] => [`${index}`, each]),
  ];
  return [
    ...(place === '' || description ? [] : [place]),
    ...inner.flatMap(([name, each]) => silentIn(each, `${place}/${name}`)),
    ...(items?.properties === undefined ? [] : silentIn(items, `${place}[]`)),
    ...(items?.oneOf === undefined ? [] : silentIn({ oneOf: items.oneOf, description: 'any' }, `${place}[]`)),
  ];
}

const keysOf = (...head: readonly string[]): readonly (string | undefined)[] =>
  rowsOf(PAGE, ...head).map(([key]) => codeIn(key));

const examples = blocksOf(PAGE)
  .filter(({ language }) => language === 'yaml')
  .map(({ text, line }): [number, unknown] => [line, parse(text)]);

const validator = new Ajv2020({ strict: true, allowUnionTypes: true, strictRequired: false });

describe('docs/configuration.md', () => {
  it('has every setting that the schema knows, each once, and no other', () => {
    const onPage = [...keysOf('key', 'default', 'meaning'), ...keysOf('key', 'connector')];
    // A key of two connectors has a row for each: the next test counts those.
    expect([...new Set(onPage)].toSorted()).toEqual([...new Set(settingsOf(SCHEMA, ''))].toSorted());
  });

  it('says of each key of a connector alone whose it is', () => {
    const onPage = rowsOf(PAGE, 'key', 'connector').map(([key, connector]) => `${connector} ${codeIn(key)}`);
    const ofAll = keysOf('key', 'default', 'meaning');
    const own = CONNECTOR_KINDS.flatMap(({ name, configSchema }) =>
      Object.keys(configSchema.properties)
        .filter((key) => !ofAll.includes(`providers[].${key}`))
        .map((key) => `${name} providers[].${key}`),
    );
    expect(onPage.toSorted()).toEqual(own.toSorted());
  });

  it('names both ways to a secret, and no other', () => {
    expect(rowsOf(sectionOf(PAGE, 'Secrets'), 'key').map(([key]) => codeIn(key))).toEqual(
      Object.keys(SECRET.properties as object),
    );
  });

  it('has every variable of the environment that is read, and no other', () => {
    const source = readFileSync(path.join(ROOT, 'packages/server/src/config.ts'), 'utf8');
    const read = new Set([...source.matchAll(/'(INTERDICT_[A-Z_]+)'/g)].map(([, name]) => name));
    expect(keysOf('variable').toSorted()).toEqual([...read].toSorted());
  });
});

describe('docs/interdict.schema.json', () => {
  it('is what the code gives; scripts/write-schema.ts writes it anew', () => {
    expect(written).toEqual(JSON.parse(JSON.stringify(SCHEMA)));
  });

  it('is a valid JSON Schema of 2020-12', () => {
    expect(written.$schema).toBe('https://json-schema.org/draft/2020-12/schema');
    expect(validator.validateSchema(written), JSON.stringify(validator.errors)).toBe(true);
  });

  it.each(examples)('takes the example at line %i of the page', (_, example) => {
    const validate = validator.compile(written);
    expect(validate(example), JSON.stringify(validate.errors)).toBe(true);
  });

  it.each<[string, object]>([
    ['an unknown key', { servers: {} }],
    ['an unknown key of a provider', { providers: [{ name: 'x', connector: 'blocklist', url: 'https://a.example' }] }],
    ['a secret in the clear', { providers: [{ name: 'x', connector: 'webhook', url: 'https://a', secret: 's' }] }],
    ['a connector that is none', { providers: [{ name: 'x', connector: 'firewall' }] }],
  ])('refuses %s', (_, example) => {
    expect(validator.validate(written, example)).toBe(false);
  });

  it('describes every setting, so that an editor can', () => {
    expect(silentIn(written, '')).toEqual([]);
  });
});
