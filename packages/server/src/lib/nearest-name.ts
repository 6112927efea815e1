/** Distance row by row; `beforeLast` makes a swap of neighbours cost one. */
function nextRow(a: string, b: string, row: number, last: readonly number[], beforeLast: readonly number[]): number[] {
  const current = [row];
  for (let column = 1; column <= b.length; column += 1) {
    const replaced = (last[column - 1] ?? 0) + (a[row - 1] === b[column - 1] ? 0 : 1);
    const swap = a[row - 1] === b[column - 2] && a[row - 2] === b[column - 1];
    const swapped = swap && row > 1 ? (beforeLast[column - 2] ?? 0) + 1 : replaced;
    current.push(Math.min((last[column] ?? 0) + 1, (current[column - 1] ?? 0) + 1, replaced, swapped));
  }
  return current;
}

/** Number of single-letter insertions, deletions, replacements and neighbour swaps between two texts. */
export function editDistance(a: string, b: string): number {
  let beforeLast: number[] = [];
  let last = Array.from({ length: b.length + 1 }, (_, column) => column);
  for (let row = 1; row <= a.length; row += 1) {
    const current = nextRow(a, b, row, last, beforeLast);
    beforeLast = last;
    last = current;
  }
  return last[b.length] ?? 0;
}

/** The known name that a mistyped one most likely meant; undefined when none is near. Case is ignored. */
export function nearestName(mistyped: string, known: readonly string[]): string | undefined {
  if (mistyped.length > 64) return undefined;
  const lower = mistyped.toLowerCase();
  const most = (name: string): number => Math.max(2, Math.floor(name.length / 3));
  const ranked = known
    // The difference of their lengths is the least that the distance can be.
    .filter((name) => Math.abs(name.length - lower.length) <= most(name))
    .map((name) => ({ name, distance: editDistance(lower, name.toLowerCase()) }))
    .filter(({ name, distance }) => distance <= most(name))
    .sort((a, b) => a.distance - b.distance);
  return ranked[0]?.name;
}

/** ` Did you mean "x"?`, or nothing: to be put behind a sentence. */
export function didYouMean(mistyped: string, known: readonly string[]): string {
  const near = nearestName(mistyped, known);
  return near === undefined ? '' : ` Did you mean "${near}"?`;
}
