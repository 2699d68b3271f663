"""A real Linux below the drivers: its USB and camera stacks, in a small virtual machine, with devices made by tests.

`make test-vm` runs `__main__`; docs/testing-vm.md tells the rest.
"""
