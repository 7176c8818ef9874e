import { Module, type DynamicModule, type Type } from '@nestjs/common';
import { PublishedBuilds } from '@app/bi';
import { APP_CONFIG, type AppConfig } from '@app/config';
import { JobsModule } from '@app/jobs';
import { BUILD_SCRIPT, DailyBuild } from './daily-build';

/** The builds that are served, and the one that is made each day. */
@Module({})
export class BuildsModule {
  /** `storage` exports the read ports of the store, `script` is the command line program. */
  static forRoot(storage: Type | DynamicModule, script: string): DynamicModule {
    return {
      module: BuildsModule,
      imports: [storage, JobsModule],
      providers: [
        {
          provide: PublishedBuilds,
          inject: [APP_CONFIG],
          useFactory: ({ builds }: AppConfig) => new PublishedBuilds(builds.folder),
        },
        { provide: BUILD_SCRIPT, useValue: script },
        DailyBuild,
      ],
      exports: [PublishedBuilds, DailyBuild],
    };
  }
}
