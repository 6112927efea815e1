import { describe, expect, it } from 'vitest';
import { all, must, type Query, together, type Work } from './work.ts';

const ask = (name: string): Query<string> => ({ name, args: {} });

/** Answers each query with its own name; says what was asked in each step. */
function drive<Result>(work: Work<Result>): { readonly result: Result; readonly steps: readonly string[] } {
  const steps: string[] = [];
  let step = work.next();
  while (!step.done) {
    const names = step.value.map(({ name }) => name);
    steps.push(names.join(' '));
    step = work.next(names.map((name) => [name]));
  }
  return { result: step.value, steps };
}

function* chain(...names: readonly string[]): Work<string> {
  const got: string[] = [];
  for (const name of names) got.push(...(yield* all(ask(name))));
  return got.join('-');
}

function* pair(): Work<string> {
  const answers = yield [ask('p'), ask('q')];
  return answers.flat().join('+');
}

describe('works in step', () => {
  it('ask in one list what each of them asks next, and each gets its own answers', () => {
    const { result, steps } = drive(together([chain('a', 'b', 'c'), pair(), chain(), chain('x', 'y')]));
    expect(result).toEqual(['a-b-c', 'p+q', '', 'x-y']);
    expect(steps).toEqual(['a p q x', 'b y', 'c']);
  });

  it('may be in step within others', () => {
    const { result, steps } = drive(together([together([chain('a', 'b'), chain('c')]), together([chain('d', 'e')])]));
    expect(result).toEqual([['a-b', 'c'], ['d-e']]);
    expect(steps).toEqual(['a c d', 'b e']);
  });

  it('may not write one row, at whatever step of theirs, nor within others', () => {
    function* write(id: string, ...before: readonly string[]): Work<string> {
      const got = yield* chain(...before);
      yield* must({ name: 'save', args: { id } });
      return got;
    }
    const twice = 'Two works in step write the row r1: save.';
    expect(() => drive(together([write('r1'), write('r2'), write('r1')]))).toThrow(twice);
    expect(() => drive(together([write('r1'), write('r1', 'a', 'b')]))).toThrow(twice);
    expect(() => drive(together([together([write('r1'), chain('a')]), together([write('r1', 'b')])]))).toThrow(twice);
    function* again(): Work<string> {
      return (yield* write('r1')) + (yield* write('r1'));
    }
    expect(drive(together([again(), write('r2')])).steps).toEqual(['save save', 'save']);
  });

  it('asks nothing where there is nothing to run', () => {
    expect(drive(together([]))).toEqual({ result: [], steps: [] });
  });
});
