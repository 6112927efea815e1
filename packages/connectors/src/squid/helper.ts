/**
 * An external ACL helper of Squid: `node helper.ts LIST [open]`. A request that is blocked matches. While the list cannot
 * be read and never was, nothing is told (`BH`, which Squid refuses), or with `open` nothing is blocked.
 * Reads `<channel> <uri> <method> <probe>`, one a line; needs nothing but Node.
 */
import { BlockList } from './block-list.ts';
import { judge } from './judge.ts';

const [file = '', whenUnreadable = 'closed'] = process.argv.slice(2);
/** Squid takes 64 KB of URL, and may escape each byte of it. */
const MOST_LINE = 256 * 1024;
const list = new BlockList(file);
let wasRead = false;

async function answer(line: string): Promise<string> {
  const [channel = '', uri = '', method = '', probe = ''] = line.split(' ');
  if (!/^\d{1,10}$/.test(channel)) return '';
  try {
    await list.refresh();
    wasRead = true;
  } catch {
    if (!wasRead && whenUnreadable !== 'open') return `${channel} BH message="The list cannot be read."\n`;
  }
  const { isRefused, verdict } = judge(list, { method, uri, probe });
  if (!isRefused) return `${channel} ERR\n`;
  return verdict ? `${channel} OK interdict=${verdict}\n` : `${channel} OK\n`;
}

let rest = '';
let isTooLong = false;
process.stdin.setEncoding('latin1').on('data', (chunk: string) => {
  const lines = (rest + chunk).split('\n');
  rest = lines.pop() ?? '';
  for (const line of lines.slice(isTooLong ? 1 : 0)) {
    answer(line).then(
      (text) => process.stdout.write(text),
      () => undefined,
    );
  }
  if (lines.length > 0) isTooLong = false;
  if (rest.length > MOST_LINE) [rest, isTooLong] = ['', true];
});
// Squid is gone, or wants this helper no more.
process.stdout.on('error', () => process.exit());
