import { gzipSync, zstdCompressSync } from 'node:zlib';
import fc from 'fast-check';
import { CompressionCodecs, CompressionTypes, type KafkaMessage } from 'kafkajs';
import { registerCodecs } from './codecs';
import { CompressionError } from './compression.error';
import { unpackLz4 } from './lz4';
import { unpackSnappy } from './snappy';
import { unreadableBatchIn } from './unreadable-batch';

const LINE = '{"symbol":"BTCUSDT","lastPrice":"68001.20","note":"币安 é"}\n';
const LIMIT = 1_048_576;

const bytesOf = (base64: string): Buffer => Buffer.from(base64, 'base64');

/** Three hundred bytes of chance, which nothing makes smaller. */
const DENSE = bytesOf(
  'mRcPuxg0d6NalMm/OQt3AgnTKlldSph9QfSz5ZJHGr4FGUu1XcqzkQAWF1qhR+Hz6Y7oHt9/rkC/55PZ/O1SsgLjTRXlxMqvFm/C7c6k+xtl4kCk6USzHQcF5si3HPi9/JfGlmkwWLIu3RR58ZUyl+HIIUGmpG2ZNkz0YbMXyZ/uYUzFp0sCn4+BTjjZOZW2lKohUIR4kdddqN3dxGQ0r+tQeBrgQ2T5s6PzcH6reUcLo8iFtmxJmADaZBoipCDumYnsmFkB5BbJw4+/euIqAKQXTGS1FE3GmDHC1en4x9yxw6J22gPFxTR92HKLI0JzFJ626bsP9fQRGgIcmgFoqYEYHJoyTwrsCTlaMhMBjr3iMrabRj3/6UxzupyZYMgLaiFMx7Bn+QKVsBgK',
);

/** Written by lz4-java 1.10.1 (LZ4FrameOutputStream, blocks of 64 KB) as Kafka's clients and brokers call it. */
const LZ4 = {
  line: 'BCJNGGBAgj8AAIB7InN5bWJvbCI6IkJUQ1VTRFQiLCJsYXN0UHJpY2UiOiI2ODAwMS4yMCIsIm5vdGUiOiLluIHlrokgw6kifQoAAAAA',
  withContentChecksum:
    'BCJNGGRApz8AAIB7InN5bWJvbCI6IkJUQ1VTRFQiLCJsYXN0UHJpY2UiOiI2ODAwMS4yMCIsIm5vdGUiOiLluIHlrokgw6kifQoAAAAA9KDbOQ==',
  /** The line 3,000 times: several blocks, matches that overlap what they make. */
  repeated:
    'BCJNGGBAgkkBAADwIHsic3ltYm9sIjoiQlRDVVNEVCIsImxhc3RQcmljZSI6IjY4MDAxLjIwIiwibm90EgDP5biB5a6JIMOpIn0KPwD/////////////////////////////////////////////////////////////////////////////////////////////////////////////////////////////////////////////////////////////////////////////////////////////////////////////////////////////////////////////////////////////////////////////////////////////////////////////////////////////////////////////////////qVBCVENVU0oBAADwEERUIiwibGFzdFByaWNlIjoiNjgwMDEuMjAiLCJub3QSAP8N5biB5a6JIMOpIn0KeyJzeW1ib2wiOiJCVENVUz8A/////////////////////////////////////////////////////////////////////////////////////////////////////////////////////////////////////////////////////////////////////////////////////////////////////////////////////////////////////////////////////////////////////////////////////////////////////////////////////////////////////////////////////6lQaWNlIjosAQAA8C0iNjgwMDEuMjAiLCJub3RlIjoi5biB5a6JIMOpIn0KeyJzeW1ib2wiOiJCVENVU0RUIiwibGFzdFByaWMtAA8/AP/////////////////////////////////////////////////////////////////////////////////////////////////////////////////////////////////////////////////////////////////////////////////////////////////////////////////////////////////////////////////////////////////////////////////////////////////////////////SUMOpIn0KAAAAAA==',
  dense:
    'BCJNGGBAgiwBAICZFw+7GDR3o1qUyb85C3cCCdMqWV1KmH1B9LPlkkcavgUZS7VdyrORABYXWqFH4fPpjuge33+uQL/nk9n87VKyAuNNFeXEyq8Wb8LtzqT7G2XiQKTpRLMdBwXmyLcc+L38l8aWaTBYsi7dFHnxlTKX4cghQaakbZk2TPRhsxfJn+5hTMWnSwKfj4FOONk5lbaUqiFQhHiR112o3d3EZDSv61B4GuBDZPmzo/Nwfqt5RwujyIW2bEmYANpkGiKkIO6ZieyYWQHkFsnDj7964ioApBdMZLUUTcaYMcLV6fjH3LHDonbaA8XFNH3YcosjQnMUnrbpuw/19BEaAhyaAWipgRgcmjJPCuwJOVoyEwGOveIytptGPf/pTHO6nJlgyAtqIUzHsGf5ApWwGAoAAAAA',
};

