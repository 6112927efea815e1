/** Pairs of states, as they are found: they are many. */
export class Edges {
  #from = new Int32Array(1 << 16);
  #to = new Int32Array(1 << 16);
  #count = 0;

  add(from: number, to: number): void {
    if (this.#count === this.#from.length) {
      this.#from = grown(this.#from);
      this.#to = grown(this.#to);
    }
    this.#from[this.#count] = from;
    this.#to[this.#count] = to;
    this.#count += 1;
  }

  /** From which states one of `good` can be reached: 1 where that is so. */
  reaching(good: Uint8Array): Uint8Array {
    const { begins, sources } = this.#backwards(good.length);
    const reached = good.slice();
    const open = [...reached.keys()].filter((state) => reached[state] === 1);
    for (let state = open.pop(); state !== undefined; state = open.pop()) {
      for (const source of sources.subarray(begins[state], begins[state + 1])) {
        if (reached[source] === 1) continue;
        reached[source] = 1;
        open.push(source);
      }
    }
    return reached;
  }

  /** Where the edges into each state come from: those of one state stand together. */
  #backwards(states: number): { readonly begins: Int32Array; readonly sources: Int32Array } {
    const begins = new Int32Array(states + 1);
    const into = this.#to.subarray(0, this.#count);
    for (const to of into) begins[to + 1] = (begins[to + 1] ?? 0) + 1;
    for (let state = 0; state < states; state += 1) begins[state + 1] = (begins[state + 1] ?? 0) + (begins[state] ?? 0);
    const next = begins.slice();
    const sources = new Int32Array(this.#count);
    for (const [edge, to] of into.entries()) {
      const at = next[to] ?? 0;
      sources[at] = this.#from[edge] ?? 0;
      next[to] = at + 1;
    }
    return { begins, sources };
  }
}

function grown(numbers: Int32Array<ArrayBuffer>): Int32Array<ArrayBuffer> {
  const larger = new Int32Array(2 * numbers.length);
  larger.set(numbers);
  return larger;
}
