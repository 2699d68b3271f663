"""The one table of what to say to people: every piece of advice and every cause, in English and Indonesian.

Screens, reports and the command line take their words from here and from nowhere else, so that one thing is
called by one name. The Indonesian is what an operator says to a resident: polite and short.

>>> from biocore.report import Advice, CauseName
>>> advice_text(Advice.PRESS_HARDER)
'Press a little harder.'
>>> advice_text(Advice.PRESS_HARDER, "id")
'Tekan jari sedikit lebih kuat.'
>>> cause_text(CauseName.DRY, "id")
'Jari terlalu kering.'
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Literal

from biocore.report import Advice, Cause, CauseName

Language = Literal["en", "id"]

LANGUAGES: tuple[Language, ...] = ("en", "id")

# Advice: what to do now. English, Indonesian.
ADVICE: dict[Advice, tuple[str, str]] = {
    Advice.PRESS_HARDER: ("Press a little harder.", "Tekan jari sedikit lebih kuat."),
    Advice.PRESS_LIGHTER: ("Press more lightly.", "Tekan jari lebih ringan."),
    Advice.MOISTEN: (
        "Moisten the fingertip: breathe on it or wipe it with a damp cloth.",
        "Lembapkan ujung jari: embuskan napas atau usap dengan kain lembap.",
    ),
    Advice.DRY_FINGER: ("Dry the finger with a cloth.", "Keringkan jari dengan kain."),
    Advice.CLEAN_PLATEN: ("Clean the scanner's glass.", "Bersihkan kaca alat pemindai."),
    Advice.WASH_HANDS: (
        "Wash the hands, or wipe the finger, and dry it well.",
        "Cuci tangan atau lap jari, lalu keringkan dengan baik.",
    ),
    Advice.WARM_HANDS: ("Rub the hands until they are warm.", "Gosok kedua tangan sampai terasa hangat."),
    Advice.HOLD_STILL: ("Hold the finger still until the picture is taken.", "Tahan jari, jangan bergerak dulu."),
    Advice.PLACE_FINGER: ("Place the finger on the scanner.", "Letakkan jari di atas alat pemindai."),
    Advice.PLACE_MORE: (
        "Lay the finger down flat, so that more of it touches.",
        "Letakkan jari lebih rata agar lebih banyak bagian yang menempel.",
    ),
    Advice.MOVE_LEFT: ("Move the finger a little to the left.", "Geser jari sedikit ke kiri."),
    Advice.MOVE_RIGHT: ("Move the finger a little to the right.", "Geser jari sedikit ke kanan."),
    Advice.MOVE_UP: ("Move the finger a little forward.", "Geser jari sedikit ke depan."),
    Advice.MOVE_DOWN: ("Pull the finger back a little.", "Tarik jari sedikit ke belakang."),
    Advice.ROLL_PAD: (
        "Roll the finger a little towards the side that is less worn.",
        "Miringkan jari sedikit ke sisi yang garisnya masih jelas.",
    ),
    Advice.OTHER_FINGER: ("Try another finger.", "Coba gunakan jari yang lain."),
    Advice.USE_LARGER_WINDOW: (
        "Use a scanner with a larger window.",
        "Gunakan alat pemindai dengan bidang yang lebih besar.",
    ),
    Advice.PLACE_EYE: ("Bring the eye in front of the camera.", "Posisikan mata di depan kamera."),
    Advice.OPEN_EYE: ("Open the eye wide.", "Buka mata lebar-lebar."),
    Advice.LIFT_LID: (
        "Lift the upper lid gently with a finger.",
        "Angkat kelopak mata atas dengan jari secara perlahan.",
    ),
    Advice.LOOK_AHEAD: ("Look straight into the camera.", "Lihat lurus ke kamera."),
    Advice.KEEP_STILL: ("Keep the head and the eyes still.", "Jangan gerakkan kepala dan mata."),
    Advice.COME_CLOSER: ("Come a little closer to the camera.", "Dekatkan wajah sedikit ke kamera."),
    Advice.MOVE_BACK: ("Move a little away from the camera.", "Jauhkan wajah sedikit dari kamera."),
    Advice.FOCUS_CAMERA: (
        "Wait until the camera is in focus; wipe its lens if the picture stays dull.",
        "Tunggu sampai kamera fokus; bersihkan lensanya jika gambar tetap buram.",
    ),
    Advice.TAKE_OFF_SPECTACLES: ("Take off the spectacles.", "Lepaskan kacamata."),
    Advice.TURN_FROM_LIGHT: (
        "Turn away from windows and lamps.",
        "Hindari arah jendela dan lampu.",
    ),
    Advice.BRIGHTEN_ROOM: ("Make the room brighter.", "Terangkan ruangan."),
    Advice.DIM_ROOM: ("Dim the light in the room.", "Redupkan cahaya ruangan."),
    Advice.SEVERAL_PICTURES: (
        "Take several pictures; the best is kept.",
        "Ambil beberapa gambar; yang terbaik akan disimpan.",
    ),
    Advice.OTHER_EYE: ("Rely on the other eye.", "Andalkan mata yang lain."),
}

# Causes: what is wrong with the picture. English, Indonesian.
CAUSES: dict[CauseName, tuple[str, str]] = {
    CauseName.DRY: ("The finger is too dry.", "Jari terlalu kering."),
    CauseName.WET: ("The finger is too wet.", "Jari terlalu basah."),
    CauseName.LIGHT: ("The finger presses too lightly.", "Tekanan jari terlalu ringan."),
    CauseName.HARD: ("The finger presses too hard.", "Tekanan jari terlalu kuat."),
    CauseName.WORN: ("The ridges are worn smooth in places.", "Garis sidik jari aus di beberapa bagian."),
    CauseName.PARTIAL: ("Only part of the finger is on the scanner.", "Hanya sebagian jari yang terbaca."),
    CauseName.OFF_CENTRE: ("The finger lies off the centre.", "Posisi jari tidak di tengah."),
    CauseName.SMEAR: ("The finger moved.", "Jari bergerak saat dipindai."),
    CauseName.RESIDUE: (
        "There is dirt or an old print on the scanner.",
        "Ada kotoran atau bekas sidik jari pada alat pemindai.",
    ),
    CauseName.TOO_SMALL: ("Too little of the finger touches.", "Bagian jari yang menempel terlalu sedikit."),
    CauseName.NO_FINGER: ("There is no finger on the scanner.", "Tidak ada jari di alat pemindai."),
    CauseName.CLOUDY: ("The eye looks cloudy.", "Mata tampak keruh."),
    CauseName.ARCUS: ("A pale ring covers the rim of the iris.", "Ada lingkaran pucat di tepi iris."),
    CauseName.LID: ("The lid covers part of the iris.", "Kelopak mata menutupi sebagian iris."),
    CauseName.LASHES: ("Lashes cover part of the iris.", "Bulu mata menutupi sebagian iris."),
    CauseName.SMALL_PUPIL: ("The pupil is very small.", "Pupil terlalu kecil."),
    CauseName.WIDE_PUPIL: ("The pupil is very wide.", "Pupil terlalu lebar."),
    CauseName.IRREGULAR_PUPIL: ("The pupil is not round.", "Bentuk pupil tidak bulat."),
    CauseName.REFLECTION: ("A reflection covers part of the iris.", "Pantulan cahaya menutupi sebagian iris."),
    CauseName.GAZE: ("The eye looks aside.", "Mata tidak melihat ke depan."),
    CauseName.DEFOCUS: ("The picture of the eye is out of focus.", "Gambar mata tidak fokus."),
    CauseName.MOTION: ("The eye or the camera moved.", "Mata atau kamera bergerak."),
    CauseName.NEAR: ("The eye is too close to the camera.", "Mata terlalu dekat dengan kamera."),
    CauseName.FAR: ("The eye is too far from the camera.", "Mata terlalu jauh dari kamera."),
    CauseName.CLOSED: ("The eye is closed.", "Mata tertutup."),
    CauseName.NO_EYE: ("There is no eye in the picture.", "Mata tidak terlihat pada gambar."),
    CauseName.SPECTACLES: ("Spectacles are in the way.", "Kacamata menghalangi."),
}

# What helps against a cause, the easiest first. The order is that of the enrolment desk: first what takes a
# second, then what takes a minute, at last another finger.
STEPS: dict[CauseName, tuple[Advice, ...]] = {
    CauseName.DRY: (Advice.MOISTEN, Advice.PRESS_HARDER),
    CauseName.WET: (Advice.DRY_FINGER, Advice.PRESS_LIGHTER),
    CauseName.LIGHT: (Advice.PRESS_HARDER, Advice.MOISTEN),
    CauseName.HARD: (Advice.PRESS_LIGHTER,),
    CauseName.WORN: (Advice.ROLL_PAD, Advice.OTHER_FINGER),
    CauseName.PARTIAL: (Advice.PLACE_MORE,),
    CauseName.OFF_CENTRE: (),  # which way to move is in the evidence
    CauseName.SMEAR: (Advice.HOLD_STILL,),
    CauseName.RESIDUE: (Advice.CLEAN_PLATEN,),
    CauseName.TOO_SMALL: (Advice.PLACE_MORE, Advice.USE_LARGER_WINDOW),
    CauseName.NO_FINGER: (Advice.PLACE_FINGER,),
    CauseName.CLOUDY: (Advice.SEVERAL_PICTURES, Advice.OTHER_EYE),
    CauseName.ARCUS: (Advice.SEVERAL_PICTURES,),  # nothing can be done about it, and it hides little
    CauseName.LID: (Advice.OPEN_EYE, Advice.LIFT_LID),
    CauseName.LASHES: (Advice.OPEN_EYE, Advice.LIFT_LID),
    CauseName.SMALL_PUPIL: (Advice.DIM_ROOM,),
    CauseName.WIDE_PUPIL: (Advice.BRIGHTEN_ROOM,),
    CauseName.IRREGULAR_PUPIL: (Advice.SEVERAL_PICTURES, Advice.OTHER_EYE),
    CauseName.REFLECTION: (Advice.TURN_FROM_LIGHT, Advice.TAKE_OFF_SPECTACLES),
    CauseName.GAZE: (Advice.LOOK_AHEAD,),
    CauseName.DEFOCUS: (Advice.FOCUS_CAMERA, Advice.KEEP_STILL),
    CauseName.MOTION: (Advice.KEEP_STILL,),
    CauseName.NEAR: (Advice.MOVE_BACK,),
    CauseName.FAR: (Advice.COME_CLOSER,),
    CauseName.CLOSED: (Advice.OPEN_EYE, Advice.LIFT_LID),
    CauseName.NO_EYE: (Advice.PLACE_EYE,),
    CauseName.SPECTACLES: (Advice.TAKE_OFF_SPECTACLES,),
}
OPPOSITE = {
    Advice.PRESS_HARDER: Advice.PRESS_LIGHTER,
    Advice.PRESS_LIGHTER: Advice.PRESS_HARDER,
    Advice.MOISTEN: Advice.DRY_FINGER,
    Advice.DRY_FINGER: Advice.MOISTEN,
    Advice.MOVE_LEFT: Advice.MOVE_RIGHT,
    Advice.MOVE_RIGHT: Advice.MOVE_LEFT,
    Advice.MOVE_UP: Advice.MOVE_DOWN,
    Advice.MOVE_DOWN: Advice.MOVE_UP,
    Advice.COME_CLOSER: Advice.MOVE_BACK,
    Advice.MOVE_BACK: Advice.COME_CLOSER,
    Advice.BRIGHTEN_ROOM: Advice.DIM_ROOM,
    Advice.DIM_ROOM: Advice.BRIGHTEN_ROOM,
}
WORTH_MOVING = 0.1  # of the window's side; a contact nearer to the middle than this need not move


def advice_text(advice: Advice, language: Language = "en") -> str:
    """Return the sentence for a piece of advice.

    Raises
    ------
    KeyError
        A language other than `en` and `id`.
    """
    return dict(zip(LANGUAGES, ADVICE[Advice(advice)], strict=True))[language]


def cause_text(cause: CauseName, language: Language = "en") -> str:
    """Return the sentence for a cause; errors as in `advice_text`."""
    return dict(zip(LANGUAGES, CAUSES[CauseName(cause)], strict=True))[language]


def advise(causes: Iterable[Cause]) -> tuple[Advice, ...]:
    """Return what to do, the most useful first.

    Parameters
    ----------
    causes : iterable of Cause
        Most confident first. Where a cause says which way to move, that comes before its other steps.

    Returns
    -------
    tuple of Advice
        Each once; of two that contradict each other only the one with the more confident cause.
    """
    said: list[Advice] = []
    for cause in causes:
        for step in (*way(cause), *STEPS.get(cause.name, ())):
            if step not in said and OPPOSITE.get(step) not in said:
                said.append(step)
    return tuple(said)


def way(cause: Cause) -> tuple[Advice, ...]:
    """Return which way the finger must move, from the evidence of a PARTIAL or OFF_CENTRE cause.

    The evidence holds the contact's offset from the window's middle, as a share of the window's sides. Left,
    right, forward and back are those of the picture, fingertip upwards.
    """
    right = cause.evidence.get("offset_right_share", 0.0)
    down = cause.evidence.get("offset_down_share", 0.0)
    moves = [
        (abs(right), Advice.MOVE_LEFT if right > 0 else Advice.MOVE_RIGHT),
        (abs(down), Advice.MOVE_UP if down > 0 else Advice.MOVE_DOWN),
    ]
    return tuple(advice for size, advice in sorted(moves, key=lambda move: -move[0]) if size >= WORTH_MOVING)
