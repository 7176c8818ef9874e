import { Controller, Get, Res } from '@nestjs/common';
import { ApiOkResponse, ApiOperation, ApiProduces, ApiResponse, ApiTags } from '@nestjs/swagger';
import type { FastifyReply } from 'fastify';
import { Clock, DATA_PACKAGE_CHANGED_AT, dataPackage } from '@app/domain';
import { answerHeaders } from '../open-api/answer-headers';
import { AnswersProblems } from '../open-api/answers.decorator';
import { CsvResponder } from './csv-responder';
import { CsvFile, CsvSnapshot } from './csv-snapshot';

const content = { 'application/json': { schema: { type: 'object' }, example: dataPackage() } } as const;

/** What the tables are made of. It holds while this process runs, also when there is no store yet. */
@ApiTags('tables for BI tools')
@Controller('bi')
export class DatasetsController {
  private readonly snapshot: CsvSnapshot;

  constructor(
    private readonly responder: CsvResponder,
    clock: Clock,
  ) {
    const bytes = Buffer.from(`${JSON.stringify(dataPackage(), undefined, 2)}\n`, 'utf8');
    const file = new CsvFile(bytes, 'datasets.json', 'application/json; charset=utf-8');
    const dating = { lastModified: DATA_PACKAGE_CHANGED_AT, isDistinct: true, heldSince: clock.now() };
    this.snapshot = new CsvSnapshot(file, dating);
  }

  @Get('datasets.json')
  @ApiProduces('application/json')
  @ApiOperation({
    operationId: 'getDatasets',
    summary: 'The tables with their columns, types and units: a Frictionless data package.',
    description:
      'One resource for each table, in the order of the documentation, with its address, primary key and the columns in their ' +
      'order. It holds also while nothing is stored; columns are only ever added at the end of a table.',
  })
  @ApiOkResponse({
    description: 'The descriptor; paths of tables are relative to it.',
    content,
    headers: answerHeaders('ETag', 'Last-Modified', 'Cache-Control', 'Accept-Ranges'),
  })
  @ApiResponse({
    status: 206,
    description: 'The bytes asked for with `Range`: of the type of the whole, though a part of JSON is none.',
    headers: answerHeaders('ETag', 'Last-Modified', 'Cache-Control', 'Content-Range'),
  })
  @ApiResponse({
    status: 304,
    description: 'Unchanged since the `ETag` or date sent.',
    headers: answerHeaders('ETag', 'Last-Modified', 'Cache-Control'),
  })
  @AnswersProblems(416, 429)
  datasets(@Res() reply: FastifyReply): Promise<void> {
    return this.responder.sendSnapshot(reply, this.snapshot);
  }
}
