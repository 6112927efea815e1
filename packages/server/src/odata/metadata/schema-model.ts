/** A value in an annotation. A path stands in an object of its own, for XML has an attribute of its own for it. */
export type AnnotationValue =
  | boolean
  | { readonly path: string }
  | { readonly text: string }
  | readonly AnnotationValue[]
  | { readonly record: Readonly<Record<string, AnnotationValue>> };

export interface Annotation {
  /** With the alias of its vocabulary, as in `Capabilities.TopSupported`. */
  readonly term: string;
  readonly value: AnnotationValue;
}

/** One member, or one parameter. */
export interface Member {
  readonly name: string;
  /** As in XML: `Edm.String`, or a name with the alias of its schema. */
  readonly type: string;
  readonly isCollection: boolean;
  /** Where false, null is no value of it. Collections are never null. */
  readonly isNullable: boolean;
}

/** A property that leads to entities, which live within this one. */
export interface Navigation {
  readonly name: string;
  readonly type: string;
  readonly annotations: readonly Annotation[];
}

export interface StructuredType {
  readonly kind: 'EntityType' | 'ComplexType';
  readonly name: string;
  readonly baseType?: string;
  readonly isOpen?: boolean;
  readonly isAbstract?: boolean;
  readonly key?: string;
  readonly members: readonly Member[];
  readonly navigations?: readonly Navigation[];
}

/** Members have the values 0, 1, 2, … in their order. */
export interface EnumType {
  readonly kind: 'EnumType';
  readonly name: string;
  readonly members: readonly string[];
}

/** Always bound, by the first parameter. */
export interface Operation {
  readonly kind: 'Action' | 'Function';
  readonly name: string;
  readonly parameters: readonly Member[];
  readonly returns?: Pick<Member, 'type' | 'isCollection'>;
}

/** A way in. */
export interface Resource {
  readonly kind: 'EntitySet' | 'Singleton';
  readonly name: string;
  readonly type: string;
  readonly annotations: readonly Annotation[];
}

export interface Container {
  readonly kind: 'EntityContainer';
  readonly name: string;
  readonly resources: readonly Resource[];
  readonly annotations: readonly Annotation[];
}

export type Element = StructuredType | EnumType | Operation | Container;

export interface Schema {
  readonly namespace: string;
  readonly alias?: string;
  readonly elements: readonly Element[];
}

export interface Vocabulary {
  readonly namespace: string;
  readonly alias: string;
  /** Without ending: `.xml` and `.json` are there. */
  readonly url: string;
}

/**
 * What `$metadata` says, once; both forms are made of it.
 * @see https://docs.oasis-open.org/odata/odata-csdl-xml/v4.01/odata-csdl-xml-v4.01.html
 */
export interface SchemaModel {
  readonly version: '4.0';
  readonly vocabularies: readonly Vocabulary[];
  readonly schemas: readonly Schema[];
  /** Qualified name of the container. */
  readonly container: string;
}
