import { setTimeout as sleep } from 'node:timers/promises';
import { Controller, Get, Req, Res } from '@nestjs/common';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { RequestStatistics } from '../control/request-statistics';
import { brokenBody, resetBeforeAnswer } from '../faults/broken-body';
import { ARCHIVE_ROUTE } from '../faults/fault';
import { FaultRegistry } from '../faults/fault-registry';
import { archiveFileAt } from './archive-file';
import { orderedRefusal } from './ordered-refusal';
import { KlineArchive } from './kline-archive';

const ROOT = `${ARCHIVE_ROUTE}/`;
const CHECKSUM = '.CHECKSUM';
/** What the store behind the archive says of a name that it does not have. */
const NO_SUCH_KEY =
  '<?xml version="1.0" encoding="UTF-8"?>\n<Error><Code>NoSuchKey</Code><Message>The specified key does not exist.</Message></Error>';

/** The archive of daily and monthly files, which the exchange serves from a host of its own. */
@Controller(ARCHIVE_ROUTE)
export class ArchiveController {
  constructor(
    private readonly archive: KlineArchive,
    private readonly faults: FaultRegistry,
    private readonly statistics: RequestStatistics,
  ) {}

  @Get('*')
  async file(@Req() request: FastifyRequest, @Res() reply: FastifyReply): Promise<void> {
    this.statistics.requested(ARCHIVE_ROUTE);
    // Fastify has refused by now what cannot be decoded.
    const path = decodeURIComponent(request.url.split('?', 1)[0] ?? '').slice(ROOT.length);
    const isChecksum = path.endsWith(CHECKSUM);
    const file = archiveFileAt(isChecksum ? path.slice(0, -CHECKSUM.length) : path);
    const target = { path: ARCHIVE_ROUTE, symbols: file ? [file.symbol] : [] };
    if (resetBeforeAnswer(request.raw.socket, this.faults, target)) {
      reply.hijack();
      return;
    }
    const slow = this.faults.take('slow', target);
    if (slow !== undefined) {
      await sleep(slow.delay_ms, undefined, { ref: false });
    }
    const refusal = orderedRefusal(this.faults, target);
    if (refusal !== undefined) {
      const { status, type, headers = {}, body } = refusal;
      void reply.status(status).type(type).headers(headers).send(body);
      return;
    }
    const contents = file && (isChecksum ? this.archive.checksum(file) : this.archive.zip(file));
    if (contents === undefined) {
      void reply.status(404).type('application/xml').send(NO_SUCH_KEY);
      return;
    }
    void reply.type(isChecksum ? 'binary/octet-stream' : 'application/zip');
    const bytes = Buffer.from(contents as Uint8Array);
    // Only the zip is broken: it is what takes long enough for a connection to break.
    void reply.send(isChecksum ? bytes : brokenBody(bytes, { reply, faults: this.faults, target }));
  }
}
