import { ProblemError } from '../problem.error';
import { ADMISSION_LIMITS } from './admission-limits';
import { AnswerAdmission, type Admission } from './answer-admission';
import { AnswerScope, type CountedAnswer } from './answer-scope';

const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));
const WAIT_MS = 60_000;

describe('AnswerAdmission', () => {
  let admission: AnswerAdmission;
  let client: AnswerScope;
  let admitted: string[];
  let refused: string[];
  const made: Admission[] = [];

  function admit(
    name: string,
    answer: CountedAnswer | number,
    scopes: readonly AnswerScope[] = [client],
    waitMs = WAIT_MS,
  ) {
    const counted = typeof answer === 'number' ? { bytes: answer } : answer;
    const result = admission.admit(counted, [...scopes, admission.process], waitMs);
    result.admitted.then(
      () => admitted.push(name),
      (error: unknown) =>
        refused.push(`${name} ${error instanceof ProblemError ? error.problem.status : String(error)}`),
    );
    made.push(result);
    return result;
  }

  beforeEach(() => {
    admission = new AnswerAdmission({
      ...ADMISSION_LIMITS,
      processBytes: 100,
      clientBytes: 50,
      waitingBytes: 30,
      waitingRequests: 3,
    });
    client = new AnswerScope(1_000);
    [admitted, refused] = [[], []];
  });

  afterEach(() => {
    for (const { release } of made.splice(0)) release();
  });

  it('should admit what has room at once, and the others in their order as room is made', async () => {
    const first = admit('a', 60);
    admit('b', 40);
    admit('c', 30);
    admit('d', 30);
    await turn();
    expect(admitted).toEqual(['a', 'b']);
    first.release();
    await turn();
    expect(admitted).toEqual(['a', 'b', 'c', 'd']);
    expect(admission.process.bytes).toBe(100);
  });

  it('should not let smaller answers past one that waits for room in the process', async () => {
    admit('a', 60);
    admit('large', 90);
    admit('b', 10);
    await turn();
    expect(admitted).toEqual(['a']);
    made[0]?.release();
    await turn();
    expect(admitted).toEqual(['a', 'large', 'b']);
  });

  it('should let others past one whose client alone has no room', async () => {
    const [one, other] = [admission.enter('192.0.2.1'), admission.enter('192.0.2.2')];
    const first = admit('a', 40, [one]);
    admit('b', 20, [one]);
    admit('c', 20, [other]);
    await turn();
    expect(admitted).toEqual(['a', 'c']);
    expect([admission.isWanted(one), admission.isWanted(other), admission.isWanted(admission.process)]).toEqual([
      true,
      false,
      false,
    ]);
    first.release();
    await turn();
    expect(admitted).toEqual(['a', 'c', 'b']);
    expect(admission.isWanted(one)).toBe(false);
  });

  it('should count the same memory once, however many read it, until the last has taken it', async () => {
    const memory = new ArrayBuffer(80);
    const readers = ['a', 'b', 'c'].map((name) => admit(name, { bytes: 80, memory }));
    admit('other', 30);
    await turn();
    expect([admitted, admission.process.bytes]).toEqual([['a', 'b', 'c'], 80]);
    readers.forEach(({ release }, index) => {
      release();
      expect(admission.process.bytes).toBe(index < 2 ? 80 : 0);
    });
    await turn();
    expect(admitted).toContain('other');
  });

  it('should let one that is larger than the limit go alone', async () => {
    const first = admit('a', 10);
    const large = admit('larger than all', 500);
    admit('b', 10);
    await turn();
    expect(admitted).toEqual(['a']);
    first.release();
    await turn();
    expect(admitted).toEqual(['a', 'larger than all']);
    large.release();
    await turn();
    expect(admitted).toEqual(['a', 'larger than all', 'b']);
  });

  it('should wait for small answers too, which never wait themselves', async () => {
    admission.process.addSmall(90);
    admit('a', 20);
    await turn();
    expect(admitted).toEqual([]);
    admission.process.removeSmall(90);
    admission.released();
    await turn();
    expect(admitted).toEqual(['a']);
  });

  it('should refuse with a 503 that says when to ask again, when there is no room in time', async () => {
    admit('a', 100);
    const { admitted: late } = admit('b', 10, [client], 0);
    const error = await late.catch((reason: unknown) => reason);
    expect(error).toMatchObject({ problem: { status: 503, code: 'SERVER.BUSY', headers: { 'Retry-After': '30' } } });
    await turn();
    expect([refused, admission.waitingCount]).toEqual([['b 503'], 0]);
    made[0]?.release();
    admit('c', 100);
    await turn();
    expect(admitted).toEqual(['a', 'c']);
  });

  it('should refuse at once when too many wait', async () => {
    admit('a', 100);
    for (const name of ['b', 'c', 'd', 'e']) admit(name, 10);
    await turn();
    expect([refused, admission.waitingCount]).toEqual([['e 503'], 3]);
  });

  it('should hold only so many bytes of answers that are made and wait', async () => {
    admit('a', 100);
    const waiting = admission.admitMade({ bytes: 20 }, [admission.process], WAIT_MS);
    made.push(waiting);
    await expect(admission.admitMade({ bytes: 20 }, [admission.process], WAIT_MS).admitted).rejects.toThrow(
      ProblemError,
    );
    made[0]?.release();
    await waiting.admitted;
    expect(admission.process.bytes).toBe(20);
    waiting.release();
    await admission.admitMade({ bytes: 20 }, [admission.process], WAIT_MS).admitted;
  });

  it('should forget who is gone while he waits, and go on with the others', async () => {
    const first = admit('a', 100);
    const gone = admit('gone', 100);
    admit('b', 50);
    gone.release();
    first.release();
    await turn();
    expect([admitted, refused]).toEqual([['a', 'b'], ['gone 499']]);
    gone.release();
    expect(admission.process.bytes).toBe(50);
  });

  it('should refuse all who wait, and whoever comes, once the process stops', async () => {
    admit('a', 100);
    admit('b', 10);
    admission.close();
    admit('c', 10);
    await turn();
    expect([admitted, refused]).toEqual([['a'], ['b 503', 'c 503']]);
  });

  it('should forget clients that have no answers', () => {
    const scope = admission.enter('192.0.2.1');
    expect(admission.enter('192.0.2.1')).toBe(scope);
    admission.exit(scope);
    expect(admission.enter('192.0.2.1')).toBe(scope);
    admission.exit(scope);
    admission.exit(scope);
    expect(admission.enter('192.0.2.1')).not.toBe(scope);
  });

  describe('of what is made', () => {
    const scopes = (): AnswerScope[] => [client, admission.making];

    beforeEach(() => {
      admission = new AnswerAdmission({ ...ADMISSION_LIMITS, makingBytes: 20, processBytes: 100 });
    });

    it('should be few at once, whatever room there is for what they become', async () => {
      const first = admit('a', 15, scopes());
      const second = admit('b', 15, scopes());
      admit('c', 15);
      await turn();
      expect(admitted).toEqual(['a', 'c']);
      first.release();
      await turn();
      expect(admitted).toEqual(['a', 'c', 'b']);
      second.release();
      expect(admission.making.bytes).toBe(0);
    });

    it('should keep the order in which it was asked for, so that small ones do not pass a large one for ever', async () => {
      const first = admit('a', 15, scopes());
      admit('large', 18, scopes());
      admit('small', 2, scopes());
      await turn();
      expect(admitted).toEqual(['a']);
      first.release();
      await turn();
      expect(admitted).toEqual(['a', 'large', 'small']);
    });

    it('should be one that is larger than the limit when no other large one is made', async () => {
      const huge = admit('huge', 50, scopes());
      admit('next', 15, scopes());
      await turn();
      expect(admitted).toEqual(['huge']);
      huge.release();
      await turn();
      expect(admitted).toEqual(['huge', 'next']);
    });
  });
});
