// Refuses a better-sqlite3 that would abort the process at some garbage collection. Node 24.19 to 24.21 changed
// `node::ObjectWrap` (nodejs/node#65446): an addon compiled against their headers dies with "Assertion failed: (env) !=
// nullptr". Compiled against other headers it runs on those versions too; such an addon imports no
// RemoveEnvironmentCleanupHook.
import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';

const addon = resolve(process.argv[2] ?? '.', 'node_modules/better-sqlite3/build/Release/better_sqlite3.node');
if (readFileSync(addon).includes('RemoveEnvironmentCleanupHook')) {
  process.stderr.write(
    `better-sqlite3 was compiled against the headers of Node ${process.version}, with which it aborts at random ` +
      '(nodejs/node#65446).\nInstall with Node 20.19 or later, 22, or 24 up to 24.18.1, then run make again.\n',
  );
  process.exit(1);
}