/** Written by snappy-java 1.1.10.7: SnappyOutputStream, and bare blocks as librdkafka sends them. */
const SNAPPY = {
  line: 'glNOQVBQWQAAAAABAAAAAQAAAEI/8D57InN5bWJvbCI6IkJUQ1VTRFQiLCJsYXN0UHJpY2UiOiI2ODAwMS4yMCIsIm5vdGUiOiLluIHlrokgw6kifQo=',
  dense:
    'glNOQVBQWQAAAAABAAAAAQAAATGsAvQrAZkXD7sYNHejWpTJvzkLdwIJ0ypZXUqYfUH0s+WSRxq+BRlLtV3Ks5EAFhdaoUfh8+mO6B7ff65Av+eT2fztUrIC400V5cTKrxZvwu3OpPsbZeJApOlEsx0HBebItxz4vfyXxpZpMFiyLt0UefGVMpfhyCFBpqRtmTZM9GGzF8mf7mFMxadLAp+PgU442TmVtpSqIVCEeJHXXajd3cRkNK/rUHga4ENk+bOj83B+q3lHC6PIhbZsSZgA2mQaIqQg7pmJ7JhZAeQWycOPv3riKgCkF0xktRRNxpgxwtXp+MfcscOidtoDxcU0fdhyiyNCcxSetum7D/X0ERoCHJoBaKmBGByaMk8K7Ak5WjITAY694jK2m0Y9/+lMc7qcmWDIC2ohTMewZ/kClbAYCg==',
  repeated:
    'glNOQVBQWQAAAAABAAAAAQAAALbYE7h7InN5bWJvbCI6IkJUQ1VTRFQiLCJsYXN0UHJpY2UiOiI2ODAwMS4yMCIsIm5vdAESLOW4geWuiSDDqSJ9Cv4/AP4/AP4/AP4/AP4/AP4/AP4/AP4/AP4/AP4/AP4/AP4/AP4/AP4/AP4/AP4/AP4/AP4/AP4/AP4/AP4/AP4/AP4/AP4/AP4/AP4/AP4/AP4/AP4/AP4/AP4/AP4/AP4/AP4/AP4/AP4/AP4/AP4/AGI/AA==',
  bareLine: 'P/A+eyJzeW1ib2wiOiJCVENVU0RUIiwibGFzdFByaWNlIjoiNjgwMDEuMjAiLCJub3RlIjoi5biB5a6JIMOpIn0K',
  bareRepeated:
    '2BO4eyJzeW1ib2wiOiJCVENVU0RUIiwibGFzdFByaWNlIjoiNjgwMDEuMjAiLCJub3QBEizluIHlrokgw6kifQr+PwD+PwD+PwD+PwD+PwD+PwD+PwD+PwD+PwD+PwD+PwD+PwD+PwD+PwD+PwD+PwD+PwD+PwD+PwD+PwD+PwD+PwD+PwD+PwD+PwD+PwD+PwD+PwD+PwD+PwD+PwD+PwD+PwD+PwD+PwD+PwD+PwD+PwBiPwA=',
};

