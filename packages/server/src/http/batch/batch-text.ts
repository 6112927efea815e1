import type { ItemAnswer } from './carry-item.ts';

/** Headers that tell of this answer. The rest of Graph's stand once, on the batch's. */
function headersOf({ ids, headers, contentType }: ItemAnswer, hasContent: boolean): Readonly<Record<string, string>> {
  return {
    ...(hasContent && { 'Content-Type': contentType }),
    'request-id': ids.requestId,
    'client-request-id': ids.clientRequestId,
    'OData-Version': '4.0',
    'Cache-Control': 'no-cache',
    ...headers,
  };
}

const isJson = (contentType: string): boolean => /^application\/json\s*(?:;|$)/i.test(contentType);

/** JSON as it stands, without being parsed; all else in base64, as Graph does and as its SDKs read it. */
function bodyText({ body, contentType }: ItemAnswer): string {
  if (body === undefined) return '';
  if (isJson(contentType)) return body.toString();
  return `"${Buffer.from(body).toString('base64')}"`;
}

function itemText(answer: ItemAnswer, isHead: boolean): string {
  const { id, status, body } = answer;
  const hasContent = body !== undefined && body.length > 0 && status !== 304;
  const head = `"id":${JSON.stringify(id)},"status":${status},"headers":${JSON.stringify(headersOf(answer, hasContent))}`;
  return hasContent && !isHead ? `{${head},"body":${bodyText(answer)}}` : `{${head}}`;
}

/** All answers as one JSON text. @param isHead whether the request of that place was a HEAD, whose answer has no body */
export const batchText = (answers: readonly ItemAnswer[], isHead: (index: number) => boolean): string =>
  `{"responses":[${answers.map((answer, index) => itemText(answer, isHead(index))).join(',')}]}`;
