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

/** A copy with one field replaced, at a path of keys and indexes. */
function changed(manifest: Manifest | undefined, path: readonly (string | number)[], value: unknown): Manifest {
  const copy = structuredClone(manifest) as unknown as Record<string | number, unknown>;
  let place = copy;
  for (const key of path.slice(0, -1)) place = place[key] as Record<string | number, unknown>;
  place[path.at(-1) ?? ''] = value;
  return copy as unknown as Manifest;
}

describeKubernetes('the checks of manifests', () => {
  let single: Manifest[];
  let kafka: Manifest[];
  const of = (overlay: readonly Manifest[], wanted: string): Manifest | undefined =>
    overlay.find(({ kind }) => kind === wanted);
  const container = ['spec', 'template', 'spec', 'containers', 0];

  beforeAll(async () => {
    [single, kafka] = await Promise.all([rendered('single'), rendered('kafka')]);
  });

  describePython('of built-in kinds', () => {
    it('should find a field that a kind does not have, and a value of another type', async () => {
      const deployment = of(single, 'Deployment');
      const wrong = [changed(deployment, ['spec', 'replica'], 1), changed(deployment, ['spec', 'replicas'], 'one')];
      expect(await schemaFaults(wrong)).toHaveLength(2);
    });
  });

  it('should find a container without limits, and one that may write to its root', async () => {
    const without = (path: readonly (string | number)[], value: unknown): Promise<string[]> =>
      kubeScore(single.map((one) => (one.kind === 'Deployment' ? changed(one, path, value) : one)));
    expect((await without([...container, 'resources'], {})).join()).toContain('container-resources');
    expect((await without([...container, 'securityContext', 'readOnlyRootFilesystem'], false)).join()).toContain(
      'container-security-context-readonlyrootfilesystem',
    );
  });

  it('should find what the kinds of the Prometheus operator do not take', async () => {
    const monitor = of(single, 'ServiceMonitor');
    const rule = of(single, 'PrometheusRule');
    const { faults } = await operatorCheck([
      changed(monitor, ['spec', 'endpoints'], 'none'),
      changed(rule, ['spec', 'groups', 0, 'rules', 0, 'expr'], { metric: 'up' }),
    ]);
    expect(faults).toEqual([expect.stringContaining('endpoints'), expect.stringContaining('expr')]);
  });

  it('should find fields that Strimzi does not have, values that it does not take, and kinds of an older API', async () => {
    const pool = of(kafka, 'KafkaNodePool');
    const cluster = of(kafka, 'Kafka');
    const topic = of(kafka, 'KafkaTopic');
    const { faults } = await strimziCheck([
      changed(pool, ['spec', 'role'], 'broker'),
      changed(pool, ['spec', 'roles', 0], 'leader'),
      changed(cluster, ['spec', 'kafka', 'listeners', 0, 'prot'], 9092),
      changed(topic, ['spec', 'partitions'], 'six'),
      changed(topic, ['apiVersion'], 'kafka.strimzi.io/v1beta2'),
    ]);
    expect(faults.map((fault) => /^\w+\/[\w-]+/.exec(fault)?.[0])).toEqual([
      'KafkaNodePool/node',
      'KafkaNodePool/node',
      'Kafka/csp',
      expect.stringContaining('KafkaTopic/'),
      expect.stringContaining('KafkaTopic/'),
    ]);
  });
});
