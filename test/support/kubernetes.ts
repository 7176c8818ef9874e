import { execFile, execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { parseAllDocuments } from 'yaml';
import { runPython } from './python';

const SCRIPT = resolve(__dirname, '../../scripts/kubernetes-tools.sh');
const OPERATOR_CHECK = resolve(__dirname, '../../scripts/check-operator-manifests.mjs');
const MAX_OUTPUT_BYTES = 32 * 1_048_576;

/** A manifest as it is written, of any kind. */
export interface Manifest {
  readonly apiVersion: string;
  readonly kind: string;
  readonly metadata: {
    readonly name: string;
    readonly labels?: Readonly<Record<string, string>>;
    readonly annotations?: Readonly<Record<string, string>>;
  };
  readonly spec?: unknown;
  readonly data?: Readonly<Record<string, string>>;
}

function isThere(): boolean {
  try {
    execFileSync('sh', [SCRIPT, 'have'], { stdio: 'inherit' });
    return true;
  } catch {
    return false;
  }
}

/** `describe` for tests that need kustomize, kube-score and Strimzi's API: skipped, and said, where they cannot be had. */
export const describeKubernetes = isThere() ? describe : describe.skip;

/** What a check found: how many manifests were of its kinds, and what is wrong with them. */
interface CheckResult {
  readonly checked: number;
  readonly faults: readonly string[];
}

function run(command: string, args: readonly string[], input = '', mayFail = false): Promise<string> {
  return new Promise((done, fail) => {
    const child = execFile(command, [...args], { maxBuffer: MAX_OUTPUT_BYTES }, (error, stdout, stderr) => {
      if (error && !mayFail) fail(new Error(`${args.join(' ')}: ${stderr || error.message}`));
      else done(stdout);
    });
    child.stdin?.end(input);
  });
}

/** The manifests of an overlay, as `kubectl apply -k` would send them. */
export async function rendered(overlay: string): Promise<Manifest[]> {
  return parseAllDocuments(await run('sh', [SCRIPT, 'render', overlay])).map((document) => document.toJS() as Manifest);
}

/** Manifests as a stream of documents: JSON is YAML. */
const documents = (manifests: readonly Manifest[]): string =>
  manifests.map((manifest) => `---\n${JSON.stringify(manifest)}\n`).join('');

interface Score {
  readonly object_name: string;
  readonly checks: readonly {
    readonly check: { readonly id: string };
    readonly grade: number;
    readonly skipped: boolean;
    readonly comments: readonly { readonly path: string; readonly summary: string }[] | null;
  }[];
}

const PASSED = 10;

/** What kube-score finds less than right, one line each; its exit code says no more than that. */
export async function kubeScore(manifests: readonly Manifest[]): Promise<string[]> {
  const scores = JSON.parse(await run('sh', [SCRIPT, 'score'], documents(manifests), true)) as Score[];
  return scores.flatMap(({ object_name, checks }) =>
    checks
      .filter(({ grade, skipped }) => !skipped && grade < PASSED)
      .map(({ check, comments }) => {
        const said = (comments ?? []).map(({ path, summary }) => `${path} ${summary}`.trim());
        return `${object_name}: ${check.id}: ${said.join('; ')}`;
      }),
  );
}

/** What Strimzi's own classes make of its manifests. */
export async function strimziCheck(manifests: readonly Manifest[]): Promise<CheckResult> {
  return JSON.parse(await run('sh', [SCRIPT, 'strimzi'], documents(manifests))) as CheckResult;
}

/** What the schemas of the Prometheus operator make of its manifests. */
export async function operatorCheck(manifests: readonly Manifest[]): Promise<CheckResult> {
  return JSON.parse(await run(process.execPath, [OPERATOR_CHECK], JSON.stringify(manifests))) as CheckResult;
}

/** What the schemas of Kubernetes make of manifests of its own kinds; wants Python. */
export async function schemaFaults(manifests: readonly Manifest[]): Promise<string[]> {
  const folder = mkdtempSync(join(tmpdir(), 'csp-manifests-'));
  try {
    const file = join(folder, 'manifests.json');
    writeFileSync(file, JSON.stringify(manifests));
    return await runPython<string[]>('check_manifests.py', [file]);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
