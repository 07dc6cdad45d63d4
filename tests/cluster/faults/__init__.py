"""What the tests of faults break things with: a proxy that misbehaves, and a control plane."""
