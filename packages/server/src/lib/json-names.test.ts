import { describe, expect, it } from 'vitest';
import { readJson } from '../http/read-json.ts';
import { withPlainNames } from './json-names.ts';

describe('withPlainNames', () => {
  it.each([
    [String.raw`{"\u0061b" : "\u0061"}`, String.raw`{"ab" : "\u0061"}`],
    [String.raw`{"a":"x\"y\":"}`, String.raw`{"a":"x\"y\":"}`],
    [String.raw`{"a":[{"\u00e9":"\\"}]}`, String.raw`{"a":[{"é":"\\"}]}`],
    ['{"a\\', '{"a\\'],
    [String.raw`{"\uZZ":1}`, String.raw`{"\uZZ":1}`],
    ['{"a":1}', '{"a":1}'],
  ])('makes of %s %s', (text, plain) => {
    expect(withPlainNames(text)).toEqual({ text: plain });
  });

  it.each([String.raw`{"\\":1}`, String.raw`{"a":{"\"":1}}`, String.raw`{"\u000a":1}`])('refuses %s', (text) => {
    expect(withPlainNames(text)).toHaveProperty('refused');
  });

  it('keeps the parser from reading a name that an earlier body had', () => {
    // As a token or anything else that is parsed in this process may have had it.
    for (let times = 0; times < 3; times += 1) JSON.parse(String.raw`{"a":1,"\\":2}`);
    const read = (text: string): unknown => readJson(Buffer.from(text));
    expect(read(String.raw`{"a":1,"\u0062":2}`)).toEqual({ a: 1, b: 2 });
    expect(() => read(String.raw`{"a":1,"\u0061":2}`)).toThrow('twice');
    expect(() => read(String.raw`{"a":1,"\\":2}`)).toThrow('backslash');
  });
});
