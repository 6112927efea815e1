export interface FakeAnswer {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

type Json = Record<string, unknown>;
type Verb = 'add' | 'create' | 'delete' | 'flush' | 'list';
type Step = readonly [Verb, string, Json];

interface FakeElement {
  readonly comment?: string;
  readonly timeout?: number;
  readonly addedMs: number;
}

/** The one table of the fake: enough of nf_tables for what the connector sends, and errors in nft's own words. */
interface FakeTable {
  exists: boolean;
  sets: Record<string, { readonly json: Json; elements: Record<string, FakeElement> }>;
  chains: Record<string, { readonly json: Json; rules: Json[] }>;
}

class FakeError extends Error {}

const MISSING = 'Error: No such file or directory';
const kernel = (words: string): FakeError => new FakeError(`Error: Could not process rule: ${words}`);

function needTable(table: FakeTable): void {
  if (!table.exists) throw new FakeError(MISSING);
}

function find<Value>(group: Record<string, Value>, name: unknown): Value {
  const found = group[String(name)];
  if (!found) throw new FakeError(MISSING);
  return found;
}

const fieldsOf = (listed: unknown): Json => {
  if (typeof listed === 'string') return { val: listed };
  const wrapper = listed as Json;
  return (wrapper.elem ?? { val: JSON.stringify(listed) }) as Json;
};

function changeElement(table: FakeTable, verb: Verb, { name, elem }: Json): void {
  const { elements } = find(table.sets, name);
  for (const { val, comment, timeout } of (elem as unknown[]).map(fieldsOf)) {
    const address = String(val);
    if (verb === 'create' && elements[address]) throw kernel('File exists');
    if (verb === 'delete' && !elements[address]) throw kernel('No such file or directory');
    if (verb === 'delete') delete elements[address];
    else
      elements[address] ??= { addedMs: Date.now(), ...(comment !== undefined && { comment, timeout }) } as FakeElement;
  }
}

function changeSet(table: FakeTable, verb: Verb, json: Json): void {
  const name = String(json.name);
  if (verb === 'create' && table.sets[name]) throw kernel('File exists');
  if (verb === 'flush') find(table.sets, name).elements = {};
  else if (verb === 'delete') delete table.sets[name];
  else table.sets[name] ??= { json, elements: {} };
}

function changeChain(table: FakeTable, verb: Verb, json: Json): void {
  const name = String(json.name);
  if (verb === 'create' && table.chains[name]) throw kernel('File exists');
  if (verb === 'flush') find(table.chains, name).rules = [];
  else if (verb === 'delete') delete table.chains[name];
  else table.chains[name] ??= { json, rules: [] };
}

function apply(table: FakeTable, verb: Verb, kind: string, json: Json): void {
  if (kind === 'table') {
    if (verb === 'delete') Object.assign(table, { exists: false, sets: {}, chains: {} });
    else table.exists = true;
    return;
  }
  needTable(table);
  if (kind === 'element') changeElement(table, verb, json);
  else if (kind === 'set') changeSet(table, verb, json);
  else if (kind === 'chain') changeChain(table, verb, json);
  else find(table.chains, json.chain).rules.push(json);
}

function elementJson([val, { comment, timeout }]: [string, FakeElement]): unknown {
  return val.startsWith('{')
    ? JSON.parse(val)
    : comment || timeout
      ? { elem: { val, timeout, expires: timeout, comment } }
      : val;
}

function listing(table: FakeTable, isTerse: boolean): string {
  const sets = Object.values(table.sets).map(({ json, elements }) => {
    const elem = Object.entries(elements).map(elementJson);
    return { set: isTerse || elem.length === 0 ? json : { ...json, elem } };
  });
  const chains = Object.values(table.chains);
  const objects = [
    { metainfo: { version: '1.0.6', json_schema_version: 1 } },
    ...(table.exists ? [{ table: { family: 'inet', name: 'interdict', handle: 1 } }] : []),
    ...sets,
    ...chains.map(({ json }) => ({ chain: json })),
    ...chains.flatMap(({ rules }) => rules.map((rule) => ({ rule }))),
  ];
  return JSON.stringify({ nftables: objects });
}

/** As nft 1.0.6 does, in its own language though JSON was asked for. */
function getElement(table: FakeTable, text: string): string {
  const [, , , , , name = '', , address = ''] = ['', ...text.split(' ')];
  needTable(table);
  const element = find(table.sets, name).elements[address];
  if (!element) throw kernel('No such file or directory');
  const time = element.timeout ? ` timeout ${element.timeout}s expires ${element.timeout}s` : '';
  const comment = element.comment ? ` comment "${element.comment}"` : '';
  return `table inet interdict {\n\tset ${name} {\n\t\telements = { ${address}${time}${comment} }\n\t}\n}\n`;
}

function stepsOf(json: string): Step[] {
  const { nftables: commands } = JSON.parse(json) as { nftables: Json[] };
  return commands.flatMap((command) =>
    Object.entries(command).flatMap(([verb, object]) =>
      Object.entries(object as Json).map(([kind, fields]): Step => [verb as Verb, kind, (fields ?? {}) as Json]),
    ),
  );
}

function dropExpired(table: FakeTable): void {
  for (const { elements } of Object.values(table.sets)) {
    for (const [address, { timeout, addedMs }] of Object.entries(elements)) {
      if (timeout !== undefined && addedMs + timeout * 1000 < Date.now()) delete elements[address];
    }
  }
}

function run(table: FakeTable, args: readonly string[], json: string): string {
  const last = args.at(-1) ?? '';
  if (last.startsWith('get element ')) return getElement(table, last);
  let stdout = '';
  for (const [verb, kind, fields] of stepsOf(json)) {
    if (verb !== 'list') apply(table, verb, kind, fields);
    else {
      if (kind === 'table') needTable(table);
      stdout += listing(table, args.includes('-t'));
    }
  }
  return stdout;
}

/** Carries runs of nft out, each whole or not at all. `json`: what stands in the last argument, or in its file. */
export function createFakeKernel(): (args: readonly string[], json: string) => FakeAnswer {
  let table: FakeTable = { exists: false, sets: {}, chains: {} };
  return (args, json) => {
    dropExpired(table);
    const draft = structuredClone(table);
    const before = listing(table, true);
    try {
      const stdout = run(draft, args, json);
      if (!args.includes('-c')) table = draft;
      return { code: 0, stdout, stderr: '' };
    } catch (error) {
      if (!(error instanceof FakeError)) throw error;
      return { code: 1, stdout: args.includes('-c') ? before : '', stderr: `internal:0:0-0: ${error.message}\n\n` };
    }
  };
}
