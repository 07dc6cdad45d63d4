import type { TranslationBundle } from '@jupyterlab/translation';
import type { Actions, Permission, Snapshot, Volume } from '../api/types';
import type { IVolumesModel } from '../tokens';

const ALLOWED: Permission = { allowed: true, reason: '', hint: '' };

export type SnapshotAction = 'restore' | 'browse' | 'clone' | 'edit' | 'delete';

/**
 * Whether an action can work now; the answer names the reason if not.
 */
export class Permissions {
  constructor(model: IVolumesModel, trans: TranslationBundle) {
    this._model = model;
    this._trans = trans;
  }

  /** Whether an action on a volume can work. */
  onVolume(volume: Volume, action: keyof Actions): Permission {
    return first(
      this._reachable(),
      action === 'browse' ? ALLOWED : this._writable(),
      volume.can[action]
    );
  }

  /** Whether a new volume can be made. */
  create(): Permission {
    return this._mayChange('create', 'persistentvolumeclaims');
  }

  /** Whether an action on a snapshot can work. */
  onSnapshot(snapshot: Snapshot, action: SnapshotAction): Permission {
    switch (action) {
      case 'edit':
        return this._mayChange('patch', 'volumesnapshots');
      case 'delete':
        return this._mayChange('delete', 'volumesnapshots');
      case 'clone':
        return first(
          this._mayChange('create', 'persistentvolumeclaims'),
          this._mayChange('patch', 'persistentvolumeclaims'),
          this._ready(snapshot)
        );
      case 'restore':
      case 'browse':
        return this._onFiles(snapshot, action);
    }
  }

  private _onFiles(
    snapshot: Snapshot,
    action: 'restore' | 'browse'
  ): Permission {
    const volume = this._model.volume(snapshot.volume);
    if (snapshot.stale || !volume) {
      return refused(
        this._trans.__(
          'The volume it was cut from is gone; a volume named %1 is another one.',
          snapshot.volume
        ),
        this._trans.__('Clone the snapshot into a new volume instead.')
      );
    }
    return first(this.onVolume(volume, action), this._ready(snapshot));
  }

  private _ready({ phase, message }: Snapshot): Permission {
    switch (phase) {
      case 'ready':
        return ALLOWED;
      case 'pending':
        return refused(this._trans.__('The snapshot is not ready yet.'));
      case 'failed':
        return refused(message || this._trans.__('The snapshot has failed.'));
      default:
        return refused(this._trans.__('The snapshot is being deleted.'));
    }
  }

  private _mayChange(verb: string, resource: string): Permission {
    const right = this._model.status?.rights.find(
      entry => entry.verb === verb && entry.resource.startsWith(resource)
    );
    return first(
      this._reachable(),
      this._writable(),
      right?.allowed === false
        ? refused(
            this._trans.__(
              'Your account may not %1 %2.',
              right.verb,
              right.resource
            ),
            this._trans.__(
              'Ask your administrator to apply %1.',
              right.granted_by
            )
          )
        : ALLOWED
    );
  }

  private _reachable(): Permission {
    const { error, isLoaded, staleSince } = this._model;
    if (error && !isLoaded) {
      return refused(error.message, error.hint);
    }
    return staleSince
      ? refused(
          this._trans.__('The Kubernetes API server is out of reach.'),
          this._trans.__('It is tried again by itself.')
        )
      : ALLOWED;
  }

  private _writable(): Permission {
    return this._model.status?.read_only
      ? refused(
          this._trans.__('Changes are switched off here.'),
          this._trans.__('Ask your administrator.')
        )
      : ALLOWED;
  }

  private readonly _model: IVolumesModel;
  private readonly _trans: TranslationBundle;
}

/** Reason and hint as one text; empty if allowed. */
export function explain({ allowed, reason, hint }: Permission): string {
  return allowed ? '' : [reason, hint].filter(Boolean).join(' ');
}

function refused(reason: string, hint = ''): Permission {
  return { allowed: false, reason, hint };
}

function first(...permissions: Permission[]): Permission {
  return permissions.find(({ allowed }) => !allowed) ?? ALLOWED;
}
