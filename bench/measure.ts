/** What one measurement gave, for a subject and the peer it is held against in the same run. */
export interface Comparison {
  readonly subject: number;
  readonly peer: number;
  /** Median of the rounds' ratios of subject to peer: both of a round saw the same machine. */
  readonly ratio: number;
}

export function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = Math.floor(sorted.length / 2);
  const [upper = NaN, lower = NaN] = [sorted[middle], sorted[sorted.length % 2 === 0 ? middle - 1 : middle]];
  return (upper + lower) / 2;
}

/**
 * Measures subject and peer in turn, `rounds` times, after one round of both that warms up and does not count. The one
 * that goes first changes with each round, so that neither always finds the disk as the other left it.
 */
export async function compare(
  rounds: number,
  subject: () => Promise<number>,
  peer: () => Promise<number>,
): Promise<Comparison> {
  const [subjects, peers]: [number[], number[]] = [[], []];
  for (let round = 0; round <= rounds; round += 1) {
    const peerFirst = round % 2 === 0 ? await peer() : undefined;
    const ofSubject = await subject();
    const ofPeer = peerFirst ?? (await peer());
    if (round === 0) continue;
    subjects.push(ofSubject);
    peers.push(ofPeer);
  }
  return {
    subject: median(subjects),
    peer: median(peers),
    ratio: median(subjects.map((value, index) => value / (peers[index] ?? NaN))),
  };
}

/** Things done per second of the work, given as their number. */
export async function perSecond(things: number, work: () => Promise<void> | void): Promise<number> {
  const start = performance.now();
  await work();
  return (things * 1_000) / (performance.now() - start);
}
