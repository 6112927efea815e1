import { createInterface } from 'node:readline';

/** What a caller of an SDK does with it, by name; what it gives back is told to the test. */
export type Scenarios = Readonly<Record<string, (input: never) => Promise<unknown>>>;

/** Dates stay recognisable: `{ "date": … }` tells that the SDK made a `Date` of it. */
const asJson = (value: unknown): string =>
  JSON.stringify(value, function (this: Record<string, unknown>, name, shown) {
    const given = this[name];
    if (given instanceof Date) return { date: given.toISOString() };
    if (given instanceof ArrayBuffer) return { bytes: Buffer.from(given).toString('base64') };
    if (given instanceof Map) return Object.fromEntries(given);
    return shown as unknown;
  });

/** What a `catch` of the caller's would see: Kiota throws plain objects, the older client errors. */
function describeThrown(thrown: unknown): unknown {
  const error = Object(thrown) as Record<string, unknown>;
  return { ...error, isError: thrown instanceof Error, name: error.name, message: error.message };
}

/** Reads one line per call, `{ name, input }`, and prints one per answer: `{ value }` or `{ thrown }`. */
export async function serveScenarios(scenarios: Scenarios): Promise<void> {
  for await (const line of createInterface({ input: process.stdin })) {
    const { name, input } = JSON.parse(line) as { readonly name: string; readonly input: never };
    const scenario = scenarios[name];
    if (scenario === undefined) throw new Error(`There is no scenario "${name}".`);
    const outcome = await scenario(input).then(
      (value) => ({ value }),
      (thrown: unknown) => ({ thrown: describeThrown(thrown) }),
    );
    process.stdout.write(`${asJson(outcome)}\n`);
  }
}
