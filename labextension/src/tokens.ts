import type { VDomRenderer } from '@jupyterlab/ui-components';
import { Token } from '@lumino/coreutils';
import type { IDisposable } from '@lumino/disposable';
import type { ISignal } from '@lumino/signaling';
import type { ApiClient } from './api/client';
import type { ApiError } from './api/errors';
import type { Operation, Snapshot, Status, Volume } from './api/types';

/**
 * The snapshots of one volume, as far as they are known.
 */
export interface IHistory {
  /** The newest first. */
  readonly items: readonly Snapshot[];

  /** Whether they are being fetched for the first time. */
  readonly loading: boolean;

  /** Why they could not be fetched; null while all is well. */
  readonly error: ApiError | null;
}

/**
 * The volumes of the namespace, their snapshots and what works on them.
 *
 * Nothing is fetched before `start`; from then on it follows the server's events.
 */
export interface IVolumesModel extends VDomRenderer.IModel, IDisposable {
  /** The REST interface. */
  readonly api: ApiClient;

  /** Whether volumes were fetched at least once. */
  readonly isLoaded: boolean;

  /** Why the last fetch failed; null while all is well. What was fetched before stays. */
  readonly error: ApiError | null;

  readonly status: Status | null;
  readonly volumes: readonly Volume[];
  readonly operations: readonly Operation[];

  /** The volume that holds the workspace. */
  readonly workspace: Volume | null;

  /** Since when the Kubernetes API server is out of reach. */
  readonly staleSince: Date | null;

  /** Whether somebody sees what this model holds; it looks for changes less eagerly otherwise. */
  isVisible: boolean;

  /** Milliseconds between looks at the server while all is well and no event comes. */
  pollInterval: number;

  /** Counts changes; equal numbers mean equal contents. */
  readonly revision: number;

  /** An operation appeared or changed; the argument is how it is now. */
  readonly operationChanged: ISignal<this, Operation>;

  /** A snapshot that was pending is ready, has failed or is gone (`deleting`). */
  readonly snapshotSettled: ISignal<this, Snapshot>;

  /** Begin to fetch; resolves after the first attempt, also when that failed. */
  start(): Promise<void>;

  /** Fetch everything again that was fetched. */
  refresh(): Promise<void>;

  volume(name: string): Volume | null;

  /** A snapshot, if one of the fetched histories has it. */
  snapshot(name: string): Snapshot | null;
  snapshotByUid(uid: string): Snapshot | null;

  /** What is known of the snapshots of a volume, by its uid. */
  history(uid: string): IHistory | null;

  /** Fetch the snapshots of a volume, and keep them up to date from now on. */
  loadHistory(uid: string): Promise<void>;

  /** Fetch the snapshots of volumes that are gone; their history has the uid `ORPHANS`. */
  loadOrphans(): Promise<void>;

  /** Fetch the snapshots of all volumes, to search in them. */
  loadAllHistories(): Promise<void>;

  /** Take in what a request answered. */
  putVolume(volume: Volume): void;
  putSnapshot(snapshot: Snapshot): void;
  putOperation(operation: Operation): void;
  dropVolume(name: string): void;
  dropSnapshot(snapshot: Snapshot): void;
}

/** Stands for the uid of all volumes that are gone. */
export const ORPHANS = 'orphans';

/**
 * The model behind the panel, for other extensions.
 */
export const IVolumesModel = new Token<IVolumesModel>(
  'netapp-jlab:IVolumesModel',
  'The volumes of the namespace with their snapshots, kept up to date.'
);
