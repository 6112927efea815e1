/** A schema of the components, by its name. */
export const schemaRef = (name: string): object => ({ $ref: `#/components/schemas/${name}` });
