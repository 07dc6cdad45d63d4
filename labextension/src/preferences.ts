import type { ISettingRegistry } from '@jupyterlab/settingregistry';
import type { ISignal } from '@lumino/signaling';
import { Signal } from '@lumino/signaling';

/**
 * The user's settings (schema/plugin.json), with the same defaults where there is no registry.
 */
export class Preferences {
  /** Emitted when one has changed. */
  get changed(): ISignal<this, void> {
    return this._changed;
  }

  /** Ask for a name and a note before each snapshot. */
  get askForNote(): boolean {
    return this._get('askForNote', false);
  }

  /** Ask before a snapshot is deleted. */
  get confirmDelete(): boolean {
    return this._get('confirmDelete', true);
  }

  /** Restores also remove what the snapshot doesn't have, unless the user says otherwise. */
  get removeExtra(): boolean {
    return this._get('removeExtra', false);
  }

  /** Show snapshots that a restore has cut. */
  get showSafetySnapshots(): boolean {
    return this._get('showSafetySnapshots', true);
  }

  /** Show the age of the last snapshot in the status bar. */
  get statusItem(): boolean {
    return this._get('statusItem', true);
  }

  /** Seconds between looks at the server while no event comes. */
  get pollInterval(): number {
    return this._get('pollInterval', 60);
  }

  /** Take over what the registry has, now and whenever it changes. */
  follow(settings: ISettingRegistry.ISettings): void {
    this._settings = settings;
    settings.changed.connect(() => this._changed.emit(), this);
    this._changed.emit();
  }

  private _get<T extends boolean | number>(key: string, fallback: T): T {
    return (this._settings?.get(key).composite as T | undefined) ?? fallback;
  }

  private readonly _changed = new Signal<this, void>(this);
  private _settings: ISettingRegistry.ISettings | null = null;
}
