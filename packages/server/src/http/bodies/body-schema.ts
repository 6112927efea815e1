import { Ajv2020, type ErrorObject } from 'ajv/dist/2020.js';
import { type TSchema, Type } from 'typebox';
import { Refusal } from '../../errors.ts';

const text = (description: string): TSchema => Type.Unsafe({ type: ['string', 'null'], description });
const dateTime = (description: string): TSchema =>
  Type.Unsafe({ type: ['string', 'null'], format: 'date-time', description });
const nullable = (schema: TSchema): TSchema => Type.Unsafe({ ...schema, type: ['object', 'null'] });
const listOf = (items: TSchema, description: string): TSchema =>
  Type.Unsafe({ type: ['array', 'null'], items, description });

const annotated = { '@odata.type': Type.Optional(Type.String()) };

const keyValuePair = Type.Object(
  { ...annotated, name: Type.Optional(text('Which input it is.')), value: Type.Optional(text('Its value.')) },
  { description: 'One input of an action.' },
);

const securityActionState = Type.Object(
  {
    ...annotated,
    appId: Type.Optional(text('Application that made the change.')),
    status: Type.Optional(text('The status from then on.')),
    updatedDateTime: Type.Optional(dateTime('When.')),
    user: Type.Optional(text('User that made the change.')),
  },
  { description: 'One change of status.' },
);

const resultInfo = Type.Object(
  {
    ...annotated,
    code: Type.Optional(Type.Integer({ minimum: -2_147_483_648, maximum: 2_147_483_647 })),
    subcode: Type.Optional(Type.Integer({ minimum: -2_147_483_648, maximum: 2_147_483_647 })),
    message: Type.Optional(text('What happened.')),
  },
  { description: 'Why it failed.' },
);

const securityVendorInformation = Type.Object(
  {
    ...annotated,
    provider: Type.Optional(text('Name or alias of a provider of the catalogue.')),
    providerVersion: Type.Optional(text('Does not route.')),
    subProvider: Type.Optional(text('Does not route.')),
    vendor: Type.Optional(text('Its vendor.')),
  },
  { description: 'The product that is to carry it out.' },
);

/** The types of a securityAction as it is sent. Names are checked elsewhere: it is an open type. */
export const SECURITY_ACTION = Type.Object(
  {
    ...annotated,
    id: Type.Optional(text('Ignored: ids are ours.')),
    actionReason: Type.Optional(text('Why. At most 4,096 characters.')),
    appId: Type.Optional(text('Ignored: the token says it.')),
    azureTenantId: Type.Optional(text('Ignored: the token says it.')),
    clientContext: Type.Optional(text("The client's own word for it. At most 256 characters.")),
    completedDateTime: Type.Optional(dateTime('Ignored in a request.')),
    createdDateTime: Type.Optional(dateTime('Ignored in a request.')),
    errorInfo: Type.Optional(nullable(resultInfo)),
    lastActionDateTime: Type.Optional(dateTime('Ignored in a request.')),
    name: Type.Optional(text('The action, as in BlockIp. At most 128 characters.')),
    parameters: Type.Optional(listOf(keyValuePair, 'Its inputs: the target, and what the catalogue lists.')),
    states: Type.Optional(listOf(securityActionState, 'Ignored in a request.')),
    status: Type.Optional(text('Ignored in a request.')),
    user: Type.Optional(text('Ignored: the token says it.')),
    vendorInformation: Type.Optional(nullable(securityVendorInformation)),
    scheduledDateTime: Type.Optional(dateTime('When it is to start. Without it: at once.')),
    ttl: Type.Optional(text('How long it stays in force, as in PT24H.')),
    expirationDateTime: Type.Optional(dateTime('When it ends. At most one of ttl and expirationDateTime.')),
  },
  { description: 'A securityAction as it is sent.' },
);

/** `{"reason"?}`: what a cancel may say. */
export const CANCEL = Type.Object({ reason: Type.Optional(text('Why. At most 4,096 characters.')) });

/** `{"provider"?,"reason"}`: what a stop or a resume says. */
export const DISPATCH_WISH = Type.Object({
  provider: Type.Optional(text('Name or alias of a provider. Without it: all of them.')),
  reason: Type.Optional(text('Why; needed. At most 4,096 characters.')),
});

/** The two bodies of `POST …/$ref`. */
export const REFERENCE = Type.Object({ '@odata.id': Type.String({ description: 'URL of a securityAction here.' }) });

const ajv = new Ajv2020({ strict: false, allErrors: false, verbose: true, validateFormats: false });

const KINDS: Readonly<Record<string, string>> = {
  string: 'text',
  integer: 'a whole number',
  number: 'a number',
  object: 'an object',
  array: 'a list',
  boolean: 'true or false',
  null: 'null',
};

const nameKinds = (types: unknown): string =>
  [types]
    .flat()
    .map((type) => KINDS[String(type)] ?? String(type))
    .join(' or ');

function kindOf(value: unknown): string {
  if (value === null) return 'null';
  return Array.isArray(value) ? 'a list' : (KINDS[typeof value] ?? 'something else');
}

function toRefusal({ instancePath, keyword, schema, data }: ErrorObject): Refusal {
  const target = instancePath.slice(1);
  const wants = keyword === 'type' ? `must be ${nameKinds(schema)}, not ${kindOf(data)}` : 'must fit into 32 bits';
  const what = target === '' ? 'The body' : `"${target}"`;
  return new Refusal('badRequest', `${what} ${wants}.`, {
    inner: target === '' ? 'malformedJson' : 'invalidProperty',
    ...(target !== '' && { target }),
  });
}

/**
 * Makes the check of a body's types.
 * @returns a function that throws `Refusal` invalidProperty (malformedJson for the body as a whole)
 */
export function typeCheck<Body>(schema: TSchema): (body: unknown) => Body {
  const validate = ajv.compile(schema);
  return (body) => {
    if (validate(body)) return body as Body;
    const [error] = validate.errors ?? [];
    throw error ? toRefusal(error) : new Error('A body is refused without a reason.');
  };
}
