import { describe, expect, it } from 'vitest';
import { applySelect, parseSelect, selectContext, withId } from './select.ts';

const ENTITY = JSON.stringify({
  '@odata.type': '#microsoft.graph.securityAction',
  id: 'a',
  name: 'BlockIp',
  parameters: [{ '@odata.type': 'x', name: 'IP', value: '203.0.113.9' }],
  states: [],
  vendorInformation: { provider: 'edge', vendor: null },
  mine: { provider: 1 },
  enforcement: { state: 'inForce', target: 'ip:203.0.113.9' },
});

const select = (text: string): unknown => JSON.parse(applySelect(parseSelect(text), ENTITY));
const TYPE = { '@odata.type': '#microsoft.graph.securityAction' };

describe('$select', () => {
  it.each([
    ['id', { id: 'a' }],
    [' name , id,id', { id: 'a', name: 'BlockIp' }],
    ['vendorInformation', { vendorInformation: { provider: 'edge', vendor: null } }],
    ['vendorInformation/provider', { vendorInformation: { provider: 'edge' } }],
    ['vendorInformation/vendor,vendorInformation', { vendorInformation: { provider: 'edge', vendor: null } }],
    ['vendorInformation,vendorInformation/vendor', { vendorInformation: { provider: 'edge', vendor: null } }],
    ['enforcement/state,enforcement/target', { enforcement: { state: 'inForce', target: 'ip:203.0.113.9' } }],
    ['parameters/value,states/user', { parameters: [{ '@odata.type': 'x', value: '203.0.113.9' }], states: [] }],
    ['errorInfo,errorInfo/code', {}],
  ])('"%s" leaves %j', (text, left) => {
    expect(select(text)).toEqual({ ...TYPE, ...left });
  });

  it('gives a property that is null as null, whatever was selected of it', () => {
    expect(applySelect(parseSelect('vendorInformation/vendor'), '{"vendorInformation":null}')).toBe(
      '{"vendorInformation":null}',
    );
  });

  it('keeps the order of the entity', () => {
    expect(applySelect(parseSelect('status,id'), '{"id":"a","status":"Running"}')).toBe(
      '{"id":"a","status":"Running"}',
    );
  });

  it.each(['*', 'id,*', '*,vendorInformation/provider'])('"%s" leaves all, the text as it is', (text) => {
    expect(applySelect(parseSelect(text), ENTITY)).toBe(ENTITY);
    expect(selectContext(parseSelect(text))).toBe('*');
  });

  it('says in the context what was asked, each once', () => {
    expect(selectContext(parseSelect('status, id,vendorInformation/provider,id'))).toBe(
      'status,id,vendorInformation/provider',
    );
  });

  it.each([
    ['status', 'id,status'],
    ['status,id', 'status,id'],
    ['*', '*'],
  ])('with the id "%s" is "%s"', (text, context) => {
    expect(selectContext(withId(parseSelect(text)))).toBe(context);
  });

  it.each([
    ['', /empty name/],
    ['id,', /empty name/],
    ['Status', /Did you mean "status"\?/],
    ['mine', /no property of a securityAction\. There are: id, /],
    ['vendorInformation/provder', /Did you mean "provider"\?/],
    ['vendorInformation/', /no such member/],
    ['vendorInformation/provider/x', /no such member/],
    ['enforcement/*', /no such member/],
    ['id/x', /id has no members/],
    ['__proto__', /no property/],
    ['constructor/name', /no property/],
    ['id($top=1)', /no property/],
  ])('"%s" is refused', (text, says) => {
    const refused = (): unknown => parseSelect(text);
    expect(refused).toThrow(says);
    expect(refused).toThrow(
      expect.objectContaining({ code: 'badRequest', inner: 'invalidQueryOption', target: '$select' }),
    );
  });
});
