import type { ISignal } from '@lumino/signaling';
import * as React from 'react';
import type { IContext } from '../context';

/** What every component of the panel can reach. */
export const PanelContext = React.createContext<IContext | null>(null);

/** The context; components of the panel are never rendered without one. */
export function usePanel(): IContext {
  const context = React.useContext(PanelContext);
  if (!context) {
    throw new Error('Rendered outside of the panel');
  }
  return context;
}

/** Render anew whenever what counts its changes has changed. */
export function useRevision(model: {
  readonly revision: number;
  readonly stateChanged: ISignal<unknown, void>;
}): number {
  const subscribe = React.useCallback(
    (onChange: () => void) => {
      const slot = () => onChange();
      model.stateChanged.connect(slot);
      return () => {
        model.stateChanged.disconnect(slot);
      };
    },
    [model]
  );
  return React.useSyncExternalStore(subscribe, () => model.revision);
}

/** The time as all ages of the panel are told by; milliseconds. */
export const NowContext = React.createContext(0);

/** Whether a request is under way, and a way to start one that can't be started twice. */
export function useBusy(): [boolean, (work: () => Promise<unknown>) => void] {
  const [isBusy, setIsBusy] = React.useState(false);
  const isMounted = React.useRef(true);
  const working = React.useRef(false);
  React.useEffect(() => {
    isMounted.current = true;
    return () => {
      isMounted.current = false;
    };
  }, []);
  const run = (work: () => Promise<unknown>) => {
    if (working.current) {
      return;
    }
    working.current = true;
    setIsBusy(true);
    void work().finally(() => {
      working.current = false;
      if (isMounted.current) {
        setIsBusy(false);
      }
    });
  };
  return [isBusy, run];
}
