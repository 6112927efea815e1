import type {
  Annotation,
  AnnotationValue,
  Container,
  Element,
  EnumType,
  Member,
  Operation,
  SchemaModel,
  StructuredType,
} from './schema-model.ts';

type JsonObject = Record<string, unknown>;

function toValue(value: AnnotationValue): unknown {
  if (typeof value === 'boolean') return value;
  if ('path' in value) return value.path;
  if ('text' in value) return value.text;
  if ('record' in value)
    return Object.fromEntries(Object.entries(value.record).map(([name, inner]) => [name, toValue(inner)]));
  return value.map(toValue);
}

const annotationsOf = (annotations: readonly Annotation[]): JsonObject =>
  Object.fromEntries(annotations.map(({ term, value }) => [`@${term}`, toValue(value)]));

/** `Edm.String` is what JSON takes for granted. */
const memberOf = ({ type, isCollection, isNullable }: Omit<Member, 'name'>): JsonObject => ({
  ...(isCollection && { $Collection: true }),
  ...(type !== 'Edm.String' && { $Type: type }),
  ...(isNullable && { $Nullable: true }),
});

function structured({
  kind,
  baseType,
  isOpen,
  isAbstract,
  key,
  members,
  navigations = [],
}: StructuredType): JsonObject {
  return {
    $Kind: kind,
    ...(baseType !== undefined && { $BaseType: baseType }),
    ...(isAbstract && { $Abstract: true }),
    ...(isOpen && { $OpenType: true }),
    ...(key !== undefined && { $Key: [key] }),
    ...Object.fromEntries(members.map((member) => [member.name, memberOf(member)])),
    ...Object.fromEntries(
      navigations.map(({ name, type, annotations }) => [
        name,
        {
          $Kind: 'NavigationProperty',
          $Collection: true,
          $Type: type,
          $ContainsTarget: true,
          ...annotationsOf(annotations),
        },
      ]),
    ),
  };
}

const enumeration = ({ members }: EnumType): JsonObject => ({
  $Kind: 'EnumType',
  ...Object.fromEntries(members.map((name, value) => [name, value])),
});

const operation = ({ kind, parameters, returns }: Operation): JsonObject[] => [
  {
    $Kind: kind,
    $IsBound: true,
    $Parameter: parameters.map((parameter) => ({ $Name: parameter.name, ...memberOf(parameter) })),
    ...(returns && { $ReturnType: memberOf({ ...returns, isNullable: false }) }),
  },
];

const container = ({ resources, annotations }: Container): JsonObject => ({
  $Kind: 'EntityContainer',
  ...Object.fromEntries(
    resources.map(({ kind, name, type, annotations: own }) => [
      name,
      { ...(kind === 'EntitySet' && { $Collection: true }), $Type: type, ...annotationsOf(own) },
    ]),
  ),
  ...annotationsOf(annotations),
});

function elementOf(element: Element): unknown {
  switch (element.kind) {
    case 'EntityType':
    case 'ComplexType':
      return structured(element);
    case 'EnumType':
      return enumeration(element);
    case 'EntityContainer':
      return container(element);
    case 'Action':
    case 'Function':
      return operation(element);
  }
}

/** @see https://docs.oasis-open.org/odata/odata-csdl-json/v4.01/odata-csdl-json-v4.01.html */
export function toJson({ version, vocabularies, schemas, container: name }: SchemaModel): JsonObject {
  return {
    $Version: version,
    $EntityContainer: name,
    $Reference: Object.fromEntries(
      vocabularies.map(({ namespace, alias, url }) => [
        `${url}.json`,
        { $Include: [{ $Namespace: namespace, $Alias: alias }] },
      ]),
    ),
    ...Object.fromEntries(
      schemas.map(({ namespace, alias, elements }) => [
        namespace,
        {
          ...(alias !== undefined && { $Alias: alias }),
          ...Object.fromEntries(elements.map((element) => [element.name, elementOf(element)])),
        },
      ]),
    ),
  };
}
