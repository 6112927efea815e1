import { type TSchema, Type } from 'typebox';

const message = Type.String({ description: 'One sentence for people, no secret. 300 characters of it are kept.' });
const ms = Type.Optional(Type.Number({ description: 'Milliseconds.' }));
const note = Type.Optional(
  Type.String({ description: 'What it wants to know again with the next call; at most 1,000 characters.' }),
);
const kind = (values: readonly string[]): TSchema => Type.Unsafe({ type: 'string', enum: [...values] });

const answer = Type.Object(
  {
    kind: kind(['done', 'pending', 'refused', 'unavailable', 'unknown']),
    level: Type.Optional(kind(['accepted', 'reported'])),
    message: Type.Optional(message),
    againMs: ms,
    retryAfterMs: ms,
    subcode: Type.Optional(Type.Integer()),
    fault: Type.Optional(kind(['ours'])),
    note,
  },
  { description: 'What the connector answered to a write.' },
);

const presence = Type.Object(
  {
    kind: kind(['present', 'absent', 'pending', 'unknown']),
    foreign: Type.Optional(Type.Boolean({ description: 'Somebody else put it there.' })),
    landed: Type.Optional(kind(['no'])),
    message: Type.Optional(message),
    againMs: ms,
    retryAfterMs: ms,
    fault: Type.Optional(kind(['ours'])),
    note,
  },
  { description: 'What its look at the product showed.' },
);

const provider = Type.String({ description: 'Name or alias of the provider whose calls the agent makes.' });
const id = Type.String({ description: 'The id of the lease, as it was given.' });

/** What an agent sends. */
export const WORK_SCHEMAS = {
  workWish: Type.Object({
    provider,
    max: Type.Optional(
      Type.Integer({ minimum: 1, maximum: 100, description: 'At most so many calls; 1 where left out.' }),
    ),
    waitSeconds: Type.Optional(
      Type.Integer({
        minimum: 0,
        maximum: 20,
        description: 'Where nothing is due, how long to wait for it; 0 where left out.',
      }),
    ),
  }),
  heldWork: Type.Object({ provider, id }),
  workReport: Type.Object({ provider, id, answer: Type.Optional(answer), presence: Type.Optional(presence) }),
} as const satisfies Readonly<Record<string, TSchema>>;

const call = Type.Object({
  tenantId: Type.String(),
  action: Type.String(),
  target: Type.Object({ kind: Type.String(), value: Type.String() }),
  operationId: Type.String({ description: "The product's idempotency key: the same for every attempt." }),
  attempt: Type.Integer(),
  expirationDateTime: Type.String({ format: 'date-time' }),
  request: Type.Object({
    actionId: Type.String(),
    parameters: Type.Array(Type.Object({ name: Type.String(), value: Type.String() })),
    reason: Type.Unsafe({ type: ['string', 'null'] }),
  }),
  note,
  inDoubt: Type.Optional(Type.Literal(true)),
});

const work = Type.Object({
  id,
  kind: kind(['look', 'apply', 'release', 'verify']),
  leaseSeconds: Type.Number({ description: 'From the moment at which it was asked for.' }),
  timeoutSeconds: Type.Number({ description: 'How long the call may take.' }),
  inDoubt: Type.Boolean({ description: 'An earlier write had an unknown outcome: a refusal is looked at too.' }),
  call,
});

/** What an agent gets. */
export const WORK_ANSWERS: Readonly<Record<string, TSchema>> = {
  workCollection: Type.Object({ '@odata.context': Type.String(), value: Type.Array(work) }),
  renewedWork: Type.Object({
    '@odata.context': Type.String(),
    leaseSeconds: Type.Number(),
    isWanted: Type.Boolean({ description: 'False: break the call off, and report it.' }),
  }),
  reportedWork: Type.Object({
    '@odata.context': Type.String(),
    next: Type.Unsafe({
      description: 'What follows at once, under a lease of its own.',
      anyOf: [work, { type: 'null' }],
    }),
  }),
};
