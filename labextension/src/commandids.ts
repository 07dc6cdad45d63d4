/**
 * The commands of this extension.
 */
export namespace CommandIDs {
  export const open = 'netapp-jlab:open';
  export const refresh = 'netapp-jlab:refresh';
  export const takeSnapshot = 'netapp-jlab:take-snapshot';
  export const takeSnapshotWithNote = 'netapp-jlab:take-snapshot-with-note';
  export const createVolume = 'netapp-jlab:create-volume';
  export const cloneVolume = 'netapp-jlab:clone-volume';
  export const resizeVolume = 'netapp-jlab:resize-volume';
  export const deleteVolume = 'netapp-jlab:delete-volume';
  export const restore = 'netapp-jlab:restore';
  export const browse = 'netapp-jlab:browse-files';
  export const restoreFiles = 'netapp-jlab:restore-selected-files';
  export const cloneSnapshot = 'netapp-jlab:clone-snapshot';
  export const editNote = 'netapp-jlab:edit-note';
  export const copyName = 'netapp-jlab:copy-name';
  export const deleteSnapshot = 'netapp-jlab:delete-snapshot';
  export const cancel = 'netapp-jlab:cancel-operation';
  export const undo = 'netapp-jlab:undo-restore';
}

/** The widget that the commands show. */
export const PANEL_ID = 'netapp-jlab-panel';
