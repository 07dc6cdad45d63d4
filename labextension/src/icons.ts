import { LabIcon } from '@jupyterlab/ui-components';

/** A camera, for everything that has to do with snapshots. */
export const snapshotIcon = new LabIcon({
  name: 'netapp-jlab:snapshot',
  svgstr: `<svg xmlns="http://www.w3.org/2000/svg" width="16" viewBox="0 0 24 24">
  <path class="jp-icon3 jp-icon-selectable" fill="#616161" fill-rule="evenodd" d="M9 4 7.2 6H4a2 2 0 0 0-2 2v10a2 2 0 0 0 2 2h16a2 2 0 0 0 2-2V8a2 2 0 0 0-2-2h-3.2L15 4H9zm3 4a5 5 0 1 1 0 10 5 5 0 0 1 0-10zm0 2a3 3 0 1 0 0 6 3 3 0 0 0 0-6z"/>
</svg>`
});

/** A cylinder, for a volume. */
export const volumeIcon = new LabIcon({
  name: 'netapp-jlab:volume',
  svgstr: `<svg xmlns="http://www.w3.org/2000/svg" width="16" viewBox="0 0 24 24">
  <path class="jp-icon3 jp-icon-selectable" fill="#616161" d="M12 3C7.6 3 4 4.5 4 6.3v11.4C4 19.5 7.6 21 12 21s8-1.5 8-3.3V6.3C20 4.5 16.4 3 12 3zm0 2c3.6 0 5.7 1 6 1.3-.3.4-2.4 1.4-6 1.4S6.3 6.700 6 6.300C6.300 6 8.400 5 12 5zM6 8.600c1.500.700 3.600 1.100 6 1.100s4.500-.4 6-1.100v3.100c-.3.400-2.400 1.400-6 1.400s-5.700-1-6-1.400V8.600zM12 19c-3.600 0-5.700-1-6-1.400v-3.500c1.500.700 3.600 1.100 6 1.100s4.500-.4 6-1.100v3.500c-.3.400-2.400 1.400-6 1.400z"/>
</svg>`
});
