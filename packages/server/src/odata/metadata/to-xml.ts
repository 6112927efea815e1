import type {
  Annotation,
  AnnotationValue,
  Container,
  Element,
  Member,
  Operation,
  SchemaModel,
  StructuredType,
} from './schema-model.ts';

type Attributes = Readonly<Record<string, string | number | boolean | undefined>>;

const ESCAPES: Readonly<Record<string, string>> = { '&': '&amp;', '<': '&lt;', '"': '&quot;' };
const escapeXml = (text: string): string => text.replace(/[&<"]/g, (character) => ESCAPES[character] ?? '');

function element(name: string, attributes: Attributes, children: readonly string[] = []): string {
  const written = Object.entries(attributes)
    .filter(([, value]) => value !== undefined)
    .map(([attribute, value]) => ` ${attribute}="${escapeXml(String(value))}"`)
    .join('');
  return children.length === 0 ? `<${name}${written}/>` : `<${name}${written}>${children.join('')}</${name}>`;
}

const typeOf = ({ type, isCollection }: Pick<Member, 'type' | 'isCollection'>): string =>
  isCollection ? `Collection(${type})` : type;

const whereTrue = (flag: boolean | undefined): true | undefined => flag || undefined;

/** A value as attributes of what holds it, or as elements within. */
function toValue(value: AnnotationValue): { readonly attributes: Attributes; readonly children: readonly string[] } {
  if (typeof value === 'boolean') return { attributes: { Bool: value }, children: [] };
  if ('text' in value) return { attributes: { String: value.text }, children: [] };
  if ('path' in value) return { attributes: { PropertyPath: value.path }, children: [] };
  if ('record' in value) return { attributes: {}, children: [recordOf(value.record)] };
  return { attributes: {}, children: [element('Collection', {}, value.map(itemOf))] };
}

const recordOf = (record: Readonly<Record<string, AnnotationValue>>): string =>
  element(
    'Record',
    {},
    Object.entries(record).map(([name, inner]) => {
      const { attributes, children } = toValue(inner);
      return element('PropertyValue', { Property: name, ...attributes }, children);
    }),
  );

function itemOf(value: AnnotationValue): string {
  if (typeof value === 'boolean') return `<Bool>${value}</Bool>`;
  if ('text' in value) return `<String>${escapeXml(value.text)}</String>`;
  if ('path' in value) return `<PropertyPath>${escapeXml(value.path)}</PropertyPath>`;
  return toValue(value).children.join('');
}

const annotationsOf = (annotations: readonly Annotation[]): string[] =>
  annotations.map(({ term, value }) => {
    const { attributes, children } = toValue(value);
    return element('Annotation', { Term: term, ...attributes }, children);
  });

/** Where nothing is said in XML, null is a value; of a list nothing need be said. */
const nullableOf = ({ isNullable, isCollection }: Member): false | undefined =>
  isNullable || isCollection ? undefined : false;

function structured({
  kind,
  name,
  baseType,
  isOpen,
  isAbstract,
  key,
  members,
  navigations = [],
}: StructuredType): string {
  const attributes = { Name: name, BaseType: baseType, Abstract: whereTrue(isAbstract), OpenType: whereTrue(isOpen) };
  return element(kind, attributes, [
    ...(key === undefined ? [] : [element('Key', {}, [element('PropertyRef', { Name: key })])]),
    ...members.map((member) =>
      element('Property', { Name: member.name, Type: typeOf(member), Nullable: nullableOf(member) }),
    ),
    ...navigations.map((navigation) =>
      element(
        'NavigationProperty',
        { Name: navigation.name, Type: `Collection(${navigation.type})`, ContainsTarget: true },
        annotationsOf(navigation.annotations),
      ),
    ),
  ]);
}

const operation = ({ kind, name, parameters, returns }: Operation): string =>
  element(kind, { Name: name, IsBound: true }, [
    ...parameters.map((parameter) =>
      element('Parameter', { Name: parameter.name, Type: typeOf(parameter), Nullable: nullableOf(parameter) }),
    ),
    ...(returns ? [element('ReturnType', { Type: typeOf(returns) })] : []),
  ]);

const container = ({ name, resources, annotations }: Container): string =>
  element('EntityContainer', { Name: name }, [
    ...resources.map(({ kind, name: resource, type, annotations: own }) =>
      element(kind, { Name: resource, [kind === 'EntitySet' ? 'EntityType' : 'Type']: type }, annotationsOf(own)),
    ),
    ...annotationsOf(annotations),
  ]);

function elementOf(found: Element): string {
  switch (found.kind) {
    case 'EntityType':
    case 'ComplexType':
      return structured(found);
    case 'EnumType':
      return element(
        'EnumType',
        { Name: found.name },
        found.members.map((name, value) => element('Member', { Name: name, Value: value })),
      );
    case 'EntityContainer':
      return container(found);
    case 'Action':
    case 'Function':
      return operation(found);
  }
}

const EDMX = 'http://docs.oasis-open.org/odata/ns/edmx';
const EDM = 'http://docs.oasis-open.org/odata/ns/edm';

/** @see https://docs.oasis-open.org/odata/odata-csdl-xml/v4.01/odata-csdl-xml-v4.01.html */
export function toXml({ version, vocabularies, schemas }: SchemaModel): string {
  const references = vocabularies.map(({ namespace, alias, url }) =>
    element('edmx:Reference', { Uri: `${url}.xml` }, [element('edmx:Include', { Namespace: namespace, Alias: alias })]),
  );
  const all = schemas.map(({ namespace, alias, elements }) =>
    element('Schema', { xmlns: EDM, Namespace: namespace, Alias: alias }, elements.map(elementOf)),
  );
  const services = element('edmx:DataServices', {}, all);
  const document = element('edmx:Edmx', { Version: version, 'xmlns:edmx': EDMX }, [...references, services]);
  return `<?xml version="1.0" encoding="utf-8"?>${document}`;
}