describe('unpackLz4', () => {
  it.each([
    ['a short frame', LZ4.line, LINE],
    ['a frame with a checksum of its contents', LZ4.withContentChecksum, LINE],
    ['blocks full of repetitions', LZ4.repeated, LINE.repeat(3_000)],
  ])('should unpack %s', (_what, packed, text) => {
    expect(unpackLz4(bytesOf(packed), LIMIT).toString('utf8')).toBe(text);
  });

  it('should unpack bytes that could not be made smaller, and frames one after the other', () => {
    expect(unpackLz4(bytesOf(LZ4.dense), LIMIT)).toEqual(DENSE);
    const both = Buffer.concat([bytesOf(LZ4.line), bytesOf(LZ4.dense)]);
    expect(unpackLz4(both, LIMIT)).toEqual(Buffer.concat([Buffer.from(LINE), DENSE]));
    expect(unpackLz4(Buffer.alloc(0), LIMIT)).toHaveLength(0);
  });

  it('should not unpack more than it may', () => {
    expect(() => unpackLz4(bytesOf(LZ4.repeated), 100_000)).toThrow('larger than 100000 bytes');
  });
});

describe('unpackSnappy', () => {
  it.each([
    ['the framing of the Java clients', SNAPPY.line, LINE],
    ['the framing of the Java clients with repetitions', SNAPPY.repeated, LINE.repeat(40)],
    ['a bare block', SNAPPY.bareLine, LINE],
    ['a bare block with repetitions', SNAPPY.bareRepeated, LINE.repeat(40)],
  ])('should unpack %s', async (_what, packed, text) => {
    expect((await unpackSnappy(bytesOf(packed), LIMIT)).toString('utf8')).toBe(text);
  });

  it('should unpack bytes that could not be made smaller, and several blocks of one frame', async () => {
    expect(await unpackSnappy(bytesOf(SNAPPY.dense), LIMIT)).toEqual(DENSE);
    const framed = bytesOf(SNAPPY.line);
    const twice = Buffer.concat([framed, framed.subarray(16)]);
    expect((await unpackSnappy(twice, LIMIT)).toString('utf8')).toBe(LINE + LINE);
  });

  it('should not unpack more than it may, nor believe a length', async () => {
    await expect(unpackSnappy(bytesOf(SNAPPY.bareRepeated), 1_000)).rejects.toThrow('larger than 1000 bytes');
    await expect(unpackSnappy(Buffer.from([0xff, 0xff, 0xff, 0xff, 0x0f, 0]), LIMIT)).rejects.toThrow('larger than');
  });
});

describe('damaged bytes', () => {
  const flips = fc.array(fc.tuple(fc.nat(), fc.integer({ min: 1, max: 255 })), { maxLength: 4 });
  const damage = (packed: string, changes: readonly (readonly [number, number])[], cut: number): Buffer => {
    const bytes = bytesOf(packed);
    for (const [at, mask] of changes) bytes.writeUInt8(bytes.readUInt8(at % bytes.length) ^ mask, at % bytes.length);
    return bytes.subarray(0, bytes.length - (cut % bytes.length));
  };

  it.each(Object.entries(LZ4))('should end in an error that says so, or in bounded bytes: lz4, %s', (_name, packed) => {
    fc.assert(
      fc.property(flips, fc.nat(20), (changes, cut) => {
        try {
          expect(unpackLz4(damage(packed, changes, cut), LIMIT).length).toBeLessThanOrEqual(LIMIT);
        } catch (error) {
          expect(error).toBeInstanceOf(CompressionError);
        }
      }),
    );
  });

  it.each(Object.entries(SNAPPY))(
    'should end in an error that says so, or in bounded bytes: snappy, %s',
    async (_name, packed) => {
      await fc.assert(
        fc.asyncProperty(flips, fc.nat(20), async (changes, cut) => {
          const outcome = await unpackSnappy(damage(packed, changes, cut), LIMIT).catch((error: unknown) => error);
          if (outcome instanceof Buffer) expect(outcome.length).toBeLessThanOrEqual(LIMIT);
          else expect(outcome).toBeInstanceOf(CompressionError);
        }),
      );
    },
  );
});

