/** Something that is not as it has to be. */
export interface Finding {
  /** Undefined where it is about the whole. */
  readonly symbol: string | undefined;
  /** One readable line: where, and what is there in place of what. */
  readonly text: string;
}

/** What a proof found, symbol by symbol; keeps so many of each that memory and the terminal bear it. */
export class Findings {
  private readonly kept: Finding[] = [];
  private readonly counts = new Map<string | undefined, number>();

  constructor(private readonly most: number) {}

  add(symbol: string | undefined, text: string): void {
    const count = (this.counts.get(symbol) ?? 0) + 1;
    this.counts.set(symbol, count);
    if (count <= this.most) this.kept.push({ symbol, text });
  }

  /** How many there are, those included that were not kept. */
  count(symbol: string | undefined): number {
    return this.counts.get(symbol) ?? 0;
  }

  get total(): number {
    return [...this.counts.values()].reduce((sum, count) => sum + count, 0);
  }

  get list(): readonly Finding[] {
    return this.kept;
  }
}
