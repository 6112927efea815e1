import { Ajv2020 } from 'ajv/dist/2020.js';

/**
 * What is wrong with a value by a schema of an API description, by the independent reader that Ajv is. Formats are not
 * looked at.
 * @param schemas those of the description's components
 */
export function schemaFaults(schemas: object): (schema: object, value: unknown) => string[] {
  const ajv = new Ajv2020({ strict: false, allErrors: true, validateFormats: false });
  return (schema, value) => {
    const validate = ajv.compile({ ...schema, components: { schemas } });
    if (validate(value)) return [];
    return (validate.errors ?? []).map(({ instancePath, message }) => `${instancePath} ${message}`);
  };
}
