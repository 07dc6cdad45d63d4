import { Clipboard, showErrorMessage } from '@jupyterlab/apputils';
import { UUID } from '@lumino/coreutils';
import { ApiError } from './api/errors';
import type { Operation, Snapshot, Volume } from './api/types';
import { PANEL_ID } from './commandids';
import { showBrowseForm } from './components/dialogs/browse';
import { showCloneForm } from './components/dialogs/clone';
import {
  showDeleteSnapshotForm,
  showDeleteVolumeForm
} from './components/dialogs/delete';
import { showNewVolumeForm } from './components/dialogs/newvolume';
import { showResizeForm } from './components/dialogs/resize';
import { showRestoreForm } from './components/dialogs/restore';
import { showSnapshotForm } from './components/dialogs/snapshot';
import type { IContext } from './context';
import { OpenDocuments } from './documents';
import { placeOf } from './model/paths';
import { explain } from './model/permissions';
import { sectionKey, snapshotKey, volumeKey } from './model/rows';
import { Notifier } from './notifier';

/**
 * What the commands do. Loaded with the first of them.
 */
export class UserActions {
  constructor(context: IContext) {
    this._context = context;
    this._documents = new OpenDocuments(context);
    this._notifier = new Notifier(context);
  }

  /** Take a snapshot at once, unless the user wants to be asked each time. */
  async takeSnapshot(name: string, note: string, as: string): Promise<void> {
    const { api } = this._context.model;
    const volume = await this._volume(name);
    if (!volume) {
      return;
    }
    if (this._context.preferences.askForNote && !note && !as) {
      return this.describeSnapshot(name);
    }
    if (this._taking.has(volume.uid)) {
      return; // the same click twice makes one snapshot
    }
    this._taking.add(volume.uid);
    const order = { note, name: as, request_id: UUID.uuid4() };
    await this._notifier
      .snapshot(volume.name, api.createSnapshot(volume.name, order))
      .finally(() => this._taking.delete(volume.uid));
  }

  /** Take a snapshot after asking for its name and note. */
  async describeSnapshot(name: string): Promise<void> {
    const volume = await this._volume(name);
    const snapshot = volume && (await showSnapshotForm(this._context, volume));
    if (snapshot) {
      await this._notifier.snapshot(snapshot.volume, Promise.resolve(snapshot));
    }
  }

  async createVolume(): Promise<void> {
    this._show(await showNewVolumeForm(this._context));
  }

  async cloneVolume(name: string): Promise<void> {
    const volume = await this._volume(name);
    if (volume) {
      this._follow(
        await showCloneForm(this._context, { volume, snapshot: null })
      );
    }
  }

  async cloneSnapshot(name: string): Promise<void> {
    const snapshot = await this._snapshot(name);
    if (snapshot) {
      const volume = snapshot.stale
        ? null
        : this._context.model.volume(snapshot.volume);
      this._follow(await showCloneForm(this._context, { volume, snapshot }));
    }
  }

  async resizeVolume(name: string): Promise<void> {
    const volume = await this._volume(name);
    const resized = volume && (await showResizeForm(this._context, volume));
    if (resized) {
      this._context.model.putVolume(resized);
    }
  }

  async deleteVolume(name: string): Promise<void> {
    const volume = await this._volume(name);
    if (volume && (await showDeleteVolumeForm(this._context, volume))) {
      this._context.model.putVolume({ ...volume, phase: 'deleting' });
      this._notifier.deleted(volume.name);
    }
  }

  /** Restore from one snapshot. */
  async restore(name: string, paths: readonly string[]): Promise<void> {
    const { model, permissions } = this._context;
    const snapshot = await this._snapshot(name);
    const volume = snapshot && (await this._volume(snapshot.volume));
    if (!snapshot || !volume) {
      return;
    }
    const permission = permissions.onSnapshot(snapshot, 'restore');
    if (!permission.allowed) {
      await this._refuse(explain(permission));
      return;
    }
    model.putVolume(volume);
    this._follow(
      await showRestoreForm(this._context, this._documents, {
        volume,
        snapshots: [snapshot],
        paths
      })
    );
  }

  /** Look at the files of a snapshot, and restore those that are selected there. */
  async browse(name: string): Promise<void> {
    const snapshot = await this._snapshot(name);
    if (!snapshot || !(await this._volume(snapshot.volume))) {
      return;
    }
    const permission = this._context.permissions.onSnapshot(snapshot, 'browse');
    if (!permission.allowed) {
      await this._refuse(explain(permission));
      return;
    }
    const paths = await showBrowseForm(this._context, snapshot);
    if (paths) {
      await this.restore(name, paths);
    }
  }

