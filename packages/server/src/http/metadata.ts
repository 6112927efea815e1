import { Refusal } from '../errors.ts';
import { SERVICE_MODEL } from '../odata/metadata/service-model.ts';
import { toJson } from '../odata/metadata/to-json.ts';
import { toXml } from '../odata/metadata/to-xml.ts';
import { readQueryOptions } from '../odata/query-options.ts';
import type { App } from './app.ts';
import { chooseType } from './choose-type.ts';
import { type Answer, type Exchange, headerOf } from './exchange.ts';

const TYPES = ['application/xml', 'application/json'] as const;
type MetadataType = (typeof TYPES)[number];

const FORMS: Readonly<Record<MetadataType, string>> = {
  'application/xml': toXml(SERVICE_MODEL),
  'application/json': JSON.stringify(toJson(SERVICE_MODEL)),
};

/** `xml`, `json`, or a type in full; what stands behind a semicolon changes nothing here. */
function typeOfFormat(format: string): MetadataType {
  const asked = format.split(';', 1)[0]?.trim().toLowerCase();
  const found = TYPES.find((type) => asked === type || `application/${asked}` === type);
  if (found) return found;
  throw new Refusal('notAcceptable', `"$format" is xml or json here, not "${format.slice(0, 100)}".`, {
    target: '$format',
  });
}

/**
 * The schema: XML, or JSON where `$format` or else `Accept` asks for it.
 * @see https://docs.oasis-open.org/odata/odata/v4.01/odata-v4.01-part1-protocol.html#sec_MetadataDocumentRequest
 * @throws {Refusal} notAcceptable, invalidQueryOption
 */
export async function getMetadata(_app: App, exchange: Exchange): Promise<Answer> {
  const { format } = readQueryOptions(exchange.query, ['format']);
  const type = format === undefined ? chooseType(headerOf(exchange, 'accept'), TYPES) : typeOfFormat(format);
  return { status: 200, contentType: type, headers: { Vary: 'Accept' }, body: FORMS[type] };
}
