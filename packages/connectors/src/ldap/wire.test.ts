import { describe, expect, it } from 'vitest';
import { ber, message, number, result, text } from './testing/ber.ts';
import { takeReply } from './wire.ts';

const entry = (...attributes: Buffer[]): Buffer => ber(0x64, text('cn=x'), ber(0x30, ...attributes));
const attribute = (type: string, ...values: string[]): Buffer => ber(0x30, text(type), ber(0x31, ...values.map(text)));
const DONE = message(7, result(0x65, 0, ''));

describe('takeReply', () => {
  it('takes results, entries and references', () => {
    expect(takeReply(message(7, result(0x67, 53, 'no')))?.reply).toMatchObject({
      kind: 'result',
      id: 7,
      code: 53,
      words: 'no',
    });
    expect(takeReply(message(7, entry(attribute('UID', 'a', 'b'))))?.reply).toEqual({
      kind: 'entry',
      id: 7,
      entry: { dn: 'cn=x', values: new Map([['uid', ['a', 'b']]]) },
    });
    expect(takeReply(message(7, ber(0x73, text('ldap://elsewhere'))))?.reply).toEqual({ kind: 'reference', id: 7 });
  });

  it('finds the cookie of a page, where one is', () => {
    const page = (cookie: string): Buffer => {
      const value = text(ber(0x30, number(0), text(cookie)));
      const control = ber(0x30, text('1.2.840.113556.1.4.319'), ber(0x01, Buffer.from([0xff])), value);
      return ber(0x30, number(7), result(0x65, 0, ''), ber(0xa0, ber(0x30, text('1.2.3')), control));
    };
    expect(takeReply(page('next'))?.reply).toMatchObject({ cookie: Buffer.from('next') });
    expect(takeReply(page(''))?.reply).toMatchObject({ cookie: undefined });
  });

  it('waits for what is not whole, and leaves what follows', () => {
    for (let length = 0; length < DONE.length; length += 1) expect(takeReply(DONE.subarray(0, length))).toBeUndefined();
    expect(takeReply(Buffer.concat([DONE, DONE]))?.rest).toEqual(DONE);
  });

  it.each<[string, Buffer]>([
    ['another tag', Buffer.from('hello')],
    ['a length without end', Buffer.from([0x30, 0x80, 0, 0])],
    ['a length of five bytes', Buffer.from([0x30, 0x85, 0, 0, 0, 0, 1])],
    ['a length below zero', Buffer.from([0x30, 0x84, 0xff, 0xff, 0xff, 0xfa])],
    ['a message of 2 GB', Buffer.from([0x30, 0x84, 0x7f, 0xff, 0xff, 0xff])],
    ['nothing', ber(0x30)],
    ['a number without an operation', ber(0x30, number(7))],
    ['a number of no bytes', ber(0x30, ber(0x02), result(0x67, 0, ''))],
    ['an unknown operation', message(7, ber(0x7e))],
    ['a result of nothing, which ldapts takes for a success', message(7, ber(0x67))],
    ['a result without words', message(7, ber(0x67, number(0, 0x0a), text('')))],
    ['a result whose code is no code', message(7, ber(0x67, number(0), text(''), text('')))],
    ['an entry of nothing', message(7, ber(0x64))],
    [
      'a list of attributes that is longer than its entry',
      message(7, ber(0x64, text('cn=x'), Buffer.from([0x30, 0x7f]))),
    ],
    [
      'an entry that never ends for ldapts, until the heap is full',
      message(7, ber(0x64, text('cn=x'), Buffer.from([0x30, 0x7f, 0x30, 0x00]))),
    ],
    ['an attribute without values', message(7, entry(ber(0x30, text('uid'))))],
    ['a value that is no text', message(7, entry(ber(0x30, text('uid'), ber(0x31, number(1)))))],
  ])('refuses %s', (_, bytes) => {
    expect(() => takeReply(bytes)).toThrow();
  });
});
