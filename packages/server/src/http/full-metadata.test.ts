import { expect, it } from 'vitest';
import { withFullMetadata } from './full-metadata.ts';

const ON = { base: 'https://interdict.example', root: 'v1.0' } as const;
const full = (entity: object, isRecord = false): Readonly<Record<string, unknown>> =>
  JSON.parse(withFullMetadata(ON, JSON.stringify(entity), { id: 'a b', etag: 'W/"7"', isRecord }));

it('says of what was selected what it is, and where the whole of it is', () => {
  const url = 'https://interdict.example/v1.0/security/securityActions/a%20b';
  const cancel = 'microsoft.graph.cancelSecurityAction';
  expect(full({ status: 'Running' })).toEqual({
    '@odata.type': '#microsoft.graph.securityAction',
    '@odata.id': url,
    '@odata.etag': 'W/"7"',
    '@odata.editLink': 'security/securityActions/a%20b',
    'status@odata.type': '#microsoft.graph.operationStatus',
    status: 'Running',
    [`#${cancel}`]: { title: cancel, target: `${url}/${cancel}` },
  });
});

it('says nothing of what is null, of extensions whatever their names, or of a cancel that a record does not have', () => {
  const entity = { completedDateTime: null, errorInfo: null, code: 5, dateTime: 'x', own: { code: 5, status: 'x' } };
  const {
    '@odata.type': _,
    '@odata.id': __,
    '@odata.etag': ___,
    '@odata.editLink': ____,
    ...rest
  } = full(entity, true);
  expect(rest).toEqual(entity);
});

it('keeps a type that was sent', () => {
  const entity = {
    '@odata.type': 'microsoft.graph.securityAction',
    errorInfo: { '@odata.type': 'x.ResultInfo', code: 4 },
  };
  expect(full(entity)).toMatchObject({
    '@odata.type': 'microsoft.graph.securityAction',
    errorInfo: { '@odata.type': 'x.ResultInfo', 'code@odata.type': '#Int32', code: 4 },
  });
});
