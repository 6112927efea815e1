interface Node {
  /** How many entries end here. */
  count: number;
  readonly children: Map<string, Node>;
}

const createNode = (): Node => ({ count: 0, children: new Map() });

/** Paths of steps, each as often as it was added. A look-up costs the steps of what is looked up, however much is held. */
export class CountedTrie {
  readonly #root = createNode();

  add(steps: readonly string[]): void {
    let node = this.#root;
    for (const step of steps) {
      const next = node.children.get(step) ?? createNode();
      node.children.set(step, next);
      node = next;
    }
    node.count += 1;
  }

  /** Of what was added. Branches that hold nothing any more go with it. */
  remove(steps: readonly string[]): void {
    const passed: Node[] = [this.#root];
    for (const step of steps) {
      const next = passed.at(-1)?.children.get(step);
      if (!next) return;
      passed.push(next);
    }
    const last = passed.at(-1);
    if (last) last.count -= 1;
    for (let depth = steps.length; depth > 0; depth -= 1) {
      const { count, children } = passed[depth] ?? createNode();
      if (count > 0 || children.size > 0) return;
      passed[depth - 1]?.children.delete(steps[depth - 1] ?? '');
    }
  }

  /** Whether an entry is the beginning of these steps. An entry whose last step is empty needs a further step only. */
  covers(steps: readonly string[]): boolean {
    let node = this.#root;
    for (const step of steps) {
      if ((node.children.get('')?.count ?? 0) > 0) return true;
      const next = node.children.get(step);
      if (!next) return false;
      if (next.count > 0) return true;
      node = next;
    }
    return false;
  }
}
