"""The one table of what the policy says to the clerk, in English and Indonesian; `biocore.advice` has the rest.

>>> message_text("lower_profile", finger="right index finger", score=18, threshold=20)
'A lower profile is now in force for the right index finger: quality 20. It is recorded.'
"""

from __future__ import annotations

from typing import Final

from biocore.advice import LANGUAGES, Language
from biocore.report import FixedDict
from biocore.station.entry import position_name
from biocore.types import EyePosition, FingerPosition, Position

# Key: English, Indonesian. {finger} is the finger or eye, {score} what was reached, {threshold} what is asked.
MESSAGES: Final[FixedDict[str, tuple[str, str]]] = FixedDict(
    {
        "first": ("Please show the {finger}.", "Silakan tunjukkan {finger}."),
        "recapture": (
            "Once more: {finger}. Quality {score}, needed {threshold}.",
            "Sekali lagi: {finger}. Mutu {score}, perlu {threshold}.",
        ),
        "unscored": (
            "Once more: {finger}. The picture could not be judged.",
            "Sekali lagi: {finger}. Gambar tidak dapat dinilai.",
        ),
        "timeout": ("Nothing came in time: {finger}. Once more.", "Belum terbaca: {finger}. Sekali lagi."),
        "device_lost": (
            "The device was lost. It is not the person's fault; {finger} once more.",
            "Alat terputus. Bukan kesalahan pemohon; ulangi {finger}.",
        ),
        "doubt_duplicate": (
            "This finger was recorded already under another name. Please show the {finger}.",
            "Jari ini sudah direkam sebagai jari lain. Silakan tunjukkan {finger}.",
        ),
        "doubt_wrong_hand": (
            "This seems to be the other hand. Please show the {finger}.",
            "Sepertinya ini tangan yang lain. Silakan tunjukkan {finger}.",
        ),
        "doubt_other_finger": (
            "This does not match the attempts before. Please show the {finger}.",
            "Tidak cocok dengan percobaan sebelumnya. Silakan tunjukkan {finger}.",
        ),
        "doubt_other_eye": (
            "This seems to be the other eye. Please show the {finger}.",
            "Sepertinya ini mata yang lain. Silakan tunjukkan {finger}.",
        ),
        "single": ("One finger at a time now: {finger}.", "Sekarang satu per satu: {finger}."),
        "burst": (
            "Several pictures of the {finger} now; they are united.",
            "Ambil beberapa gambar {finger}; akan digabungkan.",
        ),
        "lower_profile": (
            "A lower profile is now in force for the {finger}: quality {threshold}. It is recorded.",
            "Untuk {finger} kini berlaku profil yang lebih rendah: mutu {threshold}. Hal ini dicatat.",
        ),
        "accepted": ("Done: {finger}, quality {score}.", "Selesai: {finger}, mutu {score}."),
        "accepted_fused": (
            "Done: {finger}. The attempts match each other and are united.",
            "Selesai: {finger}. Hasil percobaan saling cocok dan digabungkan.",
        ),
        "accepted_lowered": (
            "Accepted at a LOWERED threshold: {finger}, quality {score}, asked {threshold}. It is recorded.",
            "Diterima dengan batas yang DITURUNKAN: {finger}, mutu {score}, batas {threshold}. Hal ini dicatat.",
        ),
        "accepted_proof_lowered": (
            "Accepted at a LOWERED proof: {finger}. The attempts match each other. It is recorded.",
            "Diterima dengan bukti yang DITURUNKAN: {finger}. Hasil percobaan saling cocok. Hal ini dicatat.",
        ),
        "accepted_veto": (
            "Accepted by a person's decision: {finger}. It is recorded.",
            "Diterima atas keputusan petugas: {finger}. Hal ini dicatat.",
        ),
        "alternative": (
            "Another finger takes the place of one that could not be read: {finger}.",
            "Jari lain menggantikan jari yang tidak terbaca: {finger}.",
        ),
        "iris": (
            "The fingers could not be read; the eyes take their place: {finger}.",
            "Sidik jari tidak terbaca; mata menggantikannya: {finger}.",
        ),
        "exception_amputated": ("Recorded as amputated: {finger}.", "Dicatat diamputasi: {finger}."),
        "exception_absent": ("Recorded as absent: {finger}.", "Dicatat tidak ada: {finger}."),
        "exception_bandaged": (
            "Recorded as bandaged: {finger}; to be shown again.",
            "Dicatat diperban: {finger}; perlu direkam ulang.",
        ),
        "exception_injured": (
            "Recorded as injured: {finger}; to be shown again.",
            "Dicatat terluka: {finger}; perlu direkam ulang.",
        ),
        "exception_prosthetic": ("Recorded as a prosthesis: {finger}.", "Dicatat sebagai prostesis: {finger}."),
        "exception_cloudy": (
            "Recorded as cloudy: {finger}, with its pictures.",
            "Dicatat keruh: {finger}, beserta gambarnya.",
        ),
        "exception_drooping": (
            "Recorded, the lid droops: {finger}, with its pictures.",
            "Dicatat, kelopak turun: {finger}, beserta gambarnya.",
        ),
        "exception_cannot_open": ("Recorded, it cannot be opened: {finger}.", "Dicatat, tidak dapat dibuka: {finger}."),
        "exception_unreadable": (
            "Recorded as unreadable: {finger}, with all attempts. Nobody is turned away.",
            "Dicatat tidak terbaca: {finger}, beserta semua percobaan. Pemohon tetap dilayani.",
        ),
        "exception_doubtful": (
            "Recorded as doubtful: {finger}; every picture seemed to be of another.",
            "Dicatat meragukan: {finger}; semua gambar tampak dari jari atau mata lain.",
        ),
        "exception_not_shown": (
            "Recorded as not shown: {finger}; to be shown again.",
            "Dicatat tidak ditunjukkan: {finger}; perlu direkam ulang.",
        ),
        "exception_device_failed": (
            "The device failed: {finger} could not be recorded and is to be shown again.",
            "Alat rusak: {finger} tidak dapat direkam dan perlu direkam ulang.",
        ),
        "profile_selected": (
            "Another profile is in force, by age or occupation. It is recorded.",
            "Profil lain berlaku karena usia atau pekerjaan. Hal ini dicatat.",
        ),
        "supervisor_needed": (
            "A supervisor signs this record: {finger}.",
            "Rekaman ini perlu ditandatangani atasan: {finger}.",
        ),
    }
)