  /** Restore what is selected in the file browser, from a snapshot that the user chooses. */
  async restoreFiles(): Promise<void> {
    const { app, browser, format, model } = this._context;
    const { trans } = format;
    const { contents } = app.serviceManager;
    const selected = [...(browser?.selectedItems() ?? [])].map(({ path }) =>
      contents.localPath(path)
    );
    const places = selected.map(path =>
      placeOf(path, this._documents.root, model.volumes)
    );
    const volume = places[0]?.volume;
    if (!volume || places.some(place => place?.volume.uid !== volume.uid)) {
      await this._refuse(
        selected.length > 0
          ? trans.__('What you selected is not on one volume of this panel.')
          : trans.__('Select files or folders in the file browser first.')
      );
      return;
    }
    const permission = this._context.permissions.onVolume(volume, 'restore');
    if (!permission.allowed) {
      await this._refuse(explain(permission));
      return;
    }
    await model.loadHistory(volume.uid);
    const snapshots = (model.history(volume.uid)?.items ?? []).filter(
      ({ phase }) => phase === 'ready'
    );
    if (snapshots.length === 0) {
      await this._refuse(
        model.history(volume.uid)?.error?.message ??
          trans.__('%1 has no snapshot yet.', volume.name)
      );
      return;
    }
    this._follow(
      await showRestoreForm(this._context, this._documents, {
        volume,
        snapshots,
        paths: places.map(place => place!.path).filter(Boolean)
      })
    );
  }

  /** Change the note; in the panel, where there is none in the arguments. */
  async editNote(name: string, note?: string): Promise<void> {
    const { app, model, state } = this._context;
    const snapshot = await this._snapshot(name);
    if (!snapshot) {
      return;
    }
    if (note === undefined) {
      app.shell.activateById(PANEL_ID);
      state.editing = snapshotKey(snapshot.uid);
      return;
    }
    try {
      model.putSnapshot(await model.api.changeSnapshot(name, { note }));
    } catch (error) {
      await this._fail(error);
    }
  }

  async copyName(name: string): Promise<void> {
    Clipboard.copyToSystem(name);
    await Promise.resolve();
  }

  async deleteSnapshot(name: string): Promise<void> {
    const { model, preferences } = this._context;
    const snapshot = await this._snapshot(name);
    if (!snapshot) {
      return;
    }
    if (preferences.confirmDelete) {
      if (!(await showDeleteSnapshotForm(this._context, snapshot))) {
        return;
      }
    } else {
      try {
        await model.api.deleteSnapshot(snapshot.name, snapshot.uid);
      } catch (error) {
        await this._fail(error);
        return;
      }
    }
    model.dropSnapshot(snapshot);
  }

  async undo(id: string): Promise<void> {
    try {
      this._follow(await this._context.model.api.undoOperation(id));
    } catch (error) {
      await this._fail(error);
    }
  }

  async cancel(id: string): Promise<void> {
    const { model } = this._context;
    try {
      model.putOperation(await model.api.cancelOperation(id));
    } catch (error) {
      await this._fail(error);
    }
  }

  private _follow(operation: Operation | null): void {
    if (operation) {
      this._notifier.follow(operation);
      this._context.model.putOperation(operation);
    }
  }

  /** Show a new volume in the panel. */
  private _show(volume: Volume | null): void {
    if (volume) {
      this._context.model.putVolume(volume);
      this._context.state.reveal(
        volumeKey(volume.uid),
        sectionKey(volume.role === 'shared' ? 'shared' : 'other')
      );
    }
  }

  /** The volume as it is known, else as the server knows it; null after saying why not. */
  private async _volume(name: string): Promise<Volume | null> {
    const { model, format } = this._context;
    if (!name) {
      await this._refuse(
        model.error?.message ??
          format.trans.__('No volume of this server holds the workspace.')
      );
      return null;
    }
    try {
      return model.volume(name) ?? (await model.api.volume(name));
    } catch (error) {
      await this._fail(error);
      return null;
    }
  }

  private async _snapshot(name: string): Promise<Snapshot | null> {
    const { model } = this._context;
    try {
      return model.snapshot(name) ?? (await model.api.snapshot(name));
    } catch (error) {
      await this._fail(error);
      return null;
    }
  }

  private async _refuse(message: string): Promise<void> {
    await showErrorMessage(
      this._context.format.trans.__('This does not work'),
      message
    );
  }

  private async _fail(error: unknown): Promise<void> {
    const { message, hint } = ApiError.from(error);
    await this._refuse([message, hint].filter(Boolean).join('\n\n'));
  }

  private readonly _context: IContext;
  private readonly _documents: OpenDocuments;
  private readonly _notifier: Notifier;
  private readonly _taking = new Set<string>();
}
