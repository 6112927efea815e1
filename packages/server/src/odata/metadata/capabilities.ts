import { FUNCTIONS } from '../filter/functions.ts';
import type { Annotation, AnnotationValue } from './schema-model.ts';

const annotation = (term: string, value: AnnotationValue): Annotation => ({ term: `Capabilities.${term}`, value });

const record = (term: string, value: Readonly<Record<string, AnnotationValue>>): Annotation =>
  annotation(term, { record: value });

const COLLECTIONS: readonly AnnotationValue[] = [{ path: 'parameters' }, { path: 'states' }];

const texts = (...all: readonly string[]): readonly AnnotationValue[] => all.map((text) => ({ text }));

const NO_EXPAND = record('ExpandRestrictions', { Expandable: false });

/** By whom a set can be changed: by its clients, or only by the server. */
const changes = (isOpen: boolean): readonly Annotation[] => [
  record('InsertRestrictions', { Insertable: isOpen }),
  record('UpdateRestrictions', { Updatable: isOpen }),
  record('DeleteRestrictions', { Deletable: isOpen }),
];

const FILTER_FUNCTIONS = [...FUNCTIONS.values()].flatMap(({ served }) => (served ? [served.name] : []));

/**
 * What may be asked of the securityActions. Collections are filtered by `any` and `all`, and order nothing. No property
 * is filtered by some expressions only, so no `FilterExpressionRestrictions` are declared.
 */
export const OF_ACTIONS: readonly Annotation[] = [
  record('ReadRestrictions', { Readable: true }),
  record('CountRestrictions', { Countable: true }),
  record('FilterRestrictions', { Filterable: true, RequiresFilter: false }),
  annotation('FilterFunctions', texts(...FILTER_FUNCTIONS)),
  record('SortRestrictions', { Sortable: true, NonSortableProperties: COLLECTIONS }),
  record('SelectSupport', { Supported: true, Filterable: false, Expandable: false }),
  record('SearchRestrictions', { Searchable: true }),
  annotation('TopSupported', true),
  annotation('SkipSupported', true),
  record('ChangeTracking', { Supported: true }),
  NO_EXPAND,
  ...changes(true),
];

export interface Listed {
  /** The size of a page may be asked for. */
  readonly isPaged?: boolean;
  /** A member can be read alone. */
  readonly hasKeys?: boolean;
  /** Clients make and change members. */
  readonly isOpen?: boolean;
}

/** What is listed as it is: no option but, where it comes in pages, the size of one. */
export const listed = ({ isPaged = false, hasKeys = false, isOpen = false }: Listed): readonly Annotation[] => [
  record('ReadRestrictions', { Readable: true, ReadByKeyRestrictions: { record: { Readable: hasKeys } } }),
  record('CountRestrictions', { Countable: false }),
  record('FilterRestrictions', { Filterable: false }),
  record('SortRestrictions', { Sortable: false }),
  record('SelectSupport', { Supported: false }),
  record('SearchRestrictions', { Searchable: false }),
  annotation('TopSupported', isPaged),
  annotation('SkipSupported', false),
  record('ChangeTracking', { Supported: false }),
  NO_EXPAND,
  ...changes(isOpen),
];

/** What holds everywhere. */
export const OF_THE_SERVICE: readonly Annotation[] = [
  annotation('KeyAsSegmentSupported', true),
  annotation('BatchSupported', true),
  record('BatchSupport', {
    Supported: true,
    ReferencesInRequestBodiesSupported: false,
    ReferencesAcrossChangeSetsSupported: false,
    EtagReferencesSupported: false,
    RequestDependencyConditionsSupported: false,
    SupportedFormats: texts('application/json'),
  }),
  annotation('SupportedFormats', texts('application/json')),
  annotation('SupportedMetadataFormats', texts('application/xml', 'application/json')),
  annotation('CrossJoinSupported', false),
  annotation('AsynchronousRequestsSupported', false),
];
