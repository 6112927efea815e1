import { type TSchema, Type } from 'typebox';

const headers = Type.Record(Type.String(), Type.String());

/** Body of `POST /$batch`, for the description; `batch/read-batch.ts` reads it. */
export const BATCH: TSchema = Type.Object({
  requests: Type.Array(
    Type.Object({
      id: Type.String({
        minLength: 1,
        maxLength: 128,
        description: 'Names the answer. Letter case makes no difference.',
      }),
      method: Type.String({ description: 'As in GET.' }),
      url: Type.String({ minLength: 1, description: 'Relative to the version, with a version, or absolute.' }),
      headers: Type.Optional(headers),
      body: Type.Optional(Type.Unsafe({ description: 'JSON, or a text with the base64 of JSON.' })),
      dependsOn: Type.Optional(Type.Array(Type.String(), { description: 'Ids of requests that must succeed before.' })),
    }),
    { minItems: 1, maxItems: 20 },
  ),
});

export const BATCH_RESPONSE: TSchema = Type.Object({
  responses: Type.Array(
    Type.Object({
      id: Type.String(),
      status: Type.Integer(),
      headers,
      body: Type.Optional(Type.Unsafe({ description: 'JSON, or a text with the base64 of what is not JSON.' })),
    }),
  ),
});
