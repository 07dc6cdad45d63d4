import { nullTranslator } from '@jupyterlab/translation';
import { ApiError } from '../api/errors';
import type { Right } from '../api/types';
import { Permissions, explain } from '../model/permissions';
import type { IVolumesModel } from '../tokens';
import { no, snapshot, status, volume } from './fixtures';

const trans = nullTranslator.load('test');

function permissions(change: Partial<IVolumesModel> = {}): Permissions {
  const volumes = change.volumes ?? [volume()];
  const model = {
    isLoaded: true,
    error: null,
    status: status(),
    staleSince: null,
    volumes,
    volume: (name: string) =>
      volumes.find(entry => entry.name === name) ?? null,
    ...change
  };
  return new Permissions(model as unknown as IVolumesModel, trans);
}

describe('Permissions', () => {
  it('hands on what the server says of a volume', () => {
    const refused = volume({
      can: { ...volume().can, snapshot: no('No class.') }
    });
    expect(permissions().onVolume(refused, 'snapshot').reason).toBe(
      'No class.'
    );
    expect(permissions().onVolume(refused, 'clone').allowed).toBe(true);
  });

  it('allows nothing while the API server is out of reach', () => {
    const stale = permissions({ staleSince: new Date() });
    expect(stale.onVolume(volume(), 'snapshot').allowed).toBe(false);
    expect(stale.onSnapshot(snapshot(), 'restore').allowed).toBe(false);
    expect(stale.create().allowed).toBe(false);
  });

  it('says why nothing works when nothing could be fetched', () => {
    const error = new ApiError({ reason: 'NoCluster', message: 'None here.' });
    const broken = permissions({ isLoaded: false, error });
    expect(broken.create().reason).toBe('None here.');
  });

  it('allows only to look where the server is read-only', () => {
    const readOnly = permissions({ status: status({ read_only: true }) });
    expect(readOnly.onVolume(volume(), 'browse').allowed).toBe(true);
    expect(readOnly.onVolume(volume(), 'snapshot').allowed).toBe(false);
    expect(readOnly.onSnapshot(snapshot(), 'delete').allowed).toBe(false);
  });

  it('restores only from what is ready and of this very volume', () => {
    const of = (change: Parameters<typeof snapshot>[0]) =>
      permissions().onSnapshot(snapshot(change), 'restore');
    expect(of({}).allowed).toBe(true);
    expect(of({ phase: 'pending' }).allowed).toBe(false);
    expect(of({ phase: 'failed', message: 'Full.' }).reason).toBe('Full.');
    expect(of({ stale: true }).hint).toContain('Clone');
    expect(of({ volume: 'gone' }).allowed).toBe(false);
  });

  it('browses what is ready and can be reached, also where nothing may change', () => {
    const of = (change: Parameters<typeof snapshot>[0]) =>
      permissions({ status: status({ read_only: true }) }).onSnapshot(
        snapshot(change),
        'browse'
      );
    expect(of({}).allowed).toBe(true);
    expect(of({ phase: 'pending' }).allowed).toBe(false);
    expect(of({ stale: true }).allowed).toBe(false);
    const unreachable = volume({
      can: { ...volume().can, browse: no('No helper pods.', 'Ask.') }
    });
    expect(
      permissions({ volumes: [unreachable] }).onSnapshot(snapshot(), 'browse')
    ).toEqual(no('No helper pods.', 'Ask.'));
  });

  it('clones what is left of a deleted volume', () => {
    const left = snapshot({ stale: true });
    expect(permissions().onSnapshot(left, 'clone').allowed).toBe(true);
  });

  it('clones a snapshot only where the new claim can be written to again', () => {
    const right: Right = {
      verb: 'patch',
      resource: 'persistentvolumeclaims',
      needed_for: '',
      allowed: false,
      granted_by: 'rbac/tiers/full'
    };
    const without = permissions({ status: status({ rights: [right] }) });
    const refusal = without.onSnapshot(snapshot(), 'clone');
    expect(explain(refusal)).toContain('may not patch persistentvolumeclaims');
    expect(without.create().allowed).toBe(true);
  });

  it('names the file that grants a missing right', () => {
    const right: Right = {
      verb: 'delete',
      resource: 'volumesnapshots.snapshot.storage.k8s.io',
      needed_for: '',
      allowed: false,
      granted_by: 'rbac/tiers/snapshot'
    };
    const without = permissions({ status: status({ rights: [right] }) });
    const refusal = without.onSnapshot(snapshot(), 'delete');
    expect(explain(refusal)).toContain('rbac/tiers/snapshot');
    expect(without.onSnapshot(snapshot(), 'edit').allowed).toBe(true);
  });
});

describe('explain', () => {
  it('joins reason and hint, and is empty if allowed', () => {
    expect(explain(no('A.', 'B.'))).toBe('A. B.');
    expect(explain(no('A.'))).toBe('A.');
    expect(explain({ allowed: true, reason: 'x', hint: '' })).toBe('');
  });
});
