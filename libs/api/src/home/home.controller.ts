import { Controller, Get, Inject, Res } from '@nestjs/common';
import { ApiOkResponse, ApiOperation, ApiProduces, ApiTags } from '@nestjs/swagger';
import type { FastifyReply } from 'fastify';
import { APP_CONFIG, type AppConfig } from '@app/config';
import { platformVersion } from '@app/http';
import { AnswersProblems } from '../open-api/answers.decorator';
import { homePage } from './home-page';

/** Nothing but inline styles runs on the page. */
const CONTENT_SECURITY_POLICY =
  "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; frame-ancestors 'none'";

/** A page that links everything. */
@ApiTags('operations')
@Controller()
export class HomeController {
  private readonly page: Buffer;

  constructor(@Inject(APP_CONFIG) config: AppConfig) {
    this.page = Buffer.from(homePage(config.symbols, platformVersion()), 'utf8');
  }

  @Get()
  @ApiOperation({ operationId: 'getHome', summary: 'A page that links every route.' })
  @ApiProduces('text/html')
  @ApiOkResponse({
    description: 'The page.',
    content: { 'text/html': { schema: { type: 'string' }, example: '<!doctype html>' } },
  })
  @AnswersProblems(429)
  home(@Res() reply: FastifyReply): void {
    reply
      .headers({
        'content-type': 'text/html; charset=utf-8',
        'cache-control': 'no-cache',
        'content-security-policy': CONTENT_SECURITY_POLICY,
      })
      .send(this.page);
  }
}
