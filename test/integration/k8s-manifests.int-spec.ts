import { readFileSync, readdirSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { parse } from 'yaml';
import { environmentSchema } from '@app/config';
import {
  describeKubernetes,
  kubeScore,
  operatorCheck,
  rendered,
  schemaFaults,
  strimziCheck,
  type Manifest,
} from '../support/kubernetes';
import { describePython } from '../support/python';

const ROOT = resolve(__dirname, '../..');
const K8S = resolve(ROOT, 'deploy/k8s');
/** Of `deploy/k8s/overlays`, all. */
const OVERLAYS = ['kafka', 'single'];
const OPERATOR = 'monitoring.coreos.com/v1';
const STRIMZI = 'kafka.strimzi.io/v1';

/** For how long an event loop may stand still, in seconds, before a process is started anew. */
const PATIENCE_SECONDS = 150;

interface Probe {
  readonly httpGet: { readonly path: string };
  readonly periodSeconds: number;
  readonly failureThreshold: number;
}
type Amounts = Readonly<Record<'cpu' | 'memory' | 'ephemeral-storage', string>>;
interface Container {
  readonly name: string;
  readonly image: string;
  readonly startupProbe: Probe;
  readonly livenessProbe: Probe;
  readonly readinessProbe: Probe;
  readonly resources: { readonly requests: Amounts; readonly limits: Amounts };
  readonly securityContext: Readonly<Record<string, unknown>>;
  readonly ports: readonly { readonly name: string; readonly containerPort: number }[];
  readonly volumeMounts: readonly { readonly name: string; readonly mountPath: string }[];
}
interface Workload {
  readonly replicas: number;
  readonly selector: { readonly matchLabels: Readonly<Record<string, string>> };
  readonly template: {
    readonly metadata: { readonly labels: Readonly<Record<string, string>> };
    readonly spec: { readonly containers: readonly Container[]; readonly securityContext: unknown };
  };
}
interface Service {
  readonly selector: Readonly<Record<string, string>>;
  readonly ports: readonly { readonly name: string; readonly port: number; readonly targetPort: string }[];
}

const manifests = new Map<string, Manifest[]>();
const of = (overlay: string, kind: string): Manifest[] =>
  (manifests.get(overlay) ?? []).filter((manifest) => manifest.kind === kind);
const workloads = (overlay: string): Workload[] =>
  [...of(overlay, 'Deployment'), ...of(overlay, 'StatefulSet')].map(({ spec }) => spec as Workload);
const settings = (overlay: string): Readonly<Record<string, string>> =>
  of(overlay, 'ConfigMap').find(({ metadata }) => metadata.name.startsWith('csp-settings'))?.data ?? {};

const isBuiltIn = ({ apiVersion }: Manifest): boolean => apiVersion !== OPERATOR && apiVersion !== STRIMZI;

describeKubernetes.each(OVERLAYS)('the manifests of deploy/k8s/overlays/%s', (overlay) => {
  beforeAll(async () => {
    manifests.set(overlay, await rendered(overlay));
  });

  describePython('by the schemas of Kubernetes', () => {
    it('should be what each built-in kind takes', async () => {
      const builtIn = (manifests.get(overlay) ?? []).filter(isBuiltIn);
      expect(builtIn.length).toBeGreaterThan(6);
      expect(await schemaFaults(builtIn)).toEqual([]);
    });
  });

  it('should have nothing that kube-score finds less than right', async () => {
    expect(await kubeScore(manifests.get(overlay) ?? [])).toEqual([]);
  });

  it("should be what the Prometheus operator's kinds take", async () => {
    expect(await operatorCheck(manifests.get(overlay) ?? [])).toEqual({ checked: 2, faults: [] });
  });

  it('should alert by the same rules as deploy/prometheus/alerts.yml', () => {
    const rules = parse(readFileSync(resolve(ROOT, 'deploy/prometheus/alerts.yml'), 'utf8')) as unknown;
    expect(of(overlay, 'PrometheusRule').map(({ spec }) => spec)).toEqual([rules]);
  });

  it('should run every container with no rights, on a root that it cannot write to', () => {
    const containers = workloads(overlay).flatMap(({ template }) => template.spec.containers);
    expect(containers.length).toBeGreaterThan(0);
    for (const { securityContext, volumeMounts } of containers) {
      expect(securityContext).toEqual({
        allowPrivilegeEscalation: false,
        privileged: false,
        readOnlyRootFilesystem: true,
        runAsNonRoot: true,
        runAsUser: 65532,
        runAsGroup: 65532,
        capabilities: { drop: ['ALL'] },
      });
      expect(volumeMounts.map(({ mountPath }) => mountPath)).toEqual(['/data', '/tmp']);
    }
    for (const { template } of workloads(overlay)) {
      expect(template.spec.securityContext).toMatchObject({
        runAsNonRoot: true,
        seccompProfile: { type: 'RuntimeDefault' },
      });
    }
  });

  it('should not start a process anew that stands still for a long flush, and bound what each takes', () => {
    const containers = workloads(overlay).flatMap(({ template }) => template.spec.containers);
    expect(containers.length).toBeGreaterThan(0);
    for (const { startupProbe, livenessProbe, readinessProbe, resources } of containers) {
      expect(readinessProbe.httpGet.path).toBe('/readyz');
      for (const { httpGet, periodSeconds, failureThreshold } of [startupProbe, livenessProbe]) {
        expect(httpGet.path).toBe('/livez');
        expect(periodSeconds * failureThreshold).toBeGreaterThanOrEqual(PATIENCE_SECONDS);
      }
      const amount = expect.any(String) as string;
      const amounts = { cpu: amount, memory: amount, 'ephemeral-storage': amount };
      expect(resources).toEqual({ requests: amounts, limits: amounts });
      expect(resources.limits.memory).toBe(resources.requests.memory);
    }
  });

  it('should run one pod of each kind, with a budget for disruptions and a policy for its network', () => {
    for (const { replicas, selector, template } of workloads(overlay)) {
      expect(replicas).toBe(1);
      expect(template.metadata.labels).toMatchObject(selector.matchLabels);
      const [budget] = of(overlay, 'PodDisruptionBudget').filter(
        ({ spec }) => JSON.stringify((spec as Workload).selector) === JSON.stringify(selector),
      );
      const [policy] = of(overlay, 'NetworkPolicy').filter(
        ({ spec }) => JSON.stringify((spec as { podSelector: unknown }).podSelector) === JSON.stringify(selector),
      );
      expect(budget?.spec).toMatchObject({ maxUnavailable: 1 });
      expect(policy?.spec).toMatchObject({ policyTypes: ['Ingress', 'Egress'] });
    }
  });

  it('should say only what the configuration has, and listen where it says', () => {
    const said = settings(overlay);
    const known = Object.keys(environmentSchema.shape);
    expect(Object.keys(said).filter((name) => !known.includes(name))).toEqual([]);
    expect(environmentSchema.safeParse(said).error?.issues ?? []).toEqual([]);
    const ports: Readonly<Record<string, string | undefined>> = {
      standalone: said['PORT'],
      api: said['PORT'],
      ingest: said['INGEST_PORT'],
      consumer: said['CONSUMER_PORT'],
    };
    for (const { name, ports: open } of workloads(overlay).flatMap(({ template }) => template.spec.containers)) {
      expect([name, open.map(({ containerPort }) => String(containerPort))]).toEqual([name, [ports[name]]]);
    }
  });

  it('should have every process read by the service monitor once, under a job that the alert rules know', () => {
    const [monitor] = of(overlay, 'ServiceMonitor');
    const { selector, endpoints } = monitor?.spec as {
      selector: { matchLabels: Record<string, string> };
      endpoints: { port: string }[];
    };
    const read = of(overlay, 'Service').flatMap(({ metadata, spec }) => {
      expect(metadata.labels).toMatchObject(selector.matchLabels);
      expect(metadata.name).toMatch(/^csp-/);
      const { selector: pods, ports } = spec as Service;
      const { template } =
        workloads(overlay).find(
          (workload) => workload.template.metadata.labels['app.kubernetes.io/name'] === pods['app.kubernetes.io/name'],
        ) ?? fail(`${metadata.name} leads to no pod`);
      return ports
        .filter(({ name }) => name === endpoints[0]?.port)
        .flatMap(({ targetPort }) =>
          template.spec.containers.filter((one) => one.ports.some(({ name }) => name === targetPort)),
        )
        .map(({ name }) => name);
    });
    const processes = workloads(overlay).flatMap(({ template }) => template.spec.containers.map(({ name }) => name));
    expect(read.sort()).toEqual(processes.sort());
  });
});

function fail(reason: string): never {
  throw new Error(reason);
}

describeKubernetes('the manifests of Kafka', () => {
  const kafka = (): Manifest[] => (manifests.get('kafka') ?? []).filter(({ apiVersion }) => apiVersion === STRIMZI);

  it("should be what Strimzi's classes take", async () => {
    expect(await strimziCheck(kafka())).toEqual({ checked: 4, faults: [] });
  });

  it('should make the topics that the processes name, with as many partitions as they want', () => {
    const { TOPIC_NAME, TOPIC_PARTITIONS, KAFKA_BOOTSTRAP_SERVERS } = settings('kafka');
    const topics = of('kafka', 'KafkaTopic').map(({ spec }) => spec as { topicName: string; partitions: number });
    expect(topics.map(({ topicName }) => topicName).sort()).toEqual(['crypto_candles', TOPIC_NAME]);
    expect(topics.map(({ partitions }) => String(partitions))).toEqual([TOPIC_PARTITIONS, TOPIC_PARTITIONS]);
    expect(KAFKA_BOOTSTRAP_SERVERS).toBe(`${String(of('kafka', 'Kafka')[0]?.metadata.name)}-kafka-bootstrap:9092`);
  });

  it("should run the version of the compose file's broker", () => {
    const compose = readFileSync(resolve(ROOT, 'docker/docker-compose.yml'), 'utf8');
    const [, version] = /image: apache\/kafka:([\d.]+)@/.exec(compose) ?? [];
    expect(of('kafka', 'Kafka')[0]?.spec).toMatchObject({ kafka: { version } });
  });
});

describe('deploy/k8s', () => {
  const files = readdirSync(K8S, { recursive: true, encoding: 'utf8' }).filter((file) => file.endsWith('.yaml'));

  it('should have no overlay that is not checked', () => {
    expect(readdirSync(join(K8S, 'overlays')).sort()).toEqual(OVERLAYS);
  });

  it('should give the reason of each exception from kube-score beside it', () => {
    expect(files.length).toBeGreaterThan(10);
    for (const file of files) {
      const text = readFileSync(join(K8S, file), 'utf8');
      for (const [, tests = ''] of text.matchAll(/kube-score\/ignore: (\S+)/g)) {
        const explained = [...text.matchAll(/^ +# ([\w, -]+): /gm)].flatMap(([, names = '']) => names.split(', '));
        expect([file, tests.split(',').filter((name) => !explained.includes(name))]).toEqual([file, []]);
      }
    }
  });
});
