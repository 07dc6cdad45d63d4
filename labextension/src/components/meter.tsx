import * as React from 'react';
import type { Volume } from '../api/types';
import { usePanel } from './hooks';

/** From this share on a volume counts as nearly full. */
const NEARLY_FULL = 0.9;

/** How full a volume is; only its size where that can't be seen from here. */
export function Meter(props: { volume: Volume }): React.ReactElement {
  const { capacity, requested, used } = props.volume;
  const { format } = usePanel();
  const { trans } = format;
  const size = capacity ?? requested;
  if (used === null || size === 0) {
    return <div className="nj-hint">{format.bytes(size)}</div>;
  }
  const share = Math.min(1, used / size);
  const text = trans.__(
    '%1 of %2 used',
    format.bytes(used),
    format.bytes(size)
  );
  return (
    <div className="nj-Meter">
      <div
        className="nj-Meter-track"
        role="meter"
        aria-label={trans.__('Space used')}
        aria-valuemin={0}
        aria-valuemax={100}
        aria-valuenow={Math.round(share * 100)}
        aria-valuetext={text}
      >
        <div
          className={`nj-Meter-bar ${share >= NEARLY_FULL ? 'nj-mod-full' : ''}`}
          style={{ inlineSize: `${share * 100}%` }}
        />
      </div>
      <div className="nj-hint">{text}</div>
    </div>
  );
}
