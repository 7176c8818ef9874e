import { Controller, Get, Param, Req, Res } from '@nestjs/common';
import {
  ApiExtraModels,
  ApiOkResponse,
  ApiOperation,
  ApiParam,
  ApiProduces,
  ApiResponse,
  ApiTags,
  getSchemaPath,
} from '@nestjs/swagger';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { PublishedBuilds, type PublishedBuild } from '@app/bi';
import { formatMillisTime } from '@app/domain';
import { PublicAddress } from '@app/http';
import { isNotModified, weakTag } from '../bi/request-conditions';
import { answerHeaders } from '../open-api/answer-headers';
import { AnswersProblems } from '../open-api/answers.decorator';
import { BUILD_LIST_EXAMPLE, BuildListDto, type BuildItem } from './build-list.dto';
import { AnswersNoBuildYet, AnswersNoSuchBuild, noBuildYet, noSuchBuild, noSuchFile } from './build-problems';
import { sendFile } from './file-answer';

const FILE_HEADERS = ['ETag', 'Last-Modified', 'Cache-Control', 'Accept-Ranges'] as const;
const FILE_CONTENT = Object.fromEntries(
  ['application/vnd.apache.parquet', 'text/csv', 'application/json'].map((type) => [
    type,
    { schema: { type: 'string', format: 'binary' }, example: type === 'text/csv' ? 'date,symbol,open\r\n' : 'PAR1' },
  ]),
);

const FILE_PARAM = {
  name: 'file',
  description: 'A table with `.parquet` or `.csv`, or `datapackage.json`.',
  example: 'hourly_ohlcv.parquet',
};

/** Builds of the BI tables as files, for tools that read files from addresses. Unknown parameters are ignored. */
@ApiTags('files')
@Controller()
export class DataController {
  constructor(
    private readonly builds: PublishedBuilds,
    private readonly address: PublicAddress,
  ) {}

  // Nest takes one slash off the end of a path.
  @Get('data//')
  @ApiOperation({
    operationId: 'getBuilds',
    summary: 'The builds of the BI tables, newest first, with their files.',
    description:
      'Each build has every table as Parquet and CSV, and `datapackage.json`; of each file it has the address, bytes, SHA-256 and rows. ' +
      '`latest` marks the build that `/data/latest/` leads to. Older builds are removed after a while: address by ' +
      '`/data/latest/` what is to stay readable.',
  })
  @ApiExtraModels(BuildListDto)
  @ApiOkResponse({
    description: 'Every build that is kept. Files never change under their address.',
    headers: answerHeaders('ETag', 'Cache-Control'),
    content: { 'application/json': { schema: { $ref: getSchemaPath(BuildListDto) }, example: BUILD_LIST_EXAMPLE } },
  })
  @ApiResponse({ status: 304, description: 'Unchanged since the `ETag` sent.', headers: answerHeaders('ETag') })
  @AnswersProblems(429)
  async list(@Req() request: FastifyRequest, @Res() reply: FastifyReply): Promise<void> {
    const prefix = this.address.prefixOf(request);
    const data = (await this.builds.all()).map((build) => listed(build, prefix));
    const bytes = Buffer.from(JSON.stringify({ data }));
    const etag = weakTag(bytes);
    reply.headers({ etag, 'cache-control': 'no-cache' });
    this.address.varyByPrefix(reply);
    if (isNotModified(request.headers, etag, () => false)) await reply.code(304).send();
    else await reply.header('content-type', 'application/json; charset=utf-8').send(bytes);
  }

  @Get('data/latest/:file')
  @ApiOperation({
    operationId: 'getLatestFile',
    summary: 'Leads to a file of the newest build.',
    description: 'A redirect to the address under which the file never changes. The query is kept.',
  })
  @ApiParam(FILE_PARAM)
  @ApiResponse({
    status: 302,
    description: 'Where the file of the newest build is.',
    headers: answerHeaders('Location', 'Cache-Control'),
  })
  @AnswersNoBuildYet()
  @AnswersProblems(414, 429)
  async latest(
    @Param('file') name: string,
    @Req() request: FastifyRequest,
    @Res() reply: FastifyReply,
  ): Promise<void> {
    const build = await this.builds.latest();
    if (!build) throw noBuildYet();
    if (!build.files.some((file) => file.name === name)) throw noSuchFile(build);
    const query = /\?[^#]*/.exec(request.originalUrl)?.[0] ?? '';
    this.address.varyByPrefix(reply);
    await reply
      .code(302)
      .headers({ location: addressOf(this.address.prefixOf(request), build, name) + query, 'cache-control': 'no-cache' })
      .send();
  }

  @Get('data/:build/:file')
  @ApiProduces('application/vnd.apache.parquet', 'text/csv', 'application/json')
  @ApiOperation({
    operationId: 'getFile',
    summary: 'A file of a build, whole or in parts.',
    description:
      'The same bytes for ever. Single byte ranges are served, those from the end (`bytes=-N`) too; a HEAD with a `Range` ' +
      'is answered by 206 and the headers of the part. DuckDB, polars and pyarrow read Parquet from the address.',
  })
  @ApiParam({ name: 'build', description: 'Name of a build in `/data/`.', example: BUILD_LIST_EXAMPLE.data[0].build })
  @ApiParam(FILE_PARAM)
  @ApiOkResponse({ description: 'The file.', headers: answerHeaders(...FILE_HEADERS), content: FILE_CONTENT })
  @ApiResponse({
    status: 206,
    description: 'The bytes asked for with `Range`.',
    headers: answerHeaders(...FILE_HEADERS, 'Content-Range'),
    content: FILE_CONTENT,
  })
  @ApiResponse({
    status: 304,
    description: 'The file that was sent before, by its `ETag` or date.',
    headers: answerHeaders('ETag', 'Last-Modified', 'Cache-Control'),
  })
  @AnswersNoSuchBuild()
  @AnswersProblems(414, 416, 429, 503)
  async file(
    @Param('build') buildName: string,
    @Param('file') name: string,
    @Res() reply: FastifyReply,
  ): Promise<void> {
    const build = await this.builds.named(buildName);
    if (!build) throw noSuchBuild();
    const file = build.files.find((candidate) => candidate.name === name);
    if (!file) throw noSuchFile(build);
    if (!(await sendFile(reply, build, file))) throw noSuchBuild();
  }
}

function addressOf(prefix: string, build: PublishedBuild, file: string): string {
  return `${prefix}/data/${build.name}/${file}`;
}

function listed(build: PublishedBuild, prefix: string): BuildItem {
  return {
    build: build.name,
    made_at: formatMillisTime(build.madeAt),
    latest: build.isLatest,
    files: build.files.map(({ name, bytes, sha256, rows }) => ({
      name,
      url: addressOf(prefix, build, name),
      bytes,
      sha256,
      rows,
    })),
  };
}
