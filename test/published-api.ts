import { schemaFaults } from '../packages/server/src/http/examples/testing/schema-faults.ts';
import { ask, type TestServer } from './server.ts';

export interface Parameter {
  readonly name: string;
  readonly in: 'path' | 'query' | 'header';
  readonly $ref?: string;
}

interface Media {
  readonly schema: object;
  readonly examples: Readonly<Record<string, { readonly value?: unknown; readonly externalValue?: string }>>;
}

export interface PublishedAnswer {
  readonly headers: Readonly<Record<string, object>>;
  readonly content?: Readonly<Record<string, Media>>;
}

export interface PublishedOperation {
  readonly method: string;
  readonly path: string;
  readonly operationId: string;
  readonly parameters: readonly Parameter[];
  readonly requestBody?: { readonly content: Readonly<Record<string, Media>> };
  readonly responses: Readonly<Record<string, PublishedAnswer>>;
}

/** What a server says of itself at `/openapi.json`. */
export interface PublishedApi {
  readonly operations: ReadonlyMap<string, PublishedOperation>;
  /** The error that stands as example of a status. */
  errorOf(status: number): Readonly<Record<string, unknown>>;
  /** What is wrong with a value by a published schema. */
  faultsOf(schema: object, value: unknown): string[];
}

interface Document {
  readonly paths: Readonly<Record<string, Readonly<Record<string, PublishedOperation>>>>;
  readonly components: {
    readonly schemas: object;
    readonly examples: Readonly<
      Record<string, { readonly value: { readonly error: Readonly<Record<string, unknown>> } }>
    >;
  };
}

export async function readPublishedApi(server: TestServer): Promise<PublishedApi> {
  const { text } = await ask(server, '/openapi.json', { token: null });
  const { paths, components } = JSON.parse(text) as Document;
  const all = Object.entries(paths).flatMap(([path, item]) =>
    Object.entries(item).map(([method, operation]) => ({ ...operation, method: method.toUpperCase(), path })),
  );
  return {
    operations: new Map(all.map((operation) => [operation.operationId, operation])),
    errorOf: (status) => components.examples[`error${status}`]?.value.error ?? {},
    faultsOf: schemaFaults(components.schemas),
  };
}