describe('codecs of kafkajs', () => {
  registerCodecs();
  type CodecNumber = keyof typeof CompressionCodecs;
  interface KafkajsCodec {
    compress(encoder: { buffer: Buffer }): Promise<Buffer>;
    decompress(bytes: Buffer): Promise<Buffer>;
  }
  const codecOf = (type: CodecNumber): KafkajsCodec => (CompressionCodecs[type] as () => KafkajsCodec)();

  /** A record batch as kafkajs has it in memory, with the compressed records at its end. */
  function batchWith(records: Buffer, { count = 3, firstOffset = 41, lastOffsetDelta = 2, magic = 2 } = {}): Buffer {
    const memory = Buffer.alloc(100 + 61 + records.length);
    memory.writeBigInt64BE(BigInt(firstOffset), 100);
    memory.writeInt8(magic, 116);
    memory.writeInt32BE(lastOffsetDelta, 123);
    memory.writeInt32BE(count, 157);
    records.copy(memory, 161);
    return memory.subarray(161);
  }

  it.each([
    ['gzip', CompressionTypes.GZIP, gzipSync(LINE)],
    ['snappy', CompressionTypes.Snappy, bytesOf(SNAPPY.line)],
    ['lz4', CompressionTypes.LZ4, bytesOf(LZ4.line)],
    ['zstd', CompressionTypes.ZSTD, zstdCompressSync(LINE)],
  ] as const)('should read %s', async (_name, type, packed) => {
    expect((await codecOf(type).decompress(packed)).toString('utf8')).toBe(LINE);
  });

  it('should write what Node itself can, for producers that ask for it', async () => {
    for (const type of [CompressionTypes.GZIP, CompressionTypes.ZSTD] as const) {
      const packed = await codecOf(type).compress({ buffer: Buffer.from(LINE) });
      expect((await codecOf(type).decompress(packed)).toString('utf8')).toBe(LINE);
    }
    await expect(codecOf(CompressionTypes.LZ4).compress({ buffer: Buffer.from(LINE) })).rejects.toThrow(
      'lz4 is read, not written',
    );
  });

  it.each([
    ['gzip', CompressionTypes.GZIP, /^gzip: /],
    ['snappy', CompressionTypes.Snappy, /^snappy: a Snappy block/],
    ['lz4', CompressionTypes.LZ4, /^lz4: no LZ4 frame begins/],
    ['zstd', CompressionTypes.ZSTD, /^zstd: /],
  ] as const)(
    'should put messages that say why in the place of a batch of %s that is damaged',
    async (_n, type, why) => {
      const records = await codecOf(type).decompress(batchWith(Buffer.alloc(40, 0xfe)));
      expect(records.length % 3).toBe(0);
      const one = records.subarray(0, records.length / 3);
      expect(Buffer.concat([one, one, one])).toEqual(records);
      // Behind its length: attributes, time, the batch's last offset, and the length of the key.
      expect([...one.subarray(2, 5)]).toEqual([0, 0, 4]);
      const key = one.subarray(6, 38);
      // Any byte may be in the key.
      const value = one.subarray(one.indexOf('{', 38), one.lastIndexOf('}') + 1);
      const message: Pick<KafkaMessage, 'key' | 'value'> = { key, value };
      expect(unreadableBatchIn(message)).toEqual({ firstOffset: 41, reason: expect.stringMatching(why) as string });
      expect(unreadableBatchIn({ key: Buffer.from('BTCUSDT'), value })).toBeUndefined();
      expect(unreadableBatchIn({ key: null, value: null })).toBeUndefined();
    },
  );

  it.each([{ magic: 1 }, { count: 0 }, { count: 5, lastOffsetDelta: 2 }])(
    'should throw where no header lies before the bytes that it knows: %j',
    async (header) => {
      const codec = codecOf(CompressionTypes.ZSTD);
      await expect(codec.decompress(batchWith(Buffer.alloc(40, 0xfe), header))).rejects.toThrow(CompressionError);
    },
  );
});
