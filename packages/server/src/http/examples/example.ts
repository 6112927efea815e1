/** An example as OpenAPI has it: a value, or the address of one that is too large to stand in the description. */
export type Example =
  | { readonly summary?: string; readonly value: unknown }
  | { readonly summary?: string; readonly externalValue: string };

/**
 * What a description shows of one operation.
 * @see https://spec.openapis.org/oas/v3.1.1.html#example-object
 */
export interface OperationExamples {
  /** Bodies that the server takes as they stand, by name. */
  readonly requests?: Readonly<Record<string, Example>>;
  /** Bodies of the first success, by media type. */
  readonly answers?: Readonly<Record<string, Example>>;
}

export const jsonAnswer = (value: unknown): Pick<OperationExamples, 'answers'> => ({
  answers: { 'application/json': { value } },
});
