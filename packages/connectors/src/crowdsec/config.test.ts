import { describe, expect, it } from 'vitest';
import { Secret } from '../secret.ts';
import { parseConfig } from './config.ts';
import { crowdsec } from './connector.ts';

const OWN = { url: 'http://127.0.0.1:8080', password: new Secret('secret word'), bouncerKey: new Secret('a key') };
const parse = (own: Readonly<Record<string, unknown>>) => parseConfig({ name: 'edge', own: { ...OWN, ...own } });

describe('the configuration of crowdsec', () => {
  it('has defaults for all but the address and the secrets', () => {
    const config = parse({});
    expect(config.machine).toBe('interdict');
    expect(config.bouncerMs).toBe(11_000);
    expect(config.graceMs).toBe(3_600_000);
    expect(config.ranges).toBe(false);
    expect(parse({ bouncerInterval: 'PT0S' }).bouncerMs).toBe(0);
  });

  for (const [name, own, sentence] of [
    ['another protocol', { url: 'unix:///run/crowdsec.sock' }, 'no http or https URL'],
    ['no URL', { url: 'crowdsec' }, 'no http or https URL'],
    ['a path', { url: 'http://127.0.0.1:8080/v1' }, 'more than an origin'],
    ['a password in it', { url: 'http://me:secret@127.0.0.1' }, 'set machine and password'],
    ['plain http to another machine', { url: 'http://192.0.2.1:8080' }, 'set allowHttp: true'],
    ['no password', { password: undefined }, 'needs password'],
    ['an empty key', { bouncerKey: new Secret('') }, 'needs bouncerKey'],
    ['a key that is no header', { bouncerKey: new Secret('a\r\nkey') }, 'no header could hold it'],
    ['an interval that is none', { bouncerInterval: '10s' }, 'a duration like'],
    ['a short grace', { grace: 'PT5S' }, 'under a minute'],
  ] as const) {
    it(`refuses ${name} in one sentence without a secret`, () => {
      expect(() => parse(own)).toThrow(sentence);
      expect(() => parse(own)).not.toThrow(/secret word|a\r|me:/);
    });
  }

  it('takes https anywhere, http within the machine, and beyond it where that is allowed', () => {
    for (const url of ['https://crowdsec.example', 'http://localhost:8080', 'http://[::1]:8080']) parse({ url });
    parse({ url: 'http://crowdsec.example:8080', allowHttp: true });
  });

  it('names its host, so that nobody blocks it, and what two providers must not share', () => {
    const settings = { name: 'edge', own: { ...OWN, url: 'http://[::1]:8080/' } };
    expect(crowdsec.hostsOf?.(settings)).toEqual(['::1']);
    expect(crowdsec.exclusiveOf?.(settings)).toContain('[::1]:8080');
  });
});
