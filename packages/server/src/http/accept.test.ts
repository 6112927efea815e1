import { describe, expect, it } from 'vitest';
import { readAccept } from './accept.ts';

const JSON_TYPE = 'application/json';

describe('Accept', () => {
  it.each([
    [undefined, JSON_TYPE],
    ['', JSON_TYPE],
    ['*/*', JSON_TYPE],
    ['application/*', JSON_TYPE],
    ['APPLICATION/JSON', JSON_TYPE],
    ['text/html, application/json;q=0.1', JSON_TYPE],
    ['text/html,*/*;q=0.01', JSON_TYPE],
    ['application/json;odata.metadata=minimal;odata.streaming=true', JSON_TYPE],
    ['application/json; odata.metadata="minimal" ; charset=utf-8', JSON_TYPE],
    ['application/json;metadata=minimal', JSON_TYPE],
    ['application/json;odata.metadata=full, application/json', JSON_TYPE],
    ['application/json;odata.metadata=full, */*', JSON_TYPE],
    ['application/json, application/json;odata.metadata=none', JSON_TYPE],
    ['*/*;q=0, application/json', JSON_TYPE],
    ['text/*', 'text/plain'],
    ['application/json, text/plain;q=0.9', 'text/plain'],
  ])('"%s" takes %s', (accept, offered) => {
    expect(() => readAccept(accept, offered)).not.toThrow();
  });

  it.each([
    ['text/html', JSON_TYPE],
    ['application/xml', JSON_TYPE],
    ['application/jsonx', JSON_TYPE],
    ['application', JSON_TYPE],
    ['*', JSON_TYPE],
    ['*/json', JSON_TYPE],
    [',;', JSON_TYPE],
    ['application/json;q=0', JSON_TYPE],
    ['application/json;q=0.0', JSON_TYPE],
    ['application/json;q=x', JSON_TYPE],
    ['*/*;q=0', JSON_TYPE],
    ['*/*, application/json;q=0', JSON_TYPE],
    ['*/*, application/*;q=0', JSON_TYPE],
    ['application/json', 'text/plain'],
    ['text/html;q=1', 'text/plain'],
  ])('"%s" does not take %s', (accept, offered) => {
    expect(() => readAccept(accept, offered)).toThrow(
      expect.objectContaining({ code: 'notAcceptable', target: 'accept', message: expect.stringContaining(offered) }),
    );
  });

  it.each(['application/json;odata.metadata=verbose', 'application/json;metadata=', '*/*;odata.metadata=1'])(
    '"%s" asks for a level that there is not, and is told which there are',
    (accept) => {
      expect(() => readAccept(accept, JSON_TYPE)).toThrow(/none, minimal, full/);
    },
  );

  it.each([
    [undefined, 'minimal'],
    ['application/json', 'minimal'],
    ['application/json;odata.metadata=full', 'full'],
    ['application/json; metadata="NONE"', 'none'],
    ['application/json;odata.metadata=full;q=0.5, application/json', 'minimal'],
    ['application/json;odata.metadata=full;q=0.9, */*', 'minimal'],
    ['application/json;odata.metadata=full, */*', 'full'],
    ['application/json;odata.metadata=verbose, application/json;odata.metadata=none;q=0.1', 'none'],
    ['application/json;odata.metadata=none;q=0, application/json', 'minimal'],
  ])('%s is answered at the level %s', (accept, metadata) => {
    expect(readAccept(accept, JSON_TYPE).metadata).toBe(metadata);
  });
});
