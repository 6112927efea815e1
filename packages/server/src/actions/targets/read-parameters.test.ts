import { type JsonSchema, type OfferedAction, type TargetKind, VOCABULARY } from '@interdict/contract';
import { Ajv2020 } from 'ajv/dist/2020.js';
import { describe, expect, it } from 'vitest';
import { Refusal } from '../../errors.ts';
import { canonicalActionName } from './action-names.ts';
import { exampleOf, parameterSchemaOf } from './catalogue-row.ts';
import { readParameters } from './read-parameters.ts';

function anOffer(
  name: string,
  targetKinds: readonly TargetKind[],
  parameters: Record<string, JsonSchema> = {},
): OfferedAction {
  const { d3fend = null, openC2 = null } = VOCABULARY[name] ?? {};
  return {
    name,
    targetKind: targetKinds,
    parameterSchema: parameterSchemaOf({ name, targetKinds, parameters }),
    reversible: true,
    verification: 'readBack',
    lateness: 'PT30S',
    defaultTtl: 'PT24H',
    maxTtl: 'P365D',
    approval: 0,
    openC2,
    d3fend,
    example: {},
  };
}

const ZONE: JsonSchema = { type: 'string', enum: ['inside', 'outside'] };
const OFFERED: readonly OfferedAction[] = [
  anOffer('BlockIp', ['ip', 'cidr'], { zone: ZONE }),
  anOffer('BlockDomain', ['domain']),
  anOffer('BlockUrl', ['url']),
  anOffer('BlockFile', ['sha256', 'md5']),
  anOffer('Sinkhole', ['ip', 'domain']),
];

const pairs = (given: Record<string, unknown>): unknown =>
  Object.entries(given).map(([name, value]) => ({ name, value }));

const read = (name: unknown, parameters: unknown) => readParameters({ name, parameters }, OFFERED);

function refusalOf(run: () => unknown): Refusal {
  try {
    run();
  } catch (error) {
    if (error instanceof Refusal) return error;
    throw error;
  }
  throw new Error('nothing was refused');
}

