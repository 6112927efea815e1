import { COMMON_PARAMETERS, type JsonSchema, type TargetKind, VOCABULARY } from '@interdict/contract';
import { LONGEST_VALUE } from './parse-target.ts';
import { listTargetParameters, listTargetSpellings } from './target-spellings.ts';

/** An action as its connector declares it. */
export interface DeclaredAction {
  readonly name: string;
  readonly targetKinds: readonly TargetKind[];
  /** Parameters beyond the common ones: name → JSON Schema of its text. */
  readonly parameters?: Readonly<Record<string, JsonSchema>>;
}

const EXAMPLES: Readonly<Record<TargetKind, string>> = {
  ip: '203.0.113.9',
  cidr: '203.0.113.0/24',
  domain: 'evil.example',
  url: 'http://evil.example/x',
  sha256: '275a021bbfb6489e54d471899f7db9d1663fc695ec2fe2a2c4538aabf651fd0f',
  sha1: '3395856ce81f2b7382dee72602f798b642f14140',
  md5: '44d88612fea8a8f36de82e1278abb02f',
  host: 'laptop-17.corp.example',
  user: 'mallory@corp.example',
};

const COMMON: Readonly<Record<(typeof COMMON_PARAMETERS)[number], JsonSchema>> = {
  ttl: {
    type: 'string',
    description: 'How long the action stays in force, as in P1DT12H. At most one of ttl and expirationDateTime.',
    pattern: '^P(?=.)(\\d{1,9}D)?(T(?=.)(\\d{1,9}H)?(\\d{1,9}M)?(\\d{1,9}S)?)?$',
  },
  expirationDateTime: { type: 'string', format: 'date-time', description: 'When it ends: RFC 3339, with offset.' },
  AlertId: { type: 'string', maxLength: LONGEST_VALUE, description: 'Kept and passed on, never interpreted.' },
  comment: { type: 'string', maxLength: LONGEST_VALUE, description: 'Kept and passed on, never interpreted.' },
};

function targetSchema(action: DeclaredAction, parameter: string): JsonSchema {
  const spellings = listTargetSpellings(action.name, action.targetKinds);
  const kinds = spellings.find(({ name }) => name === parameter)?.kinds ?? [];
  const others = Object.values(VOCABULARY).find((known) => known.parameter === parameter)?.aliases ?? [];
  const also = others.filter((alias) => spellings.some(({ name }) => name === alias));
  return {
    type: 'string',
    maxLength: LONGEST_VALUE,
    description: `The target: ${kinds.join(' or ')}. Also understood as ${also.join(', ')}.`,
  };
}

function refuseCollisions(action: DeclaredAction): void {
  const spellings = listTargetSpellings(action.name, action.targetKinds).map(({ name }) => name);
  if (spellings.length === 0) throw new Error(`The action ${action.name} declares no kind of target`);
  const taken = new Set([...COMMON_PARAMETERS, ...spellings].map((name) => name.toLowerCase()));
  for (const name of Object.keys(action.parameters ?? {})) {
    if (taken.has(name.toLowerCase())) throw new Error(`The action ${action.name} declares the parameter ${name} anew`);
    taken.add(name.toLowerCase());
  }
}

/**
 * What the catalogue publishes of an action's parameters: the target under its canonical name, the common ones,
 * and the connector's own. Other spellings of the target are understood too, and not part of it.
 *
 * @throws {Error} where the connector declares no target, or a parameter that exists already
 * @see https://json-schema.org/draft/2020-12
 */
export function parameterSchemaOf(action: DeclaredAction): JsonSchema {
  refuseCollisions(action);
  const targets = listTargetParameters(action.name, action.targetKinds);
  return {
    $schema: 'https://json-schema.org/draft/2020-12/schema',
    type: 'object',
    properties: {
      ...Object.fromEntries(targets.map((name) => [name, targetSchema(action, name)])),
      ...COMMON,
      ...action.parameters,
    },
    additionalProperties: false,
    ...(targets.length === 1 ? { required: targets } : { oneOf: targets.map((name) => ({ required: [name] })) }),
  };
}

/** A request body that works as it stands at the provider named. */
export function exampleOf(
  action: DeclaredAction,
  provider: { readonly name: string; readonly vendor: string },
): JsonSchema {
  const [spelling] = listTargetSpellings(action.name, action.targetKinds);
  const [kind] = spelling?.kinds ?? [];
  return {
    name: action.name,
    actionReason: 'Example from the catalogue',
    parameters: [{ name: spelling?.name, value: kind && EXAMPLES[kind] }],
    vendorInformation: { provider: provider.name, vendor: provider.vendor },
  };
}
