/**
 * The shapes of the REST interface, by the names that the server's models have.
 */
import type { components } from './schema';

type Schemas = components['schemas'];

export type Actions = Schemas['Actions'];
export type DeletePlan = Schemas['DeletePlan'];
export type ErrorBody = Schemas['ErrorBody'];
export type FileEntry = Schemas['FileEntry'];
export type FileList = Schemas['FileList'];
export type Opening = Schemas['Opening'];
export type Operation = Schemas['Operation'];
export type OperationList = Schemas['OperationList'];
export type Origin = Schemas['Origin'];
export type Permission = Schemas['Permission'];
export type Problem = Schemas['Problem'];
export type Right = Schemas['Right'];
export type RestorePlan = Schemas['RestorePlan'];
export type Snapshot = Schemas['Snapshot'];
export type SnapshotList = Schemas['SnapshotList'];
export type Status = Schemas['Status'];
export type StorageClass = Schemas['StorageClass'];
export type Volume = Schemas['Volume'];
export type VolumeList = Schemas['VolumeList'];

/** What is asked for: a field that is left out takes the server's default. */
type Order<T, Required extends keyof T = never> = Partial<T> &
  Pick<T, Required>;

export type CloneOrder = Order<Schemas['CloneOrder'], 'name'>;
export type RestoreOrder = Order<Schemas['RestoreOrder']>;
export type SnapshotChange = Schemas['SnapshotChange'];
export type SnapshotOrder = Order<Schemas['SnapshotOrder']>;
export type VolumeChange = Schemas['VolumeChange'];
export type VolumeOrder = Order<Schemas['VolumeOrder'], 'name'>;

/**
 * What an event of the server says: something changed, look again.
 */
export interface IChange {
  kind: 'volume' | 'snapshot' | 'operation' | 'connection';
  action: 'added' | 'modified' | 'deleted';
  name: string;
  uid: string;
  volume: string;
  phase: string;
}

/** The version of the REST interface that this front end speaks. */
export const API_VERSION = 1;

/** The schema of the server's events. */
export const EVENT_SCHEMA = 'https://schema.netapp-jlab.io/events/volumes/v1';