describe('readParameters', () => {
  it('reads names in any letter case, and keeps what is passed on under canonical names, in order', () => {
    const parameters = pairs({ COMMENT: 'x', ip: '203.0.113.9', TTL: 'PT1H', Zone: 'inside', alertid: '7' });
    expect(read('blockip', parameters)).toEqual({
      action: 'BlockIp',
      target: { kind: 'ip', value: '203.0.113.9' },
      ttl: 'PT1H',
      passedOn: [
        { name: 'comment', value: 'x' },
        { name: 'zone', value: 'inside' },
        { name: 'AlertId', value: '7' },
      ],
      paths: { target: 'parameters/1/value', ttl: 'parameters/2/value' },
    });
  });

  it("understands the spelling of Microsoft's own sample", () => {
    const targets = {
      destinationAddress: '203.0.113.9',
      destinationDomain: 'Evil.example',
      destinationUrl: 'http://evil.example',
    };
    const read3 = Object.entries(targets).map(([targetName, targetValue]) =>
      read('Block', pairs({ AlertId: '7', targetName, targetValue })),
    );
    expect(read3.map(({ action, target }) => [action, target.value])).toEqual([
      ['BlockIp', '203.0.113.9'],
      ['BlockDomain', 'evil.example'],
      ['BlockUrl', 'http://evil.example/'],
    ]);
    expect(read3[0]?.paths).toEqual({ target: 'parameters/2/value' });
    expect(read3[0]?.passedOn).toEqual([{ name: 'AlertId', value: '7' }]);
  });

  it.each([
    ['IP', '203.0.113.9'],
    ['ipAddress', '203.0.113.0/24'],
    ['destinationAddress', '203.0.113.9'],
  ])('takes the target of BlockIp under %s', (name, value) => {
    expect(read('BlockIp', pairs({ [name]: value })).target.value).toBe(value);
  });

  it("takes the target of a connector's own action under the names of its kinds", () => {
    expect(read('sinkhole', pairs({ domainName: 'evil.example' })).target.kind).toBe('domain');
    expect(read('sinkhole', pairs({ IP: '203.0.113.9' })).target.kind).toBe('ip');
    expect(refusalOf(() => read('Sinkhole', pairs({ IP: '203.0.113.9', Domain: 'evil.example' }))).inner).toBe(
      'invalidParameter',
    );
  });

  const md5 = 'd41d8cd98f00b204e9800998ecf8427f';
  const refused: [string, unknown, unknown, string, string, string][] = [
    ['no name', null, [], 'missingProperty', 'name', 'must name an action'],
    ['an empty name', '', [], 'missingProperty', 'name', 'must name an action'],
    ['a mistyped action', 'BlokIp', [], 'unknownAction', 'name', 'Did you mean "BlockIp"?'],
    ['an unknown action', 'xyzzy', [], 'unknownAction', 'name', 'There are BlockIp'],
    ['an action of Object', 'constructor', [], 'unknownAction', 'name', 'no action "constructor"'],
    ['Allow', 'Allow', pairs({ IP: '203.0.113.9' }), 'unknownAction', 'name', 'cancel the block instead'],
    ['UnblockIp', 'unblockip', [], 'unknownAction', 'name', 'cancel the block instead'],
    ['EnableUser', 'EnableUser', [], 'unknownAction', 'name', 'cancel the block instead'],
    [
      'an action that the provider lacks',
      'IsolateHost',
      pairs({ Host: 'x' }),
      'unknownAction',
      'name',
      'it offers BlockIp, BlockDomain',
    ],
    [
      'no parameters',
      'BlockIp',
      undefined,
      'missingParameter',
      'parameters',
      '"IP" (or "ipAddress", "destinationAddress")',
    ],
    ['parameters that are no list', 'BlockIp', { IP: '1.2.3.4' }, 'invalidProperty', 'parameters', 'must be a list'],
    ['a parameter that is no object', 'BlockIp', [null], 'invalidParameter', 'parameters/0', 'must be an object'],
    ['a parameter without name', 'BlockIp', [{ value: 'x' }], 'invalidParameter', 'parameters/0/name', 'must be text'],
    ['a null value', 'BlockIp', pairs({ IP: null }), 'invalidParameter', 'parameters/0/value', 'must be text'],
    [
      'a null comment',
      'BlockIp',
      pairs({ IP: '1.2.3.4', comment: null }),
      'invalidParameter',
      'parameters/1/value',
      'must be text',
    ],
    ['a number', 'BlockIp', pairs({ IP: 5 }), 'invalidParameter', 'parameters/0/value', 'must be text'],
    [
      'an inherited name',
      'BlockIp',
      [Object.create({ name: 'IP', value: '1.2.3.4' })],
      'invalidParameter',
      'parameters/0/name',
      'must be text',
    ],
    [
      'two spellings of the target',
      'BlockIp',
      pairs({ IP: '1.2.3.4', ipAddress: '1.2.3.4' }),
      'invalidParameter',
      'parameters/1/name',
      'One action has one target',
    ],
    [
      'one name twice',
      'BlockIp',
      pairs({ IP: '1.2.3.4', ip: '1.2.3.4' }),
      'invalidParameter',
      'parameters/1/name',
      'given twice',
    ],
    [
      'a comment twice',
      'BlockIp',
      pairs({ comment: '', IP: '1.2.3.4', Comment: '' }),
      'invalidParameter',
      'parameters/2/name',
      'given twice',
    ],
    [
      'a mistyped parameter',
      'BlockIp',
      pairs({ IP: '1.2.3.4', coment: 'x' }),
      'unknownParameter',
      'parameters/1/name',
      'Did you mean "comment"?',
    ],
    [
      'an unknown parameter',
      'BlockIp',
      pairs({ IP: '1.2.3.4', dryRun: 'true' }),
      'unknownParameter',
      'parameters/1/name',
      'It takes IP',
    ],
    [
      '__proto__',
      'BlockIp',
      [
        { name: 'IP', value: '1.2.3.4' },
        { name: '__proto__', value: 'x' },
      ],
      'unknownParameter',
      'parameters/1/name',
      'no parameter "__proto__"',
    ],
    [
      'targetName outside Block',
      'BlockIp',
      pairs({ targetName: 'destinationAddress', targetValue: '1.2.3.4' }),
      'unknownParameter',
      'parameters/0/name',
      'no parameter "targetName"',
    ],
    [
      "another action's target",
      'BlockDomain',
      pairs({ IP: '1.2.3.4' }),
      'unknownParameter',
      'parameters/0/name',
      'no parameter "IP"',
    ],
    [
      "another action's own parameter",
      'BlockDomain',
      pairs({ Domain: 'evil.example', zone: 'inside' }),
      'unknownParameter',
      'parameters/1/name',
      'no parameter "zone"',
    ],
    [
      'a hash under the wrong name',
      'BlockFile',
      pairs({ sha256: md5 }),
      'invalidParameter',
      'parameters/0/value',
      'a md5 hash',
    ],
    [
      'a hash that the provider does not take',
      'BlockFile',
      pairs({ FileHash: 'a'.repeat(40) }),
      'invalidParameter',
      'parameters/0/value',
      'takes sha256 or md5',
    ],
    [
      'the name of an algorithm that the provider does not take',
      'BlockFile',
      pairs({ sha1: 'a'.repeat(40) }),
      'unknownParameter',
      'parameters/0/name',
      'It takes FileHash, sha256, md5',
    ],
    [
      "an own parameter against the connector's schema",
      'BlockIp',
      pairs({ IP: '1.2.3.4', zone: 'x' }),
      'invalidParameter',
      'parameters/1/value',
      'inside, outside',
    ],
    [
      'a line feed in a comment',
      'BlockIp',
      pairs({ IP: '1.2.3.4', comment: 'a\nb' }),
      'invalidParameter',
      'parameters/1/value',
      'U+000A',
    ],
    [
      'a bidirectional control in a comment',
      'BlockIp',
      pairs({ IP: '1.2.3.4', comment: 'a\u202eb' }),
      'invalidParameter',
      'parameters/1/value',
      'U+202E',
    ],
    ['NUL in a name', 'BlockIp', pairs({ 'IP\0': '1.2.3.4' }), 'invalidParameter', 'parameters/0/name', 'U+0000'],
    [
      'a value of 4,097 characters',
      'BlockIp',
      pairs({ IP: '1.2.3.4', comment: 'x'.repeat(4_097) }),
      'limitExceeded',
      'parameters/1/value',
      '4096',
    ],
    [
      '65 parameters',
      'BlockIp',
      Array.from({ length: 65 }, (_, index) => ({ name: `p${index}`, value: '' })),
      'limitExceeded',
      'parameters',
      '64',
    ],
    [
      'a target that has no canonical form',
      'BlockIp',
      pairs({ comment: '', IP: '1.2.3.4/24' }),
      'invalidParameter',
      'parameters/1/value',
      '1.2.3.0/24',
    ],
    [
      'Block of a port',
      'Block',
      pairs({ targetName: 'destinationPort', targetValue: '80' }),
      'invalidParameter',
      'parameters/0/value',
      'destinationPort',
    ],
    [
      'Block without targetName',
      'Block',
      pairs({ targetValue: '1.2.3.4' }),
      'missingParameter',
      'parameters',
      'targetName',
    ],
    [
      'Block without targetValue',
      'Block',
      pairs({ targetName: 'destinationUrl' }),
      'missingParameter',
      'parameters',
      'targetValue',
    ],
    [
      'Block with the target under another name',
      'Block',
      pairs({ targetName: 'destinationAddress', IP: '1.2.3.4' }),
      'missingParameter',
      'parameters',
      'targetValue',
    ],
    [
      'Block with two spellings',
      'Block',
      pairs({ targetName: 'destinationAddress', targetValue: '1.2.3.4', IP: '1.2.3.4' }),
      'invalidParameter',
      'parameters/2/name',
      'One action has one target',
    ],
  ];
  it.each(refused)('refuses %s', (_what, name, parameters, inner, target, words) => {
    const refusal = refusalOf(() => read(name, parameters));
    expect(refusal).toMatchObject({ code: 'badRequest', inner, target });
    expect(refusal.message).toContain(words);
    expect(refusal.message).toMatch(/[.?]$/);
  });

  it('takes 64 parameters and values of 4,096 characters', () => {
    const own = Object.fromEntries(Array.from({ length: 62 }, (_, index) => [`own${index}`, { type: 'string' }]));
    const parameters = pairs({
      IP: '1.2.3.4',
      comment: 'x'.repeat(4_096),
      ...Object.fromEntries(Object.keys(own).map((name) => [name, ''])),
    });
    expect(readParameters({ name: 'BlockIp', parameters }, [anOffer('BlockIp', ['ip'], own)]).passedOn).toHaveLength(
      63,
    );
  });

  it('asks for a parameter that the connector requires', () => {
    const offer = anOffer('BlockIp', ['ip'], { zone: ZONE });
    const strict = { ...offer, parameterSchema: { ...offer.parameterSchema, required: ['IP', 'zone'] } };
    expect(
      refusalOf(() => readParameters({ name: 'BlockIp', parameters: pairs({ IP: '1.2.3.4' }) }, [strict])),
    ).toMatchObject({
      inner: 'missingParameter',
      message: 'The parameter "zone" is missing.',
    });
  });
});

