import { ERRORS, type ErrorCode } from '@interdict/contract';
import { describe, expect, it } from 'vitest';
import { describeApi } from '../open-api.ts';
import { isServed, ROUTES } from '../routes.ts';
import { OPERATION_EXAMPLES } from './operations.ts';
import { schemaFaults } from './testing/schema-faults.ts';

interface Media {
  readonly schema?: object;
  readonly examples?: Readonly<Record<string, { readonly value?: unknown; readonly externalValue?: string }>>;
}
type Content = Readonly<Record<string, Media>>;
interface Operation {
  readonly operationId: string;
  readonly parameters: readonly object[];
  readonly requestBody?: { readonly content: Content };
  readonly responses: Readonly<Record<string, { readonly content?: Content }>>;
}
interface Description {
  readonly paths: Readonly<Record<string, Readonly<Record<string, Operation>>>>;
  readonly components: {
    readonly schemas: object;
    readonly parameters: Readonly<Record<string, object>>;
    readonly examples: Readonly<
      Record<string, { readonly value: { readonly error: Readonly<Record<string, unknown>> } }>
    >;
  };
}

// As it is served: through JSON.
const described = JSON.parse(JSON.stringify(describeApi(ROUTES.filter(isServed), '0.0.0'))) as Description;
const operations = Object.values(described.paths).flatMap((item) => Object.values(item));
const faultsOf = schemaFaults(described.components.schemas);

const bodies = operations.flatMap(({ operationId, requestBody, responses }) => [
  ...Object.entries(requestBody?.content ?? {}).map(([type, media]) => [operationId, 'request', type, media] as const),
  ...Object.entries(responses).flatMap(([status, { content = {} }]) =>
    Object.entries(content).map(([type, media]) => [operationId, status, type, media] as const),
  ),
]);

function resolve({ $ref, ...inPlace }: { $ref?: string; value?: unknown; externalValue?: string }): typeof inPlace {
  const name = $ref?.split('/').at(-1);
  return name === undefined ? inPlace : (described.components.examples[name] ?? {});
}

describe('the API description', () => {
  it('describes every served route, under the name of its handler', () => {
    const names = ROUTES.filter(isServed).map(({ handle }) => handle.name);
    expect(operations.map(({ operationId }) => operationId).toSorted()).toEqual(names.toSorted());
    expect(new Set(names).size).toBe(names.length);
    expect(bodies.length).toBeGreaterThan(200);
  });

  it.each(bodies)('has a true example of %s, %s, %s', (_, __, ___, { schema = {}, examples = {} }) => {
    const all = Object.values(examples).map(resolve);
    expect(all.length).toBeGreaterThan(0);
    for (const { value, externalValue } of all) {
      if (externalValue !== undefined) expect(externalValue).toMatch(/^\//);
      else expect(faultsOf(schema, value)).toEqual([]);
    }
  });

  it('has an example of every success that the table says has a body, and none of anything else', () => {
    const withBody = operations
      .filter(
        ({ responses, requestBody }) =>
          requestBody || Object.entries(responses).some(([status, { content }]) => Number(status) < 400 && content),
      )
      .map(({ operationId }) => operationId);
    expect(Object.keys(OPERATION_EXAMPLES).toSorted()).toEqual(withBody.toSorted());
  });

  it.each(Object.entries(described.components.examples))('has codes of the closed lists in %s', (name, { value }) => {
    const code = String(value.error.code) as ErrorCode;
    expect(name).toBe(`error${ERRORS[code].status}`);
    const { code: inner } = value.error.innerError as { code?: string };
    const allowed: readonly string[] = ERRORS[code].inner;
    expect(allowed.length === 0 ? inner === undefined : allowed.includes(String(inner))).toBe(true);
  });

  it.each(operations)(
    'has an example, a constant or a plain meaning of each parameter of $operationId',
    ({ parameters }) => {
      for (const parameter of parameters) {
        const { $ref } = parameter as { $ref?: string };
        const found = $ref === undefined ? parameter : described.components.parameters[$ref.split('/').at(-1) ?? ''];
        const { description, schema, example } = found as { description?: string; schema: object; example?: unknown };
        expect(description).toMatch(/\.$/);
        if (example !== undefined) expect(faultsOf(schema, example)).toEqual([]);
      }
    },
  );
});