_FINGERS = {
    FingerPosition.RIGHT_THUMB: ("right thumb", "ibu jari kanan"),
    FingerPosition.RIGHT_INDEX: ("right index finger", "telunjuk kanan"),
    FingerPosition.RIGHT_MIDDLE: ("right middle finger", "jari tengah kanan"),
    FingerPosition.RIGHT_RING: ("right ring finger", "jari manis kanan"),
    FingerPosition.RIGHT_LITTLE: ("right little finger", "kelingking kanan"),
    FingerPosition.LEFT_THUMB: ("left thumb", "ibu jari kiri"),
    FingerPosition.LEFT_INDEX: ("left index finger", "telunjuk kiri"),
    FingerPosition.LEFT_MIDDLE: ("left middle finger", "jari tengah kiri"),
    FingerPosition.LEFT_RING: ("left ring finger", "jari manis kiri"),
    FingerPosition.LEFT_LITTLE: ("left little finger", "kelingking kiri"),
}
_EYES = {EyePosition.RIGHT: ("right eye", "mata kanan"), EyePosition.LEFT: ("left eye", "mata kiri")}
# By name, not by position: the right thumb and the right eye are both 1, and equal as numbers.
NAMES: Final[FixedDict[str, tuple[str, str]]] = FixedDict(
    {position_name(position): words for table in (_FINGERS, _EYES) for position, words in table.items()}
)
NO_SCORE = "-"


def position_text(position: Position, language: Language = "en") -> str:
    """Return what a finger or eye is called (`telunjuk kanan`).

    Raises
    ------
    KeyError
        A position nobody said, or a language other than `en` and `id`.
    """
    return dict(zip(LANGUAGES, NAMES[position_name(position)], strict=True))[language]


def message_text(
    key: str, language: Language = "en", *, finger: str = "", score: int | None = None, threshold: int | None = None
) -> str:
    """Return the sentence for a message key of a `Step` or `Request`.

    Parameters
    ----------
    key : str
    language : "en" or "id"
    finger : str
        `position_text`, or several joined.
    score, threshold : int or None

    Raises
    ------
    KeyError
        An unknown key or language.
    """
    words = dict(zip(LANGUAGES, MESSAGES[key], strict=True))[language]
    shown = {"score": score, "threshold": threshold}
    return words.format(finger=finger, **{name: NO_SCORE if n is None else n for name, n in shown.items()})
