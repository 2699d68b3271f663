"""Does the ONNX graph find what LEADER's original in Keras finds? Needs keras and a backend, on a development machine.

    KERAS_BACKEND=torch python benchmarks/parity_leader.py PICTURE...

Prints, for each picture, the largest differences of the minutia score over all pixels, and of direction and type over
all minutiae of a score of 0.3 and more. Exits with 1 where one exceeds 1e-4.
"""

from __future__ import annotations

import sys

import numpy as np

from biocore.fingerprint import learned
from biocore.formats.images import read_image

TOLERANCE = 1e-4
SCORE_CUT = 0.3


def main() -> int:
    from keras import ops
    from pyfing.minutiae_end_to_end import Leader

    original = Leader().model
    detector, describer = learned._sessions(threads=1)
    worst = 0.0
    for name in sys.argv[1:]:
        padded, _, _ = learned._pad(read_image(name).pixels)
        made = original(padded[None, :, :, None].astype(np.float32), training=False)
        reference = ops.convert_to_numpy(made)[0]
        score, features = detector.run(None, {"x": padded.astype(np.float32)[None, None]})
        peak = reference[..., 3]  # the smoothed score where it is a local maximum, else 0
        rows, columns = np.nonzero(peak >= SCORE_CUT)
        directions, kinds = learned._describe(describer, features[0], np.column_stack([columns, rows]).astype(np.int32))
        differences = (
            float(np.abs(score[0, 0][peak > 0] - peak[peak > 0]).max()),
            float(np.abs(np.angle(np.exp(1j * (directions - reference[rows, columns, 1])))).max(initial=0.0)),
            float(((kinds == 1) != (reference[rows, columns, 2] >= 0.5)).mean()),
        )
        print(
            f"{name}: {len(rows)} minutiae; score {differences[0]:.1e}, direction {differences[1]:.1e} rad, "
            f"types that differ {100 * differences[2]:.1f} %"
        )
        worst = max(worst, *differences)
    return 0 if worst <= TOLERANCE else 1


if __name__ == "__main__":
    sys.exit(main())
