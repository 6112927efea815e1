import type { Annotation, AnnotationValue } from './schema-model.ts';

const annotation = (term: string, value: AnnotationValue): Annotation => ({ term: `Capabilities.${term}`, value });

const record = (term: string, value: Readonly<Record<string, AnnotationValue>>): Annotation =>
  annotation(term, { record: value });

const COLLECTIONS: readonly AnnotationValue[] = [{ path: 'parameters' }, { path: 'states' }];

const NO_EXPAND = record('ExpandRestrictions', { Expandable: false });

/** What may be asked of the securityActions. Collections are filtered by `any` and `all`, and order nothing. */
export const OF_ACTIONS: readonly Annotation[] = [
  record('CountRestrictions', { Countable: true }),
  record('FilterRestrictions', { Filterable: true }),
  record('SortRestrictions', { Sortable: true, NonSortableProperties: COLLECTIONS }),
  record('SelectSupport', { Supported: true, Filterable: false, Expandable: false }),
  record('SearchRestrictions', { Searchable: true }),
  annotation('TopSupported', true),
  annotation('SkipSupported', true),
  NO_EXPAND,
];

/** What is listed as it is: no option but, where it comes in pages, the size of one. */
export const listed = (isPaged: boolean): readonly Annotation[] => [
  record('CountRestrictions', { Countable: false }),
  record('FilterRestrictions', { Filterable: false }),
  record('SortRestrictions', { Sortable: false }),
  record('SelectSupport', { Supported: false }),
  record('SearchRestrictions', { Searchable: false }),
  annotation('TopSupported', isPaged),
  annotation('SkipSupported', false),
  NO_EXPAND,
];

/** What holds everywhere. */
export const OF_THE_SERVICE: readonly Annotation[] = [
  annotation('KeyAsSegmentSupported', true),
  annotation('BatchSupported', true),
];