describe('canonicalActionName', () => {
  it('knows the vocabulary before any provider is known, and what providers add', () => {
    expect(canonicalActionName('ISOLATEHOST', [], [])).toBe('IsolateHost');
    expect(canonicalActionName('sinkhole', [], ['Sinkhole'])).toBe('Sinkhole');
    expect(canonicalActionName('BLOCK', pairs({ TargetName: 'DESTINATIONDOMAIN' }), [])).toBe('BlockDomain');
  });

  it('refuses Allow even where a provider offers it', () => {
    expect(refusalOf(() => canonicalActionName('allow', [], ['Allow'])).inner).toBe('unknownAction');
  });
});

describe('parameterSchemaOf and exampleOf', () => {
  it.each(OFFERED.map((offer): [string, OfferedAction] => [offer.name, offer]))(
    'publish an example of %s that works and fits the schema',
    (name, offer) => {
      const example = exampleOf({ name, targetKinds: offer.targetKind }, { name: 'edge', vendor: 'Example' });
      expect(readParameters({ name: example.name, parameters: example.parameters }, OFFERED).action).toBe(name);
      const values = Object.fromEntries(
        (example.parameters as { name: string; value: string }[]).map((each) => [each.name, each.value]),
      );
      const validate = new Ajv2020({ validateFormats: false }).compile(offer.parameterSchema);
      expect(validate({ ...values, ttl: 'PT1H' })).toBe(true);
      expect(validate({ ...values, ttl: '1 hour' })).toBe(false);
      expect(validate({ ...values, dryRun: 'true' })).toBe(false);
      expect(validate({})).toBe(false);
    },
  );

  it.each(['IP', 'ipaddress', 'TTL', 'comment'])('refuse a connector that declares %s anew', (name) => {
    expect(() => parameterSchemaOf({ name: 'BlockIp', targetKinds: ['ip'], parameters: { [name]: {} } })).toThrow(
      'anew',
    );
  });

  it('refuse a connector that declares no kind of target', () => {
    expect(() => parameterSchemaOf({ name: 'BlockIp', targetKinds: ['url'] })).toThrow('no kind of target');
  });
});
