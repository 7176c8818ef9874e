import { Controller, Get, Inject, Param, Req, Res } from '@nestjs/common';
import { ApiExcludeEndpoint, ApiOkResponse, ApiOperation, ApiTags } from '@nestjs/swagger';
import { SkipThrottle } from '@nestjs/throttler';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { asksFor, asksForGzip, ProblemError, PublicAddress } from '@app/http';
import { PAGE_FOLDER, PageFiles, type PageFile } from './page-files';

/** The page runs its own script and asks its own host; nothing else is allowed, and nothing inline. */
const contentSecurityPolicy = (base: "'self'" | "'none'"): string =>
  [
    "default-src 'none'",
    "script-src 'self'",
    "style-src 'self'",
    "img-src 'self'",
    "connect-src 'self'",
    `base-uri ${base}`,
    "form-action 'none'",
    "frame-ancestors 'none'",
  ].join('; ');

/** The page at `/`, for a person with a browser. */
@ApiTags('page')
@SkipThrottle({ default: true })
@Controller()
export class PageController {
  private readonly files: PageFiles;

  constructor(
    @Inject(PAGE_FOLDER) folder: string,
    private readonly address: PublicAddress,
  ) {
    this.files = new PageFiles(folder);
  }

  @Get()
  @ApiOperation({
    operationId: 'getPage',
    summary: 'The page that shows what is recorded.',
    description: 'Every captured symbol live, candles, coverage day by day, and addresses to copy for other tools.',
  })
  @ApiOkResponse({
    description: 'The page.',
    content: { 'text/html': { schema: { type: 'string' }, example: '<!doctype html>' } },
  })
  page(@Req() request: FastifyRequest, @Res() reply: FastifyReply): void {
    // Whoever comes past the proxy finds everything beside the page.
    const prefix = this.address.passedPrefixOf(request);
    reply.headers({
      'cache-control': 'no-cache',
      'content-security-policy': contentSecurityPolicy(prefix === '' ? "'none'" : "'self'"),
      vary: 'Accept-Encoding',
    });
    this.address.varyByPassedPrefix(reply);
    send(reply, this.files.indexBelow(prefix));
  }

  /** Its name changes with its content, so a cache may keep it for ever. A part of the page, and none of the API. */
  @Get('assets/:name')
  @ApiExcludeEndpoint()
  asset(@Param('name') name: string, @Res() reply: FastifyReply): void {
    const file = this.files.asset(name);
    if (!file) {
      throw new ProblemError({
        status: 404,
        code: 'PAGE.ASSET_UNKNOWN',
        title: 'The page has no such part',
        detail: 'The page has no such part; load the page anew.',
      });
    }
    reply.headers({ 'cache-control': 'public, max-age=31536000, immutable', vary: 'Accept-Encoding' });
    send(reply, file);
  }
}

/** In the smallest form that the client takes. */
function send(reply: FastifyReply, { type, bytes, gzip, br }: PageFile): void {
  const { headers } = reply.request;
  reply.header('content-type', type);
  if (asksFor(headers, ['br'])) reply.header('content-encoding', 'br').send(br);
  else if (asksForGzip(headers)) reply.header('content-encoding', 'gzip').send(gzip);
  else reply.send(bytes);
}
