"""What the sample project says of itself: the tour that a newcomer is sent on."""

from __future__ import annotations

__all__ = ["SHARED_README", "TOUR"]

TOUR = """\
# Break me, and get me back

This folder is a volume of its own, and everything in it is made up. So be rough with it.

You look at a real JupyterLab with the NetApp volumes extension, on a small cluster that runs on
this machine alone. The volumes are real directories, and so are their snapshots.

## 1. Look around

Open the **Snapshots** sidebar (the camera on the left). *This workspace* is this folder,
`claim-ada`. Its timeline goes back six days: each snapshot says who cut it, why, and from which
notebook.

Open `notebooks/1-explore-rides.ipynb` and `notebooks/2-forecast.ipynb`. They need nothing but
Python, so run them if you like.

## 2. Cut a snapshot

Press **Snapshot** in the sidebar and write a note: *before I break everything*. It is there at
once, whatever the size of the volume.

## 3. Break things

- Delete the folder `data`. All of it.
- Open the forecast, delete a few cells, save.
- Write nonsense into `results/forecast.csv`.

## 4. Get it back

Choose your snapshot in the timeline and press **Restore**. First you are told what would change,
file by file. Then only what differs is written back: the notebooks that you did not touch stay as
they are, and so does the kernel that you have running.

Was that too much? **Undo** puts back what the restore replaced: it cut a safety snapshot first.

## 5. Get back a single file

The distances of electric bikes were wrong at first: 7196 km for a ride is a lot. The snapshot
*Distances corrected* has the mended file, the one before it the old one. Right-click
`data/rides.csv` in the file browser, choose *Restore from Snapshot…*, and only that file goes back.

## 6. Clone

`shared` leads to `shared-datasets`, which several people work on. Clone that volume in the sidebar:
a copy of your own, to try things on, that takes next to no space on a NetApp system.

## From the command line

The cluster answers `kubectl` too. The demo printed the path of its kubeconfig when it started:

    kubectl --kubeconfig … get pvc,volumesnapshots

When you stop the demo, nothing of it is left running. It is kept for the next start, or deleted
with its folder.
"""

SHARED_README = """\
# Shared data sets

Counts of road sensors and an elevation grid, for everybody in the namespace. Please don't change
anything here: clone the volume instead.
"""
