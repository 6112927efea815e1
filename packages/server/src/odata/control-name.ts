/**
 * Whether a member of a JSON object is control information: an annotation, or an action that full metadata advertises.
 * @see https://docs.oasis-open.org/odata/odata-json-format/v4.01/odata-json-format-v4.01.html#sec_ControlInformation
 */
export const isControlName = (name: string): boolean => name.includes('@') || name.startsWith('#');
